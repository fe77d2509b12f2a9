import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { type App, createApp } from '../app.ts'
import { type Config, isEventHub } from '../config.ts'
import { readWindow } from '../consumer/window.ts'
import { aborted } from '../core/bound.ts'
import { makeDirectory } from '../core/durable.ts'
import { XdrelayError } from '../core/errors.ts'
import { type Log, textLog } from '../core/log.ts'
import { startStorage } from '../emulator/storage.ts'
import { wholeNumber } from './arguments.ts'
import { type Child, startChild } from './demo/child.ts'
import { type HeldItems, reconcileCollections } from './demo/collections.ts'
import { heldBy } from './demo/held.ts'
import { auditGroup, deadLetterFolder, demoConfig, hubName, outputFolder } from './demo/parts.ts'
import { placesInHub, reconcile } from './demo/reconcile.ts'
import { report } from './demo/report.ts'
import { receivedBy, startView } from './demo/view.ts'
import type { MicrosoftApp } from './emulator/microsoft.ts'
import { listenForSignals } from './signals.ts'
import { print } from './terminal.ts'

interface DemoOptions {
  readonly records?: number
  readonly rate?: number
  readonly seed: string
  readonly json?: true
}

/** Milliseconds without a single record after which the demo stops waiting for the rest. */
const patience = 30_000

/** Alerts and incidents come and change all the time. */
const apiArguments = ['emulator', 'microsoft', '--port', '0', '--change-every', '500ms', '--json']

export function demoCommand(): Command {
  return new Command('demo')
    .description('Run the main job on embedded parts: event hub, APIs, storage and a generator of Defender records')
    .option(
      '--records <n>',
      'end after so many valid records (default: 20000, on a terminal without end)',
      wholeNumber(1),
    )
    .option('--rate <n>', 'records a second (default: 2000 where it has no end, else no limit)', wholeNumber(1))
    .option('--seed <text>', 'another seed gives other records', 'demo')
    .option('--json', 'print the reconciliation as JSON')
    .action(demo)
}

async function demo(options: DemoOptions): Promise<void> {
  const terminal = process.stdout.isTTY === true && options.json !== true
  const say = options.json ? () => {} : print
  await rm(outputFolder, { recursive: true, force: true })
  await makeDirectory(outputFolder)
  const signals = listenForSignals(() => {})
  await using stack = new AsyncDisposableStack()
  stack.defer(signals.release)

  say("Starting an event hub, a stand-in of Microsoft's APIs, a storage account and a generator on this machine …")
  const { config, service, generator, microsoft } = await startParts(options, terminal, stack)
  const log = withoutExpected(textLog(line => void process.stderr.write(line), 'warn'))
  const app = createApp(config, { log, stdout: process.stdout, pid: process.pid })
  const stop = new AbortController()
  const run = app.run(stop.signal, signals.abort)
  const view = startView(app, terminal, say)
  await Promise.race([run, sent(generator), aborted(signals.stop)])
  await generator.end()
  microsoft.signal('SIGUSR2')
  await microsoft.nextLine()

  const held = await heldBy(service)
  const produced = await producedIn(config)
  const all = [received(app, produced.size, signals.abort), arrived(held, signals.abort)]
  await Promise.race([run, Promise.all(all)])
  stop.abort()
  await run
  await view.end()
  const found = await reconcile(produced, outputFolder, deadLetterFolder)
  report(found, await reconcileCollections(held, outputFolder), options.json === true)
}

interface Parts {
  readonly config: Config
  readonly service: MicrosoftApp
  readonly generator: Child
  readonly microsoft: Child
}

/** What there is besides xdrelay itself; ends with `stack`. */
async function startParts(options: DemoOptions, terminal: boolean, stack: AsyncDisposableStack): Promise<Parts> {
  const start = (args: readonly string[]) => {
    const child = startChild(args)
    stack.defer(() => child.end())
    return child
  }
  const hub = start(['emulator', '--port', '0', '--hub', `${hubName}:4`, '--consumer-group', auditGroup, '--json'])
  const microsoft = start([...apiArguments, '--seed', options.seed])
  const storage = await startStorage()
  stack.defer(() => storage.stop())
  const { connectionString } = (await hub.nextLine()) as { connectionString: string }
  const service = (await microsoft.nextLine()) as MicrosoftApp
  const generator = start(generatorArguments(options, connectionString, terminal))
  const config = demoConfig(connectionString, service, storage, process.env)
  return { config, service, generator, microsoft }
}

function producedIn({ sources }: Config): Promise<Set<string>> {
  const audit = { ...sources.find(isEventHub)!.options, consumerGroup: auditGroup }
  return placesInHub(visit => readWindow(audit, visit))
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

function received(app: App, wanted: number, abort: AbortSignal): Promise<void> {
  return untilDone(async () => wanted - (await receivedBy(app)), 100, abort)
}

/** Until everything that the APIs hold is in the files. */
function arrived(held: HeldItems, abort: AbortSignal): Promise<void> {
  const lacking = async () =>
    (await reconcileCollections(held, outputFolder)).reduce((sum, { missing }) => sum + missing.length, 0)
  return untilDone(lacking, 500, abort)
}

/** Waits until nothing is left; gives up when it becomes no less any more. */
async function untilDone(left: () => Promise<number>, every: number, abort: AbortSignal): Promise<void> {
  let least = Number.POSITIVE_INFINITY
  let since = Date.now()
  while (!abort.aborted && Date.now() - since < patience) {
    const now = await left()
    if (now <= 0) return
    if (now < least) since = Date.now()
    least = Math.min(least, now)
    await sleep(every)
  }
}

/** The generator breaks records on purpose: the drift and the dead letters that come of it stand in the report. */
function withoutExpected(log: Log): Log {
  return {
    ...log,
    warn(text, fields) {
      const action = String(fields?.['event.action'])
      if (!['schema_drift', 'dead_letter'].includes(action)) log.warn(text, fields)
    },
  }
}
