import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, Option } from 'commander'
import { parseHubConnectionString } from '../consumer/connection-string.ts'
import { XdrelayError } from '../core/errors.ts'
import { Secret } from '../core/secret.ts'
import { createGenerator, type Generator } from '../emulator/generator/generator.ts'
import { type PlannedMessage, planMessages } from '../emulator/generator/plan.ts'
import { openSender } from '../emulator/generator/send.ts'
import { isFlaw } from '../storage/connection-string.ts'
import { wholeNumber } from './arguments.ts'
import { listenForSignals } from './signals.ts'
import { cannotWrite, note, print } from './terminal.ts'

const lineFeed = Buffer.from('\n')

interface GenerateOptions {
  readonly records: number
  readonly seed: string
  readonly tables?: Readonly<Record<string, number>>
  readonly recordsPerMessage: number
  readonly rate?: number
  readonly file?: string
  readonly format: 'messages' | 'records'
  readonly to?: string
  readonly hub?: string
  readonly partitionBy: 'device' | 'round-robin'
  readonly broken?: true
  readonly json?: true
}

/** What was generated; `records` are those that have to arrive, the sound ones beside broken ones included. */
interface Summary {
  records: number
  messages: number
  bytes: number
  broken: number
  readonly tables: Record<string, number>
}

export function generateCommand(): Command {
  return new Command('generate')
    .description('Write Defender records as the Streaming API sends them, or send them to an event hub')
    .option('--records <n>', 'how many records', wholeNumber(0), 1000)
    .option('--seed <text>', 'same seed, same records', '1')
    .option('--tables <list>', 'A,B or with weights A:3,B:1 (default: all, in usual proportions)', tableList)
    .option('--records-per-message <n>', 'fewer where a message would exceed 1 MB', wholeNumber(1), 100)
    .option('--rate <n>', 'records per second (default: as fast as possible)', wholeNumber(1))
    .option('--file <path>', 'where to write; - is standard output (default)')
    .addOption(
      new Option('--format <format>', 'one message or one record a line')
        .choices(['messages', 'records'])
        .default('messages'),
    )
    .option('--to <connection string>', 'send to an event hub instead')
    .option('--hub <name>', 'the event hub, when the connection string has no EntityPath')
    .addOption(
      new Option('--partition-by <way>', 'device keeps the records of a device in order')
        .choices(['device', 'round-robin'])
        .default('round-robin'),
    )
    .option('--broken', 'mix in deliberately broken messages; their sound records count in --records')
    .option('--json', 'print the summary as one JSON object')
    .action(generate)
}

async function generate(options: GenerateOptions): Promise<void> {
  checkCombination(options)
  const { seed, tables } = options
  const generator = createGenerator({ seed, ...(tables === undefined ? {} : { tables }) })
  const summary: Summary = { records: 0, messages: 0, bytes: 0, broken: 0, tables: {} }
  const signals = listenForSignals(note)
  const run = { generator, options, summary, stop: signals.stop }
  try {
    if (options.to === undefined) await writeLines(linesOf(run), options.file)
    else await send(run, new Secret(options.to))
  } finally {
    signals.release()
  }
  report(summary, options)
}

interface Run {
  readonly generator: Generator
  readonly options: GenerateOptions
  readonly summary: Summary
  /** Ends the run early; what was made until then is written and counted. */
  readonly stop: AbortSignal
}

function checkCombination({ to, hub, file, format, broken }: GenerateOptions): void {
  if (to !== undefined && file !== undefined) throw new XdrelayError('usage', '--to and --file exclude each other')
  if (to === undefined && hub !== undefined) throw new XdrelayError('usage', '--hub goes with --to')
  if (format === 'records' && to !== undefined) throw new XdrelayError('usage', 'an event hub takes --format messages')
  if (format === 'records' && broken) throw new XdrelayError('usage', '--broken makes messages, not records')
  if (to !== undefined) checkTarget(to, hub)
}

