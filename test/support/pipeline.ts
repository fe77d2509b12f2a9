import { Budget } from '../../src/core/budget.ts'
import { DriftRegister } from '../../src/core/drift.ts'
import { silent } from '../../src/core/log.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import type { Chunk, DeadLetter, Delivery, Output, Reject, SourceBatch, Transform } from '../../src/core/types.ts'
import { runPipeline } from '../../src/pipeline.ts'
import { lanesOf } from './lanes.ts'
import { MemoryHub, MemorySource } from './memory-source.ts'

/** One document for each letter of a message; `!` is a broken record. */
export const letters: Transform = {
  async run(batch) {
    const found = batch.messages.flatMap((message, index) =>
      [...Buffer.from(message.body).toString()].map((letter, record) => ({ letter, record, index, message })),
    )
    const good = found.filter(({ letter }) => letter !== '!')
    const rejects: Reject[] = found
      .filter(({ letter }) => letter === '!')
      .map(({ message, record }) => ({
        reason: 'bad_envelope',
        detail: 'broken',
        pointer: `/records/${record}`,
        origin: batch.origin,
        message,
        recordIndex: record,
        bytes: message.body,
      }))
    return { chunk: chunkOf(batch, good), rejects, drift: [] }
  },
  async close() {},
}

function chunkOf(
  batch: SourceBatch,
  found: readonly { letter: string; record: number; index: number; message: { sequenceNumber: number } }[],
): Chunk {
  const ids = found.map(({ message, record }) => `${batch.origin.partitionId}-${message.sequenceNumber}-${record}`)
  const lines = ids.map(() => Buffer.from('\n'))
  let end = 0
  return {
    ...batch,
    lines: Buffer.concat(lines),
    ends: Uint32Array.from(lines, line => (end += line.length)),
    ids,
    tables: ['Letters'],
    table: new Uint16Array(found.length),
    message: Uint32Array.from(found, each => each.index),
    record: Uint32Array.from(found, each => each.record),
  }
}

/** Takes everything, or nothing while `down`. */
export class Target implements Output {
  readonly ids: string[] = []
  down = false
  async open() {}
  async write(chunks: readonly Chunk[]): Promise<Delivery> {
    const ids = chunks.flatMap(chunk => [...chunk.ids])
    if (this.down) return { rejected: [], retry: ids.map((_id, index) => index), duplicates: 0, outage: 'down' }
    this.ids.push(...ids)
    return { rejected: [], retry: [], duplicates: 0 }
  }
  async close() {}
}

class Letters implements DeadLetter {
  readonly rejects: Reject[] = []
  async open() {}
  async write(rejects: readonly Reject[], _signal: AbortSignal): Promise<void> {
    this.rejects.push(...rejects)
  }
  async close() {}
}

/** Runs the pipeline from a hub in memory to these outputs. */
export function start(
  hub: MemoryHub,
  targets: Record<string, { target: Target; required: boolean }>,
  options: { budget?: number; drainLimit?: number; transform?: Transform; source?: MemorySource } = {},
) {
  const stop = new AbortController()
  const abort = new AbortController()
  const ended = new AbortController()
  const metrics = createMetrics()
  const deadLetter = new Letters()
  const budget = new Budget(options.budget ?? 100_000)
  const lanes = lanesOf(targets, 100, { deadLetter, metrics, signal: ended.signal })
  const source = options.source ?? new MemorySource(hub)
  const done = runPipeline(
    {
      sources: [source],
      transform: options.transform ?? letters,
      lanes,
      deadLetter,
      budget,
      ended,
      checkpointInterval: 20,
      drainLimit: options.drainLimit ?? 5000,
      catchUpSlice: 2000,
      reading: () => {},
      drift: new DriftRegister(silent),
      log: silent,
      metrics,
    },
    stop.signal,
    abort.signal,
  )
  done.catch(() => {})
  return { stop, abort, done, deadLetter, budget, metrics, lanes }
}

export function hubOf(messages: Record<string, string[]>): MemoryHub {
  const hub = new MemoryHub()
  for (const [partition, bodies] of Object.entries(messages)) for (const body of bodies) hub.append(partition, body)
  return hub
}

/** Every id of the hub, broken records left out. */
export function allIds(hub: MemoryHub): string[] {
  return [...hub.messages].flatMap(([partition, messages]) =>
    messages.flatMap(message =>
      [...Buffer.from(message.body).toString()].flatMap((letter, record) =>
        letter === '!' ? [] : [`${partition}-${message.sequenceNumber}-${record}`],
      ),
    ),
  )
}

export const many = (count: number, body = 'abcde') => Array.from({ length: count }, () => body)
