import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '../config.ts'
import { makeDirectory } from '../core/durable.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { printable } from '../core/log.ts'
import type { ElasticsearchConnection } from '../output/elasticsearch-client.ts'
import { loadAssets } from '../output/setup/assets.ts'
import type { Plan } from '../output/setup/plan.ts'
import { setUpElasticsearch } from '../output/setup/setup.ts'
import { configurationAt } from './configuration.ts'
import { readSecret } from './secret-file.ts'
import { print } from './terminal.ts'

interface ElasticsearchSetup {
  readonly config?: string
  readonly output?: string
  readonly url?: readonly string[]
  readonly apiKeyFile?: string
  readonly username?: string
  readonly passwordFile?: string
  readonly ca?: string
  readonly retention?: string
  readonly enrich?: true
  readonly apply?: true
  readonly force?: true
  readonly out?: string
  readonly json?: true
}

const done = 'everything is as it should be'

export function setupCommand(): Command {
  const elasticsearch = new Command('elasticsearch')
    .description('Show what index templates a cluster needs for the documents of xdrelay; install them with --apply')
    .option('-c, --config <file>', 'configuration whose output to use (default: ./xdrelay.yaml, else the environment)')
    .option('--output <name>', 'which output, where the configuration has several of this kind')
    .option('--url <url...>', 'address of the cluster, instead of a configuration')
    .option('--api-key-file <file>', 'with --url: file with an API key as Kibana shows it; - is standard input')
    .option('--username <name>', 'with --url: user')
    .option('--password-file <file>', 'with --url: file with the password of the user; - is standard input')
    .option('--ca <file>', "with --url: PEM file with the server's certificate authority")
    .addOption(
      new Option('--retention <time>', 'delete documents after that time, such as 90d; none keeps them all').argParser(
        retention,
      ),
    )
    .option('--enrich', 'have an ingest pipeline add places, networks and the parts of user agents')
    .option('--apply', 'install; without it nothing is changed')
    .option('--force', 'replace templates of the same name that xdrelay did not make')
    .addOption(new Option('--out <folder>', 'write the files instead, connecting to nothing').conflicts('apply'))
    .option('--json', 'print one JSON object')
    .action(setUp)
  return new Command('setup').description('Prepare what xdrelay delivers to').addCommand(elasticsearch)
}

async function setUp(options: ElasticsearchSetup): Promise<void> {
  const { retention, enrich = false, apply = false, force = false, json = false } = options
  const assets = { ...(retention !== undefined && { retention }), enrich }
  if (options.out !== undefined) {
    await writeAssets(resolve(options.out), assets)
    return
  }
  const tell = (plan: Plan) => (json ? print(JSON.stringify(jsonOf(plan, apply))) : printPlan(plan, apply))
  const signal = AbortSignal.timeout(120_000)
  await setUpElasticsearch(await connectionOf(options), { ...assets, apply, force }, tell, signal)
  if (apply && !json) print(done)
}

async function connectionOf(options: ElasticsearchSetup): Promise<ElasticsearchConnection> {
  if (options.url !== undefined) return givenConnection(options.url, options)
  const alone = ['apiKeyFile', 'username', 'passwordFile', 'ca'] as const
  if (alone.some(option => options[option] !== undefined)) {
    throw new XdrelayError('usage', 'credentials and --ca go with --url; a configuration has its own')
  }
  const { config: path, output: name } = options
  const config = await loadConfig(configurationAt(path))
  const outputs = config.outputs.filter(({ kind }) => kind === 'elasticsearch')
  const chosen = name === undefined ? outputs : outputs.filter(output => output.name === name)
  const [output] = chosen
  if (output === undefined || chosen.length > 1) {
    const names = outputs.map(output => output.name).join(', ') || 'none'
    throw new XdrelayError(
      'usage',
      `give --output with one of the elasticsearch outputs of the configuration: ${names}`,
    )
  }
  return output.options as unknown as ElasticsearchConnection
}

async function givenConnection(
  urls: readonly string[],
  { apiKeyFile, username, passwordFile, ca }: ElasticsearchSetup,
): Promise<ElasticsearchConnection> {
  const bad = urls.find(url => !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
  if (bad !== undefined) throw new XdrelayError('usage', '--url takes http or https addresses')
  return {
    urls,
    timeout: 60_000,
    compression: false,
    ...(apiKeyFile !== undefined && { apiKey: await readSecret('--api-key-file', apiKeyFile) }),
    ...(username !== undefined && { username }),
    ...(passwordFile !== undefined && { password: await readSecret('--password-file', passwordFile) }),
    ...(ca !== undefined && { ca: resolve(ca) }),
  }
}

function printPlan({ steps, notes }: Plan, apply: boolean): void {
  for (const { action, asset, differences } of steps) {
    const about = action === 'foreign' ? ['was not made by xdrelay', ...differences] : differences
    const line = `${action.padEnd(7)} ${asset.kind} ${asset.name}`
    print(printable(about.length === 0 ? line : `${line}: ${about.join('; ')}`))
  }
  for (const note of notes) print(printable(`note: ${note}`))
  if (apply) return
  const open = steps.filter(({ action }) => action !== 'same').length
  print(open === 0 ? done : `${open} of ${steps.length} differ; nothing was changed, --apply installs them`)
}

function jsonOf({ steps, notes }: Plan, apply: boolean): object {
  return {
    apply,
    steps: steps.map(({ action, asset: { kind, name }, differences }) => ({ action, kind, name, differences })),
    notes,
  }
}

/** One file an asset, as they are sent. */
async function writeAssets(folder: string, options: Parameters<typeof loadAssets>[0]): Promise<void> {
  for (const { kind, name, body } of loadAssets(options)) {
    const file = join(folder, `${kind.replace(' ', '-')}s`, `${name}.json`)
    try {
      await makeDirectory(dirname(file))
      await writeFile(file, `${JSON.stringify(body, null, 2)}\n`)
    } catch (thrown) {
      throw new XdrelayError('cannot_write', `cannot write ${file}: ${messageOf(thrown)}`, { cause: thrown })
    }
    print(file)
  }
}

function retention(text: string): string {
  if (/^none$|^[1-9]\d*[dhm]$/.test(text)) return text
  throw new InvalidArgumentError('Give a number of days (d), hours (h) or minutes (m), such as 90d, or none.')
}
