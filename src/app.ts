import { startAdmin } from './admin/server.ts'
import { checkParts, checkReport } from './check.ts'
import { type Config, isEventHub } from './config.ts'
import { Budget } from './core/budget.ts'
import { DriftRegister } from './core/drift.ts'
import type { Log } from './core/log.ts'
import { addProcessMetrics, createMetrics, type Metrics } from './core/metrics.ts'
import { FileDeadLetter } from './output/dead-letter.ts'
import { kinds } from './output/kinds.ts'
import { Lane } from './output/lane.ts'
import { lanePolicy, type OutputKind } from './output/policy.ts'
import { ShapedOutput, shapeOf } from './output/shape.ts'
import { runPipeline } from './pipeline.ts'
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
export function createApp(config: Config, { log, stdout, pid }: AppDeps, sourcesOf = createSources): App {
  const metrics = createMetrics()
  const ended = new AbortController()
  const failed = new AbortController()
  const { inFlightBytes } = config.limits
  const hubs = config.sources.filter(isEventHub)
  // Messages that wait in the SDK are in flight as well, long before the pipeline sees them.
  const reserved = hubs.length === 0 ? 0 : Math.floor(inFlightBytes / 4)
  const budget = new Budget(inFlightBytes - reserved, used => metrics.budgetUsed.set(used))
  metrics.budgetBytes.set(inFlightBytes)
  metrics.budgetReserve.set(reserved)

  const drift = new DriftRegister(log)
  const deadLetter = new FileDeadLetter(config.deadLetter, { log, metrics })
  const transform = createTransform(config.transform)
  const lanes = config.outputs.map(({ name, kind: kindName, options, required, tables, format, fields, batch }) => {
    const kind: OutputKind = kinds[kindName]
    const output = kind.create(name, options as never, { stdout, watch: { metrics, log } })
    const policy = lanePolicy(kind, batch)
    const shape = shapeOf(format, fields)
    const target = shape ? new ShapedOutput(output, shape, budget) : output
    const keepsCurrent = kind.keepsCurrent === true && format === 'ecs'
    const lane = new Lane({
      name,
      output: target,
      policy,
      tables,
      keepsCurrent,
      deadLetter,
      log,
      metrics,
      signal: ended.signal,
    })
    return { lane, output, required }
  })
  const prefetchBytes = hubs.length === 0 ? 0 : reserved / hubs.length
  const sources = sourcesOf(config, { log, metrics, pid, prefetchBytes, fatal: error => failed.abort(error) })
  metrics.watchSources(sources)

  return {
    metrics,
    lanes: lanes.map(({ lane }) => lane),
    async run(stop, abort) {
      let isReading = false
      const obstacles = () => [
        ...(stop.aborted ? ['stopping'] : isReading ? [] : ['the sources do not read']),
        ...sources.flatMap(({ name, troubles }) => troubles.map(code => `source ${name} is in trouble (${code})`)),
        ...lanes
          .filter(({ required }) => required)
          .flatMap(({ lane, output }) => obstacle(`output ${lane.name}`, lane, output)),
        ...obstacle('dead letter', deadLetter, deadLetter),
      ]
      const check = () => checkReport(checkParts(config, { stdout, pid }, AbortSignal.timeout(checkLimit)))
      if (config.admin) addProcessMetrics(metrics)
      const admin =
        config.admin && (await startAdmin({ listen: config.admin.listen, metrics, obstacles, drift, check }))
      if (admin) log.info(`admin endpoint on ${admin.address}`)
      try {
        await runPipeline(
          {
            sources,
            transform,
            lanes,
            deadLetter,
            budget,
            ended,
            checkpointInterval: config.checkpoints.interval,
            drainLimit: config.limits.drain,
            catchUpSlice: 60_000,
            reading: yes => {
              isReading = yes
            },
            drift,
            log,
            metrics,
          },
          AbortSignal.any([stop, failed.signal]),
          abort,
        )
      } finally {
        await admin?.close()
      }
      failed.signal.throwIfAborted()
    },
  }
}

/** What a part that takes nothing is called by `/readyz`. */
function obstacle(part: string, { state }: { state: string }, { outOfSpace }: { outOfSpace?: boolean }): string[] {
  if (state !== 'down') return []
  return [`${part} is ${outOfSpace ? 'out of space' : 'down'}`]
}
