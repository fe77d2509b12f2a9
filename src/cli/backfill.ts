import { Command, Option } from 'commander'
import { type AppDeps, createApp } from '../app.ts'
import { backfillName, createBackfillCollector } from '../collect/backfill.ts'
import { wantsCurrent } from '../collect/kinds.ts'
import { doneUntil } from '../collect/slices.ts'
import { createCollectorSource } from '../collect/source.ts'
import { loadConfig } from '../config.ts'
import { XdrelayError } from '../core/errors.ts'
import { textLog } from '../core/log.ts'
import { createCursorStore } from '../storage/cursor-store.ts'
import type { CursorStore } from '../storage/cursors.ts'
import { type BackfillOptions, type BackfillPlan, commandOf, kindsOf, planOf, type What } from './backfill/plan.ts'
import { type Progress, startProgress } from './backfill/progress.ts'
import { configurationAt } from './configuration.ts'
import { listenForSignals, type StopSignals } from './signals.ts'
import { note } from './terminal.ts'

/** Milliseconds until the window would be read again: it is read once, and by then the command has ended. */
const noSecondPass = 24 * 3_600_000

export function backfillCommand(): Command {
  const command = new Command('backfill').description(
    'Read alerts, incidents or changes of vulnerabilities of the past, beside the running instance, and end',
  )
  for (const what of Object.keys(kindsOf) as What[]) {
    command.addCommand(
      new Command(what)
        .description(`Read ${what} of a window of the past`)
        .requiredOption('--since <time>', 'where the window begins: a time (ISO 8601), or how long ago, such as 7d')
        .option('--until <time>', 'where it ends (default: now)')
        .addOption(new Option('--slice <duration>', 'how much is read at a time (default: 6h)'))
        .option('--source <name>', 'which source of this kind, where the configuration has several')
        .option('-c, --config <file>', 'configuration file (default: ./xdrelay.yaml)')
        .action((options: BackfillOptions) => backfill(what, options)),
    )
  }
  return command
}

async function backfill(what: What, options: BackfillOptions): Promise<void> {
  const config = await loadConfig(configurationAt(options.config))
  const plan = planOf(what, options, config, Date.now())
  const { source, window } = plan
  const terminal = process.stderr.isTTY === true
  // On a terminal the bar stands where the line begins, and is drawn again below.
  const log = textLog(line => void process.stderr.write(terminal ? `\r\u001b[K${line}` : line), 'warn')
  const signals = listenForSignals(() => {})
  const deps = { log, stdout: process.stdout, pid: process.pid }
  const store = createCursorStore(config.checkpoints, backfillName(source.name, source, window), deps)
  try {
    const before = await placeIn(store, signals.stop)
    if (before !== undefined && before >= window.until)
      return note('nothing is left: an earlier run has read this window')
    const again = commandOf(plan, options)
    const beginning = before === undefined ? 'reading' : 'going on with'
    note(`${beginning} ${describe(plan)}; should it be interrupted: ${again}`)
    const progress = startProgress({ what, window, begun: before ?? window.since, terminal })
    const isDone = await readWindow(plan, store, deps, progress, signals)
    if (!isDone) throw new XdrelayError('interrupted', `stopped on the way; go on with: ${again}`)
  } finally {
    signals.release()
  }
}

/** Whether all of the window was settled before it was asked to stop. */
async function readWindow(
  { source, window, config }: BackfillPlan,
  store: CursorStore,
  deps: AppDeps,
  progress: Progress,
  { stop, abort }: StopSignals,
): Promise<boolean> {
  const done = new AbortController()
  const settled = (state: string) => {
    progress.reached(doneUntil(state))
    if (doneUntil(state) >= window.until) done.abort()
  }
  const collector = createBackfillCollector(source, window)
  const polling = { name: `${source.name}-backfill`, every: noSecondPass, current: wantsCurrent(source) }
  const app = createApp(config, deps, (_config, parts) => [
    createCollectorSource({ ...parts, ...polling, collector, store, settled }),
  ])
  progress.watch(app.metrics)
  try {
    await app.run(AbortSignal.any([stop, done.signal]), abort)
  } finally {
    await progress.end()
  }
  return done.signal.aborted
}

/** Up to where an earlier run has read the window; undefined for one that begins. */
async function placeIn(store: CursorStore, signal: AbortSignal): Promise<number | undefined> {
  await store.prove(signal)
  const hold = await store.acquire(signal)
  if (hold === undefined) throw new XdrelayError('backfill_under_way', 'another process reads the same window')
  try {
    const { checkpoint } = await hold.read()
    return checkpoint && doneUntil(checkpoint.offset)
  } finally {
    await hold.release()
  }
}

function describe({ source, window: { since, until } }: BackfillPlan): string {
  return `${source.name} from ${new Date(since).toISOString()} to ${new Date(Math.min(until, Date.now())).toISOString()}`
}
