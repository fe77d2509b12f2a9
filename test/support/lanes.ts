import { setImmediate as turn } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { silent } from '../../src/core/log.ts'
import { createMetrics, type Metrics } from '../../src/core/metrics.ts'
import type { Chunk, DeadLetter, Delivery, Output, Reject } from '../../src/core/types.ts'
import { Lane, type LaneParts, type LanePolicy } from '../../src/output/lane.ts'
import { memoryLog } from './memory-log.ts'

export const allDelivered: Delivery = { rejected: [], retry: [], duplicates: 0 }

/** Every document of the chunks is to be written again. */
export function retryAll(chunks: readonly Chunk[], more: Partial<Delivery> = {}): Delivery {
  const count = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0)
  return { rejected: [], retry: Array.from({ length: count }, (_, index) => index), duplicates: 0, ...more }
}

/** An output that answers as told, and remembers the ids of every write. */
export class ScriptedOutput implements Output {
  readonly writes: string[][] = []
  #answer: (chunks: readonly Chunk[], signal: AbortSignal) => Delivery | Promise<Delivery>

  constructor(
    answer: (chunks: readonly Chunk[], signal: AbortSignal) => Delivery | Promise<Delivery> = () => allDelivered,
  ) {
    this.#answer = answer
  }

  answer(answer: (chunks: readonly Chunk[], signal: AbortSignal) => Delivery | Promise<Delivery>): void {
    this.#answer = answer
  }

  async open(): Promise<void> {}

  async write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
    this.writes.push(chunks.flatMap(chunk => chunk.ids))
    return this.#answer(chunks, signal)
  }

  async close(): Promise<void> {}
}

/** A dead letter in memory. */
export class MemoryDeadLetter implements DeadLetter {
  readonly rejects: Reject[] = []

  async open(): Promise<void> {}

  async write(rejects: readonly Reject[], _signal: AbortSignal): Promise<void> {
    this.rejects.push(...rejects)
  }

  async close(): Promise<void> {}
}

/** How many documents an output settled, by result. */
export async function settledBy(metrics: Metrics, output: string): Promise<Record<string, number>> {
  const { values } = await metrics.recordsSettled.get()
  const mine = values.filter(({ labels, value }) => labels.output === output && value > 0)
  return Object.fromEntries(mine.map(({ labels, value }) => [labels.result, value]))
}

/** Bytes of the chunks that an output has not settled yet. */
export async function inFlight(metrics: Metrics, output = 'siem'): Promise<number | undefined> {
  const { values } = await metrics.outputInFlight.get()
  return values.find(({ labels }) => labels.output === output)?.value
}

const quick: LanePolicy = { bytes: 1e6, count: 1000, age: 0, concurrency: 2, minRetry: 1, maxRetry: 4 }

export interface LaneSetup {
  readonly policy?: Partial<LanePolicy>
  readonly tables?: readonly string[]
  readonly deadLetter?: DeadLetter
}

/** A lane that ends with the test. */
export function laneOf(
  output: Output,
  { policy, tables = ['*'], deadLetter = new MemoryDeadLetter() }: LaneSetup = {},
) {
  const abort = new AbortController()
  const metrics = createMetrics()
  const { log, lines } = memoryLog()
  const parts = { name: 'siem', output, tables, deadLetter, log, metrics, signal: abort.signal }
  const lane = new Lane({ ...parts, policy: { ...quick, ...policy } })
  onTestFinished(async () => {
    abort.abort()
    await lane.idle()
  })
  return { lane, abort, metrics, lines }
}

export function docs(count: number): object[] {
  return Array.from({ length: count }, (_, number) => ({ number }))
}

/** What became of a promise after all that could happen now has happened. */
export async function stateOf(promise: Promise<unknown>): Promise<'settled' | 'rejected' | 'open'> {
  let state: 'settled' | 'rejected' | 'open' = 'open'
  promise.then(
    () => {
      state = 'settled'
    },
    () => {
      state = 'rejected'
    },
  )
  for (let round = 0; round < 5; round++) await turn()
  return state
}

export { createMetrics }

/** What a pipeline gets of some outputs by their names: each with a lane in front that is quick to write and to retry. */
export function lanesOf<Target extends Output>(
  targets: Readonly<Record<string, { readonly target: Target; readonly required: boolean }>>,
  count: number,
  parts: Pick<LaneParts, 'deadLetter' | 'metrics' | 'signal'>,
) {
  const policy = { bytes: 1000, count, age: 1, concurrency: 1, minRetry: 1, maxRetry: 20 }
  return Object.entries(targets).map(([name, { target, required }]) => ({
    lane: new Lane({ name, output: target, policy, tables: ['*'], log: silent, ...parts }),
    output: target,
    required,
  }))
}
