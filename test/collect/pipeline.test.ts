import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createCollectorSource } from '../../src/collect/source.ts'
import { Budget } from '../../src/core/budget.ts'
import { DriftRegister } from '../../src/core/drift.ts'
import { silent } from '../../src/core/log.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import type { Chunk, Delivery, Output, SourceBatch, Transform } from '../../src/core/types.ts'
import { runPipeline } from '../../src/pipeline.ts'
import type { CursorHold, CursorStore } from '../../src/storage/cursors.ts'
import { directoryStore } from '../support/collector-source.ts'
import { eventually } from '../support/eventually.ts'
import { lanesOf } from '../support/lanes.ts'
import { collectionOf, itemsOf, type MemoryCollection, MemoryCollector } from '../support/memory-collector.ts'

/** On a busy machine everything takes longer. */

/** A document for each item, with the item as its id. */
const items: Transform = {
  async run(batch) {
    return { chunk: chunkOf(batch), rejects: [], drift: [] }
  },
  async close() {},
}

function chunkOf(batch: SourceBatch): Chunk {
  const found = batch.messages.flatMap((message, index) =>
    itemsOf({ messages: [message] }).map((id, record) => ({ id, record, index })),
  )
  return {
    ...batch,
    lines: Buffer.from('\n'.repeat(found.length)),
    ends: Uint32Array.from(found, (_item, index) => index + 1),
    ids: found.map(({ id }) => id),
    tables: ['alert'],
    table: new Uint16Array(found.length),
    message: Uint32Array.from(found, ({ index }) => index),
    record: Uint32Array.from(found, ({ record }) => record),
  }
}

/** Takes everything, nothing while `down`, or only as much as `room` says. */
class Target implements Output {
  readonly ids: string[] = []
  down = false
  room = Number.POSITIVE_INFINITY
  async open() {}
  async write(chunks: readonly Chunk[]): Promise<Delivery> {
    const ids = chunks.flatMap(chunk => [...chunk.ids])
    if (this.down || this.ids.length + ids.length > this.room)
      return { rejected: [], retry: ids.map((_id, index) => index), duplicates: 0, outage: 'down' }
    this.ids.push(...ids)
    return { rejected: [], retry: [], duplicates: 0 }
  }
  async close() {}
}