/** Before the SDK sees it, whose own words about a connection string quote its key and name no option. */
function checkTarget(to: string, hub: string | undefined): void {
  const parsed = parseHubConnectionString(to)
  if (isFlaw(parsed)) throw new XdrelayError('usage', `--to: ${parsed.message}. ${parsed.fix}`)
  if (parsed.eventHub !== undefined || hub !== undefined) return
  throw new XdrelayError('usage', '--to: the connection string has no EntityPath; name the event hub with --hub')
}

async function send(run: Run, to: Secret): Promise<void> {
  const sender = await openSender(to, run.options.hub)
  try {
    for await (const { body, partition } of messages(run, sender.partitions)) await sender.send(body, partition)
    await sender.flush()
  } finally {
    await sender.close()
  }
}

const linesOf = (run: Run) => (run.options.format === 'messages' ? messageLines(run) : recordLines(run))

/** To standard output for `-`. Throws `cannot_write` for what the system says, and what the lines throw as it is. */
export async function writeLines(lines: AsyncIterable<string | Uint8Array>, file = '-'): Promise<void> {
  const toStdout = file === '-'
  try {
    await pipeline(lines, toStdout ? process.stdout : createWriteStream(file), { end: !toStdout })
  } catch (thrown) {
    // The reader of the pipe has seen enough.
    if ((thrown as { code?: string }).code === 'EPIPE') return
    if (!(thrown instanceof Error && 'syscall' in thrown)) throw thrown
    throw cannotWrite(toStdout ? 'standard output' : file, thrown)
  }
}

async function* messageLines(run: Run): AsyncGenerator<Uint8Array> {
  for await (const { body } of messages(run, 1)) yield Buffer.concat([body, lineFeed])
}

async function* messages(
  { generator, options, summary, stop }: Run,
  partitions: number,
): AsyncGenerator<PlannedMessage> {
  const broken = options.broken ? generator.brokenMessages().filter(message => message.broken !== 'none') : []
  const pause = pacer(options.rate, stop)
  for (const message of planMessages(generator, { ...options, partitions, broken })) {
    await pause(summary.records)
    if (stop.aborted) return
    summary.messages++
    summary.bytes += message.body.length
    if (message.broken) summary.broken++
    summary.records += message.records
    for (const table of message.tables) count(summary, table)
    yield message
  }
}

async function* recordLines({ generator, options, summary, stop }: Run): AsyncGenerator<string> {
  const pause = pacer(options.rate, stop)
  while (summary.records < options.records) {
    await pause(summary.records)
    if (stop.aborted) return
    let lines = ''
    for (let rest = Math.min(options.recordsPerMessage, options.records - summary.records); rest > 0; rest--) {
      const { text, table } = generator.next()
      lines += `${text}\n`
      summary.records++
      count(summary, table)
    }
    summary.bytes += Buffer.byteLength(lines)
    yield lines
  }
}

function count(summary: Summary, table: string): void {
  summary.tables[table] = (summary.tables[table] ?? 0) + 1
}

/** Waits until it is time for the next record, so many having been made already. */
function pacer(rate: number | undefined, stop: AbortSignal): (made: number) => Promise<void> {
  const start = performance.now()
  return async made => {
    const wait = rate === undefined ? 0 : start + (made / rate) * 1000 - performance.now()
    if (wait > 0) await sleep(wait, undefined, { signal: stop }).catch(() => {})
  }
}

/** Where the records go to standard output, the summary must not. */
function report(summary: Summary, { json, to, file = '-' }: GenerateOptions): void {
  const { records, messages, broken, bytes } = summary
  const taken = to === undefined && file === '-'
  if (json) (taken ? note : print)(JSON.stringify(summary))
  else note(`${records} records in ${messages} messages (${broken} broken), ${bytes} bytes`)
}

/** `A,B` or `A:3,B:1`. */
function tableList(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    text.split(',').map(part => {
      const [name = '', weight = '1'] = part.trim().split(':')
      return [name, Number(weight)]
    }),
  )
}
