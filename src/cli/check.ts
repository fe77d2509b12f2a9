import { Command, Option } from 'commander'
import { type CheckedPart, checkApp, checkParts, checkReport } from '../check.ts'
import { loadConfig } from '../config.ts'
import { XdrelayError } from '../core/errors.ts'
import { printable } from '../core/log.ts'
import { measured } from './arguments.ts'
import { type AppOptions, isAppCheck, readAppOptions } from './check/app-options.ts'
import { configurationAt } from './configuration.ts'
import { print } from './terminal.ts'

interface CheckOptions extends AppOptions {
  readonly config?: string
  /** Milliseconds. */
  readonly timeout: number
  readonly json?: boolean
}

/** Milliseconds of the time given that are kept for saying what was found. */
const rest = 500

export function checkCommand(): Command {
  return new Command('check')
    .description('Test the connection to every source, the checkpoint store, every output and the dead letter')
    .option('-c, --config <file>', 'configuration file (default: ./xdrelay.yaml, else environment variables)')
    .addOption(
      new Option('--timeout <duration>', 'how long it may take altogether')
        .argParser(measured('duration', 1000, 24 * 3_600_000))
        .default(12_000, '12s'),
    )
    .option('--json', 'print one JSON object')
    .option('--tenant-id <id>', 'test an app registration instead, without a configuration: its tenant')
    .option('--client-id <id>', 'its application (client) id')
    .option('--client-secret-file <file>', 'file with its secret; - is standard input (default: asked for)')
    .option('--cloud <name>', 'global (default), gcc_high or dod')
    .option('--source <kinds>', 'what it is for: graph_alerts,graph_incidents,vulnerabilities (default: all)')
    .option('--endpoint <url>', 'address of the API, if it is not the one of the cloud')
    .option('--token-url <url>', 'address of the token endpoint, if it is not the one of the cloud')
    .action(check)
}

async function check(options: CheckOptions): Promise<void> {
  const { json = false } = options
  const parts = isAppCheck(options) ? await appParts(options) : await configParts(options)
  if (!json) await printEach(parts)
  const report = await checkReport(parts)
  const bad = report.parts.filter(({ ok }) => !ok)
  if (json) print(JSON.stringify(report))
  if (bad.length > 0) throw new XdrelayError('check_failed', `not usable: ${bad.map(({ name }) => name).join(', ')}`)
}

async function configParts({ config: path, timeout }: CheckOptions): Promise<Promise<CheckedPart>[]> {
  const config = await loadConfig(configurationAt(path))
  // This clock began with the process, so that the time for loading counts too.
  const limit = AbortSignal.timeout(Math.max(rest, timeout - rest - Math.ceil(performance.now())))
  return checkParts(config, { stdout: process.stdout, pid: process.pid }, limit)
}

async function appParts({ timeout, ...options }: CheckOptions): Promise<Promise<CheckedPart>[]> {
  if (options.config !== undefined) throw new XdrelayError('usage', 'give either --config or an app registration')
  const { access, kinds } = await readAppOptions(options)
  return checkApp(access, kinds, AbortSignal.timeout(timeout - rest))
}

/** A line as soon as it and those before it are known. */
async function printEach(parts: readonly Promise<CheckedPart>[]): Promise<void> {
  for (const part of parts) print(printable(lineOf(await part)))
}

function lineOf({ name, ok, detail, code, next }: CheckedPart): string {
  return ok ? `${name}: ok, ${detail}` : `${name}: ${code} ${detail}; fix: ${next}`
}