function start(
  collection: MemoryCollection,
  store: CursorStore,
  targets: Record<string, { target: Target; required: boolean }>,
  { budget = 100_000, perPage = 5 } = {},
) {
  const [stop, abort, ended] = [new AbortController(), new AbortController(), new AbortController()]
  const metrics = createMetrics()
  const deadLetter = { async open() {}, async write() {}, async close() {} }
  const lanes = lanesOf(targets, 5, { deadLetter, metrics, signal: ended.signal })
  const fatal: unknown[] = []
  const source = createCollectorSource({
    name: 'alerts',
    collector: new MemoryCollector(collection, perPage),
    every: 20,
    store,
    log: silent,
    metrics,
    fatal: error => fatal.push(error),
    look: 20,
  })
  const done = runPipeline(
    {
      sources: [source],
      transform: items,
      lanes,
      deadLetter,
      budget: new Budget(budget),
      ended,
      checkpointInterval: 20,
      drainLimit: 5000,
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
  onTestFinished(() => abort.abort())
  return { source, stop, abort, done, lanes, metrics, fatal }
}

async function stored(store: CursorStore) {
  const hold = (await store.acquire(new AbortController().signal)) as CursorHold
  const positions = await hold.read()
  await hold.release()
  return positions
}

test('every item reaches every output once, and the checkpoint says so in the end', async () => {
  const collection = collectionOf(57)
  const store = await directoryStore()
  const [first, second] = [new Target(), new Target()]
  const run = start(collection, store(), {
    first: { target: first, required: true },
    second: { target: second, required: false },
  })
  await eventually(() => expect([first.ids.length, second.ids.length]).toEqual([57, 57]))
  collection.add(8)
  await eventually(() => expect(second.ids).toHaveLength(65))
  run.stop.abort()
  await run.done
  expect([first.ids, second.ids, run.fatal]).toEqual([collection.items, collection.items, []])
  const { checkpoint, lanes } = await stored(store())
  expect([checkpoint?.offset, lanes.size]).toEqual(['65', 0])
})

test('pages without items move the checkpoint, also as the first ones', async () => {
  const collection = collectionOf(0)
  const store = await directoryStore()
  const target = new Target()
  const run = start(collection, store(), { only: { target, required: true } })
  await eventually(() => expect(collection.passes.length).toBeGreaterThan(2))
  // Ten items that the service gives in two pages, and one empty page at the end of the pass.
  collection.add(10)
  await eventually(() => expect(target.ids).toHaveLength(10))
  run.stop.abort()
  await run.done
  expect((await stored(store())).checkpoint).toEqual({ sequenceNumber: 3_000_000, offset: '10' })
})

test('an optional output that falls behind gets exactly what it missed, and the required one nothing twice', async () => {
  const collection = collectionOf(300)
  const store = await directoryStore()
  const [required, optional] = [new Target(), new Target()]
  optional.room = 40
  const run = start(
    collection,
    store(),
    { required: { target: required, required: true }, optional: { target: optional, required: false } },
    { budget: 20_000 },
  )
  await eventually(() => expect(required.ids).toHaveLength(300))
  expect(optional.ids.length).toBeLessThanOrEqual(40)
  // Without its position in the store, a crash now would lose what it lacks.
  await eventually(async () => {
    const { checkpoint, lanes } = await run.source.positions('alerts')
    expect([checkpoint?.offset, Number(lanes.get('optional')?.offset)]).toEqual(['300', optional.ids.length])
  })
  optional.room = Number.POSITIVE_INFINITY
  await eventually(() => expect(optional.ids).toHaveLength(300))
  collection.add(20)
  await eventually(() => expect(optional.ids.length + required.ids.length).toBe(640))
  await sleep(100)
  run.stop.abort()
  await run.done
  expect([required.ids, optional.ids]).toEqual([collection.items, collection.items])
  expect((await stored(store())).lanes.size).toBe(0)
}, 60_000)

test('outputs that lagged when a process died get what they miss from the next, each its own', async () => {
  const collection = collectionOf(100)
  const store = await directoryStore()
  const targets = () => ({
    required: { target: required, required: true },
    near: { target: near, required: false },
    far: { target: far, required: false },
  })
  const [required, near, far] = [new Target(), new Target(), new Target()]
  near.room = 60
  far.down = true
  const first = start(collection, store(), targets())
  await eventually(async () => {
    const { checkpoint, lanes } = await first.source.positions('alerts')
    const offsets = [checkpoint?.offset, lanes.get('near')?.offset, lanes.get('far')?.offset]
    expect(offsets).toEqual(['100', String(near.ids.length), '0'])
    expect(near.ids.length).toBeGreaterThan(0)
  })
  first.abort.abort()
  await first.done.catch(() => {})
  near.room = Number.POSITIVE_INFINITY
  far.down = false
  // Read again, the same items come in other pages.
  const second = start(collection, store(), targets(), { perPage: 3 })
  await eventually(() => expect([near.ids.length, far.ids.length]).toEqual([100, 100]))
  await eventually(async () => expect((await second.source.positions('alerts')).lanes.size).toBe(0))
  collection.add(5)
  const outputs = [required, near, far]
  await eventually(() => expect(outputs.map(({ ids }) => ids.length)).toEqual([105, 105, 105]))
  second.stop.abort()
  await second.done
  for (const { ids } of outputs) expect(ids).toEqual(collection.items)
}, 60_000)

test('a checkpoint never passes an item that a required output has not taken', async () => {
  const collection = collectionOf(50)
  const store = await directoryStore()
  const target = new Target()
  target.room = 23
  const first = start(collection, store(), { only: { target, required: true } })
  await eventually(() => expect(first.lanes[0]!.lane.state).toBe('down'))
  await eventually(async () => expect((await first.source.positions('alerts')).checkpoint).toBeDefined())
  first.abort.abort()
  await first.done.catch(() => {})
  const { checkpoint } = await stored(store())
  expect(Number(checkpoint?.offset)).toBeLessThanOrEqual(target.ids.length)
  target.room = Number.POSITIVE_INFINITY
  const second = start(collection, store(), { only: { target, required: true } })
  await eventually(() => expect(new Set(target.ids).size).toBe(50))
  second.stop.abort()
  await second.done
  expect((await stored(store())).checkpoint?.offset).toBe('50')
}, 30_000)
