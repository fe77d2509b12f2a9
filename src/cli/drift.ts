import { Command } from 'commander'
import { DriftRegister, type DriftReport } from '../core/drift.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { printable, silent } from '../core/log.ts'
import { createBatchTransform } from '../transform/batch.ts'
import { propose } from '../transform/mapping/proposal/propose.ts'
import { type Found, overview } from './drift/overview.ts'
import { snippets } from './drift/snippets.ts'
import { batches, mapOptions } from './map/batches.ts'
import { note, print } from './terminal.ts'

interface DriftOptions {
  readonly url: string
  readonly table?: string
  readonly json?: true
  readonly fail?: true
}

const timeout = 10_000

export function driftCommand(): Command {
  return new Command('drift')
    .description('Show tables, columns and types that the schemas do not know, and propose what to add')
    .argument('[file]', 'records as for `map`, - is standard input; without it a running instance is asked')
    .option('--url <url>', 'admin endpoint of the instance', 'http://127.0.0.1:9464')
    .option(
      '--table <name>',
      'of a file: take objects without category and properties for the properties of this table',
    )
    .option('--json', 'one JSON object')
    .option('--fail', 'exit 1 when there is any drift, 65 when a file has no record or one that is rejected')
    .action(showDrift)
}

async function showDrift(file: string | undefined, options: DriftOptions, command: Command): Promise<void> {
  if (file !== undefined && command.getOptionValueSource('url') === 'cli') {
    throw new XdrelayError('usage', 'drift takes a file or --url, not both')
  }
  if (file === undefined && options.table !== undefined) throw new XdrelayError('usage', '--table goes with a file')
  const { counts, ...found }: Found & { counts?: Counts } =
    file === undefined ? await ofInstance(options.url) : await ofFile(file, options.table)
  const proposal = propose(found.drift)
  if (options.json) print(JSON.stringify({ ...found, proposal }, null, 2))
  else for (const line of [...overview(found), ...snippets(proposal)]) print(printable(line))
  if (!options.fail) return
  // Where records cannot be read, that no drift was seen says nothing.
  if (counts) requireUsable(file!, counts)
  if (found.drift.length > 0) process.exitCode = 1
}

interface Counts {
  readonly records: number
  readonly rejected: number
}

function requireUsable(file: string, { records, rejected }: Counts): void {
  if (rejected > 0) throw new XdrelayError('input_unreadable', `${file}: ${rejected} rejected`, { facts: { file } })
  if (records === 0) throw new XdrelayError('input_unreadable', `${file} has no record`, { facts: { file } })
}

async function ofFile(file: string, table: string | undefined): Promise<Found & { counts: Counts }> {
  const transform = createBatchTransform(mapOptions)
  const register = new DriftRegister(silent)
  let [records, rejected] = [0, 0]
  for await (const batch of batches(file, table === undefined ? {} : { table })) {
    const { chunk, rejects, drift } = transform(batch)
    records += chunk.ids.length
    rejected += rejects.length
    register.add(drift)
  }
  if (rejected > 0) note(`${rejected} rejected: \`xdrelay map\` says why`)
  const drift = register.report().drift.map(({ first_seen: _first, last_seen: _last, ...each }) => each)
  return { drift, counts: { records, rejected } }
}

async function ofInstance(url: string): Promise<DriftReport> {
  const page = URL.parse('/api/v1/drift', url)
  if (page === null || !/^https?:$/.test(page.protocol))
    throw new XdrelayError('usage', `--url ${url} is no http address`)
  const answer = await ask(page)
  if (!answer.ok) throw unreachable(page, `status ${answer.status}`)
  const report = (await answer.json().catch(() => undefined)) as Partial<DriftReport> | undefined
  if (!Array.isArray(report?.drift)) throw unreachable(page, 'not the answer of xdrelay')
  return report as DriftReport
}

async function ask(page: URL): Promise<Response> {
  try {
    return await fetch(page, { signal: AbortSignal.timeout(timeout), redirect: 'error' })
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
    throw unreachable(page, messageOf(cause), error)
  }
}

function unreachable(page: URL, text: string, cause?: unknown): XdrelayError {
  return new XdrelayError('instance_unreachable', `${page.origin}: ${text}`, { cause, facts: { url: page.origin } })
}
