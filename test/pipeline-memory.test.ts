import { expect, test, vi } from 'vitest'
import { Budget } from '../src/core/budget.ts'
import { DriftRegister } from '../src/core/drift.ts'
import { silent } from '../src/core/log.ts'
import { createMetrics } from '../src/core/metrics.ts'
import type { Chunk, Delivery, Output, RewindableSource, SourceBatch, Transform } from '../src/core/types.ts'
import { Lane } from '../src/output/lane.ts'
import { runPipeline } from '../src/pipeline.ts'
import { eventually } from './support/eventually.ts'

const size = 100_000
const full = { body: size, lines: size }

/** One large message, in memory of its own or not. */
function batch(isOwn: boolean): SourceBatch {
  const cursor = { sequenceNumber: 1, offset: '' }
  const origin = { source: 'mem', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }
  const memory = new ArrayBuffer(size)
  const messages = [{ ...cursor, body: new Uint8Array(memory), ...(isOwn && { memory }), enqueuedTime: 0 }]
  return { stream: 'mem', origin, messages, cursor, bytes: size }
}

function sourceOf(only: SourceBatch): RewindableSource {
  return {
    name: 'mem',
    troubles: [],
    async open() {},
    start: sink => sink.take(only),
    async stop() {},
    async close() {},
    checkpoint: async () => 'written',
    positions: async () => ({ checkpoint: undefined, lanes: new Map() }),
    saveLanePosition: async () => 'written',
    async clearLanePosition() {},
    async restart() {},
  }
}

type Write = () => Promise<Delivery>

const done = { rejected: [], retry: [], duplicates: 0 }
const takes: Write = async () => done

/** One large document of one batch, to a required output and an optional one. */
function start(only: SourceBatch, writes: { readonly required: Write; readonly optional: Write }) {
  const [stop, abort, ended] = [new AbortController(), new AbortController(), new AbortController()]
  const columns = { table: new Uint16Array(1), message: new Uint32Array(1), record: new Uint32Array(1) }
  const lines = new Uint8Array(size)
  const chunk: Chunk = { ...only, lines, ends: Uint32Array.of(size), ids: ['a'], tables: ['T'], ...columns }
  const transform: Transform = { run: async () => ({ chunk, rejects: [], drift: [] }), async close() {} }
  const metrics = createMetrics()
  const deadLetter = { async open() {}, async write() {}, async close() {} }
  const lanes = (['required', 'optional'] as const).map(name => {
    const output: Output = { async open() {}, write: () => writes[name](), async close() {} }
    const policy = { bytes: 1e6, count: 5, age: 1, concurrency: 1, minRetry: 1, maxRetry: 20 }
    const parts = { name, output, policy, tables: ['*'], deadLetter, log: silent, metrics, signal: ended.signal }
    return { lane: new Lane(parts), output, required: name === 'required' }
  })
  const times = { checkpointInterval: 20, drainLimit: 5000, catchUpSlice: 2000 }
  const budget = new Budget(1e6)
  const drift = new DriftRegister(silent)
  const common = { transform, lanes, deadLetter, budget, ended, reading: () => {}, drift, log: silent, metrics }
  const ending = runPipeline({ ...common, ...times, sources: [sourceOf(only)] }, stop.signal, abort.signal)
  const sizes = () => ({ body: only.messages[0]!.body.length, lines: lines.length })
  return { sizes, budget, stop: () => stop.abort(), abort: () => abort.abort(), ended: ending.catch(() => {}) }
}

test.each([
  ['a body in memory of its own is empty', true, { body: 0, lines: 0 }],
  ['a body in memory that others may look at is whole', false, { body: size, lines: 0 }],
] as const)('%s when the last output has taken its documents, and not before', async (_what, isOwn, after) => {
  const written = Promise.withResolvers<Delivery>()
  const run = start(batch(isOwn), { required: takes, optional: () => written.promise })
  await eventually(() => expect(run.budget.used).toBeGreaterThan(size))
  expect(run.sizes()).toEqual(full)
  written.resolve(done)
  await eventually(() => expect(run.budget.used).toBe(0))
  expect(run.sizes()).toEqual(after)
  run.stop()
  await run.ended
})

test('what a write that an abort overtook may still read is whole', async () => {
  const written = Promise.withResolvers<Delivery>()
  const isWriting = vi.fn(() => written.promise)
  const run = start(batch(true), { required: isWriting, optional: takes })
  await eventually(() => expect(isWriting).toHaveBeenCalled())
  run.abort()
  await eventually(() => expect(run.budget.used).toBe(0))
  expect(run.sizes()).toEqual(full)
  written.resolve(done)
  await run.ended
})
