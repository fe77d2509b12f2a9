import { type Admin, startAdmin } from './admin/server.ts'
import { checkParts, checkReport } from './check.ts'
import { type Config, isEventHub } from './config.ts'
import { Budget } from './core/budget.ts'
import { DriftRegister } from './core/drift.ts'
import type { Log } from './core/log.ts'
import { addProcessMetrics, createMetrics, type Metrics } from './core/metrics.ts'
import type { RewindableSource } from './core/types.ts'
import { FileDeadLetter } from './output/dead-letter.ts'
import { kinds, type OutputConfig } from './output/kinds.ts'
import { Lane, type LaneParts } from './output/lane.ts'
import { lanePolicy, type OutputKind } from './output/policy.ts'
import { ShapedOutput, shapeOf } from './output/shape.ts'
import { type PipelineParts, runPipeline } from './pipeline.ts'
import { createSources } from './sources.ts'
import { createTransform } from './transform/pool.ts'

export interface App {
  readonly metrics: Metrics
  /** The lanes' names and states, for whoever watches. */
  readonly lanes: readonly Lane[]
  /** Runs until `stop`, then drains; `abort` gives up. Throws what ended it, if it was not asked to end. */
  run(stop: AbortSignal, abort: AbortSignal): Promise<void>
}

/** Milliseconds for a test of all connections that the admin endpoint is asked for. */
const checkLimit = 12_000

/** What the process around it gives. */
export interface AppDeps {
  readonly log: Log
  readonly stdout: NodeJS.WritableStream
  /** The id of this process. */
  readonly pid: number
}

/** The architecture: sources → transform → lanes → outputs, with rejects to the dead letter and progress to the checkpoints. */
export function createApp(config: Config, deps: AppDeps, sourcesOf = createSources): App {
  const { log, pid } = deps
  const metrics = createMetrics()
  const ended = new AbortController()
  const failed = new AbortController()
  const { budget, prefetchBytes } = budgetOf(config, metrics)
  const drift = new DriftRegister(log)
  const deadLetter = new FileDeadLetter(config.deadLetter, { log, metrics })
  const transform = createTransform(config.transform)
  const shared = { deadLetter, log, metrics, signal: ended.signal }
  const lanes = config.outputs.map(output => laneTo(output, shared, budget, deps))
  const sources = sourcesOf(config, { log, metrics, pid, prefetchBytes, fatal: error => failed.abort(error) })
  metrics.watchSources(sources)
  let isReading = false
  const parts: PipelineParts = {
    ...{ sources, transform, lanes, deadLetter, budget, ended, drift, log, metrics },
    checkpointInterval: config.checkpoints.interval,
    drainLimit: config.limits.drain,
    catchUpSlice: 60_000,
    reading: yes => {
      isReading = yes
    },
  }
  return {
    metrics,
    lanes: lanes.map(({ lane }) => lane),
    async run(stop, abort) {
      const reading = () => (stop.aborted ? ['stopping'] : isReading ? [] : ['the sources do not read'])
      const obstacles = () => [...reading(), ...obstaclesOf(sources, lanes, deadLetter)]
      const admin = await adminOf(config, deps, parts, obstacles)
      try {
        await runPipeline(parts, AbortSignal.any([stop, failed.signal]), abort)
      } finally {
        await admin?.close()
      }
      failed.signal.throwIfAborted()
    },
  }
}

/** Messages that wait in the SDK are in flight as well, long before the pipeline sees them. */
function budgetOf({ limits, sources }: Config, metrics: Metrics): { budget: Budget; prefetchBytes: number } {
  const { inFlightBytes } = limits
  const hubs = sources.filter(isEventHub).length
  const reserved = hubs === 0 ? 0 : Math.floor(inFlightBytes / 4)
  metrics.budgetBytes.set(inFlightBytes)
  metrics.budgetReserve.set(reserved)
  const budget = new Budget(inFlightBytes - reserved, used => metrics.budgetUsed.set(used))
  return { budget, prefetchBytes: hubs === 0 ? 0 : reserved / hubs }
}

type Shared = Pick<LaneParts, 'deadLetter' | 'log' | 'metrics' | 'signal'>

interface AppLane {
  readonly lane: Lane
  readonly output: ReturnType<OutputKind['create']>
  readonly required: boolean
}

function laneTo(
  { name, kind: kindName, options, required, tables, format, fields, batch }: OutputConfig,
  shared: Shared,
  budget: Budget,
  { stdout }: AppDeps,
): AppLane {
  const kind: OutputKind = kinds[kindName]
  const output = kind.create(name, options as never, { stdout, watch: { metrics: shared.metrics, log: shared.log } })
  const shape = shapeOf(format, fields)
  const target = shape ? new ShapedOutput(output, shape, budget) : output
  const policy = lanePolicy(kind, batch)
  const keepsCurrent = kind.keepsCurrent === true && format === 'ecs'
  return { lane: new Lane({ ...shared, name, output: target, policy, tables, keepsCurrent }), output, required }
}

async function adminOf(
  config: Config,
  { log, stdout, pid }: AppDeps,
  { metrics, drift }: Pick<PipelineParts, 'metrics' | 'drift'>,
  obstacles: () => string[],
): Promise<Admin | undefined> {
  if (config.admin === null) return undefined
  const check = () => checkReport(checkParts(config, { stdout, pid }, AbortSignal.timeout(checkLimit)))
  addProcessMetrics(metrics)
  const admin = await startAdmin({ listen: config.admin.listen, metrics, obstacles, drift, check })
  log.info(`admin endpoint on ${admin.address}`)
  return admin
}

function obstaclesOf(
  sources: readonly RewindableSource[],
  lanes: readonly AppLane[],
  deadLetter: FileDeadLetter,
): string[] {
  const required = lanes.filter(lane => lane.required)
  return [
    ...sources.flatMap(({ name, troubles }) => troubles.map(code => `source ${name} is in trouble (${code})`)),
    ...required.flatMap(({ lane, output }) => obstacle(`output ${lane.name}`, lane, output)),
    ...obstacle('dead letter', deadLetter, deadLetter),
  ]
}

/** What a part that takes nothing is called by `/readyz`. */
function obstacle(part: string, { state }: { state: string }, { outOfSpace }: { outOfSpace?: boolean }): string[] {
  if (state !== 'down') return []
  return [`${part} is ${outOfSpace ? 'out of space' : 'down'}`]
}
