import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { type App, createApp } from '../app.ts'
import { isEventHub } from '../config.ts'
import { readWindow } from '../consumer/window.ts'
import { XdrelayError } from '../core/errors.ts'
import { textLog } from '../core/log.ts'
import { startStorage } from '../emulator/storage.ts'
import { type Child, startChild } from './demo/child.ts'
import { auditGroup, deadLetterFolder, demoConfig, hubName, outputFolder } from './demo/parts.ts'
import { placesInHub, type Reconciliation, reconcile } from './demo/reconcile.ts'
import { receivedBy, startView } from './demo/view.ts'
import { aborted, listenForSignals } from './signals.ts'
import { print } from './terminal.ts'

interface DemoOptions {
  readonly records?: number
  readonly rate?: number
  readonly seed: string
  readonly json?: true
}

/** Milliseconds without a single record after which the demo stops waiting for the rest. */
const patience = 30_000

export function demoCommand(): Command {
  return new Command('demo')
    .description('Run the main job on embedded parts: event hub, storage and a generator of Defender records')
    .option('--records <n>', 'end after so many valid records (default: 20000, on a terminal without end)', count)
    .option('--rate <n>', 'records a second (default: 2000 where it has no end, else no limit)', count)
    .option('--seed <text>', 'another seed gives other records', 'demo')
    .option('--json', 'print the reconciliation as JSON')
    .action(demo)
}

async function demo(options: DemoOptions): Promise<void> {
  const terminal = process.stdout.isTTY === true && options.json !== true
  const say = options.json ? () => {} : print
  await rm(outputFolder, { recursive: true, force: true })
  await mkdir(outputFolder, { recursive: true })
  const signals = listenForSignals(() => {})
  await using parts = new AsyncDisposableStack()
  parts.defer(signals.release)

  say('Starting an event hub, a storage account and a generator of records on this machine …')
  const hub = startChild(['emulator', '--port', '0', '--hub', `${hubName}:4`, '--consumer-group', auditGroup, '--json'])
  parts.defer(() => hub.end())
  const storage = await startStorage()
  parts.defer(() => storage.stop())
  const { connectionString } = (await hub.firstLine()) as { connectionString: string }
  const generator = startChild(generatorArguments(options, connectionString, terminal))
  parts.defer(() => generator.end())

  const config = demoConfig(connectionString, storage, process.env)
  const log = textLog(line => void process.stderr.write(line), 'warn')
  const app = createApp(config, { log, stdout: process.stdout, pid: process.pid })
  const stop = new AbortController()
  const run = app.run(stop.signal, signals.abort)
  const view = startView(app, terminal, say)
  await Promise.race([run, sent(generator), aborted(signals.stop)])
  await generator.end()

  const audit = { ...config.sources.find(isEventHub)!.options, consumerGroup: auditGroup }
  const produced = await placesInHub(visit => readWindow(audit, visit))
  await Promise.race([run, received(app, produced.size, signals.abort)])
  stop.abort()
  await run
  await view.end()
  report(await reconcile(produced, outputFolder, deadLetterFolder), options)
}

function generatorArguments(options: DemoOptions, connectionString: string, terminal: boolean): string[] {
  const records = options.records ?? (terminal ? undefined : 20_000)
  const rate = options.rate ?? (records === undefined ? 2000 : undefined)
  return [
    ...['generate', '--to', connectionString, '--hub', hubName, '--seed', options.seed, '--broken'],
    ...['--records', String(records ?? Number.MAX_SAFE_INTEGER)],
    ...(rate === undefined ? [] : ['--rate', String(rate)]),
  ]
}

async function sent(generator: Child): Promise<void> {
  const code = await generator.ended
  if (code !== 0) throw new XdrelayError('internal', `the generator ended with ${code}: ${generator.lastWords()}`)
}

/** Waits until so many records were received; gives up when nothing comes any more. */
async function received(app: App, wanted: number, abort: AbortSignal): Promise<void> {
  let last = -1
  let since = Date.now()
  while (!abort.aborted && Date.now() - since < patience) {
    const now = await receivedBy(app)
    if (now >= wanted) return
    if (now > last) since = Date.now()
    last = now
    await sleep(100)
  }
}

function report(found: Reconciliation, { json }: DemoOptions): void {
  const { produced, delivered, deadLettered, missing, doubled, unknown, reasons } = found
  const holds = missing.length + doubled.length + unknown.length === 0
  if (json) {
    print(JSON.stringify({ holds, ...found, reasons: Object.fromEntries(reasons) }))
  } else {
    const causes = [...reasons].map(([reason, times]) => `${reason} ${times}`).join(', ')
    print('')
    print(`produced       ${produced}`)
    print(`delivered      ${delivered} distinct ids in ./${outputFolder}/*.ndjson`)
    print(`dead-lettered  ${deadLettered} in ./${deadLetterFolder}/ (${causes})`)
    print(`missing        ${missing.length}${examples(missing)}`)
    print(`doubled        ${doubled.length}${examples(doubled)}`)
    if (unknown.length > 0) print(`not produced   ${unknown.length}${examples(unknown)}`)
    print(holds ? 'reconciliation holds: produced = delivered + dead-lettered' : 'reconciliation FAILS')
  }
  if (!holds) throw new XdrelayError('check_failed', 'the demo lost or doubled records')
}

function examples(places: readonly string[]): string {
  return places.length === 0 ? '' : `, for example ${places.slice(0, 3).join(' ')} (partition/sequence/record)`
}

function count(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('it must be a whole number from 1')
  return value
}
