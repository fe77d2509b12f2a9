import { expect, test } from 'vitest'
import { Budget } from '../src/core/budget.ts'
import { DriftRegister } from '../src/core/drift.ts'
import type { XdrelayError } from '../src/core/errors.ts'
import { silent } from '../src/core/log.ts'
import { createMetrics } from '../src/core/metrics.ts'
import type { Chunk, DeadLetter, Delivery, Output, Reject, SourceBatch, Transform } from '../src/core/types.ts'
import { runPipeline } from '../src/pipeline.ts'
import { eventually } from './support/eventually.ts'
import { lanesOf } from './support/lanes.ts'
import { MemoryHub, MemorySource } from './support/memory-source.ts'

/** One document for each letter of a message; `!` is a broken record. */
const letters: Transform = {
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
class Target implements Output {
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

function start(
  hub: MemoryHub,
  targets: Record<string, { target: Target; required: boolean }>,
  options: { budget?: number; drainLimit?: number; transform?: Transform } = {},
) {
  const stop = new AbortController()
  const abort = new AbortController()
  const ended = new AbortController()
  const metrics = createMetrics()
  const deadLetter = new Letters()
  const budget = new Budget(options.budget ?? 100_000)
  const lanes = lanesOf(targets, 100, { deadLetter, metrics, signal: ended.signal })
  const source = new MemorySource(hub)
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

function hubOf(messages: Record<string, string[]>): MemoryHub {
  const hub = new MemoryHub()
  for (const [partition, bodies] of Object.entries(messages)) for (const body of bodies) hub.append(partition, body)
  return hub
}

/** Every id of the hub, broken records left out. */
function allIds(hub: MemoryHub): string[] {
  return [...hub.messages].flatMap(([partition, messages]) =>
    messages.flatMap(message =>
      [...Buffer.from(message.body).toString()].flatMap((letter, record) =>
        letter === '!' ? [] : [`${partition}-${message.sequenceNumber}-${record}`],
      ),
    ),
  )
}

const many = (count: number, body = 'abcde') => Array.from({ length: count }, () => body)

test('every record reaches every output once, in order within its stream', async () => {
  const hub = hubOf({ 0: many(20), 1: many(7, 'xyz') })
  const [first, second] = [new Target(), new Target()]
  const run = start(hub, { first: { target: first, required: true }, second: { target: second, required: true } })
  await eventually(() => expect(second.ids).toHaveLength(allIds(hub).length))
  run.stop.abort()
  await run.done
  for (const target of [first, second]) {
    expect(target.ids.filter(id => id.startsWith('0-'))).toEqual(allIds(hub).filter(id => id.startsWith('0-')))
    expect(target.ids.toSorted()).toEqual(allIds(hub).toSorted())
  }
  expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(19)
  expect(hub.checkpoints.get('1')?.sequenceNumber).toBe(6)
})

test('a checkpoint never passes a record that a required output has not taken', async () => {
  const hub = hubOf({ 0: many(30) })
  const [fast, slow] = [new Target(), new Target()]
  hub.judge = (_stream, { sequenceNumber }) => {
    const due = allIds(hub).filter(each => Number(each.split('-')[1]) <= sequenceNumber)
    const lacking = due.filter(id => !fast.ids.includes(id) || !slow.ids.includes(id))
    return lacking.length > 0 ? `${sequenceNumber} passes ${lacking[0]}` : undefined
  }
  slow.down = true
  const run = start(hub, { fast: { target: fast, required: true }, slow: { target: slow, required: true } })
  await eventually(() => expect(fast.ids.length).toBeGreaterThan(0))
  await eventually(() => expect(run.lanes[1]!.lane.state).toBe('down'))
  expect(hub.checkpoints.size).toBe(0)
  slow.down = false
  await eventually(() => expect(slow.ids).toHaveLength(150))
  run.stop.abort()
  await run.done
  expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(29)
  expect(hub.wrongs).toEqual([])
})

test('a required output that is down stops the reading at the budget, and nothing is lost', async () => {
  const hub = hubOf({ 0: many(200), 1: many(200) })
  const target = new Target()
  target.down = true
  const run = start(hub, { only: { target, required: true } }, { budget: 30_000 })
  await eventually(() => expect(run.budget.used).toBeGreaterThan(20_000))
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(run.budget.used).toBeLessThanOrEqual(30_000)
  target.down = false
  await eventually(() => expect(target.ids).toHaveLength(2000))
  run.stop.abort()
  await run.done
  expect(run.budget.used).toBe(0)
})

test('tiny messages that the dead letter does not take stop the reading as well', async () => {
  const hub = hubOf({ 0: many(2000, '!') })
  const run = start(hub, { only: { target: new Target(), required: true } })
  run.deadLetter.write = (_rejects, signal) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  await eventually(() => expect(run.budget.used).toBeGreaterThan(90_000))
  await new Promise(resolve => setTimeout(resolve, 50))
  expect(run.budget.used).toBeLessThanOrEqual(100_000)
  expect((await run.metrics.messagesReceived.get()).values[0]?.value).toBeLessThan(100)
  run.abort.abort()
  await run.done.catch(() => {})
})

test('broken records are dead-lettered and hold nothing up', async () => {
  const hub = hubOf({ 0: ['ab', 'a!b', '!', ''] })
  const target = new Target()
  const run = start(hub, { only: { target, required: true } })
  await eventually(() => expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(3))
  run.stop.abort()
  await run.done
  expect(target.ids).toEqual(allIds(hub))
  expect(run.deadLetter.rejects.map(reject => [reject.message.sequenceNumber, reject.recordIndex])).toEqual([
    [1, 1],
    [2, 0],
  ])
})

test('an abort leaves the unsettled for the next start', async () => {
  const hub = hubOf({ 0: many(10) })
  const target = new Target()
  target.down = true
  const first = start(hub, { only: { target, required: true } })
  await eventually(() => expect(first.lanes[0]!.lane.state).toBe('down'))
  first.abort.abort()
  await expect(first.done).rejects.toMatchObject({ kind: 'drain_incomplete' } satisfies Partial<XdrelayError>)
  expect(hub.checkpoints.size).toBe(0)
  target.down = false
  const second = start(hub, { only: { target, required: true } })
  await eventually(() => expect(target.ids).toHaveLength(50))
  second.stop.abort()
  await second.done
})

test('a drain that takes too long ends with drain_incomplete and no false checkpoint', async () => {
  const hub = hubOf({ 0: many(10) })
  const target = new Target()
  target.down = true
  const run = start(hub, { only: { target, required: true } }, { drainLimit: 50 })
  await eventually(() => expect(run.lanes[0]!.lane.state).toBe('down'))
  run.stop.abort()
  await expect(run.done).rejects.toMatchObject({ kind: 'drain_incomplete' })
  expect(hub.checkpoints.size).toBe(0)
})

test('an optional output that is down holds neither the checkpoint nor the others, and misses nothing', async () => {
  const hub = hubOf({ 0: many(300), 1: many(300) })
  const [required, optional] = [new Target(), new Target()]
  optional.down = true
  // At every moment the optional output's position, where the checkpoint has passed it, is in the store.
  hub.judge = (stream, { sequenceNumber }) => {
    const partition = stream.slice(4)
    const position = hub.lanes.get(partition)?.get('optional')?.sequenceNumber ?? sequenceNumber
    const due = allIds(hub).filter(id => id.startsWith(`${partition}-`) && Number(id.split('-')[1]) <= position)
    const lacking = due.filter(id => !optional.ids.includes(id))
    return lacking.length > 0 ? `${stream} at ${sequenceNumber} passes ${lacking[0]}` : undefined
  }
  const run = start(
    hub,
    { required: { target: required, required: true }, optional: { target: optional, required: false } },
    { budget: 200_000 },
  )
  await eventually(() => expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(299))
  expect(optional.ids).toEqual([])
  expect(hub.lanes.get('0')?.get('optional')?.sequenceNumber).toBe(-1)
  optional.down = false
  await eventually(() => expect(new Set(optional.ids).size).toBe(3000))
  await eventually(() => expect(hub.lanes.get('0')?.size).toBe(0))
  run.stop.abort()
  await run.done
  expect(required.ids.toSorted()).toEqual(allIds(hub).toSorted())
  expect(optional.ids.toSorted()).toEqual(allIds(hub).toSorted())
  expect(hub.wrongs).toEqual([])
})

test('an optional output that was down when the process died gets what it missed from the next one', async () => {
  const hub = hubOf({ 0: many(40) })
  const [required, optional] = [new Target(), new Target()]
  optional.down = true
  const first = start(hub, {
    required: { target: required, required: true },
    optional: { target: optional, required: false },
  })
  await eventually(() => expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(39))
  first.abort.abort()
  await first.done.catch(() => {})
  optional.down = false
  const second = start(hub, {
    required: { target: required, required: true },
    optional: { target: optional, required: false },
  })
  await eventually(() => expect(optional.ids).toHaveLength(200))
  second.stop.abort()
  await second.done
  expect(optional.ids).toEqual(allIds(hub))
  expect(required.ids).toEqual(allIds(hub))
})

test('of two outputs that lag, the nearer one does not get again what is read for the other', async () => {
  const hub = hubOf({ 0: many(40) })
  hub.checkpoints.set('0', { sequenceNumber: 29, offset: '' })
  hub.lanes.set(
    '0',
    new Map(Object.entries({ near: 19, far: 9 }).map(([name, at]) => [name, { sequenceNumber: at, offset: '' }])),
  )
  const [required, near, far] = [new Target(), new Target(), new Target()]
  const run = start(hub, {
    required: { target: required, required: true },
    near: { target: near, required: false },
    far: { target: far, required: false },
  })
  await eventually(() => expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(39))
  await eventually(() => expect(hub.lanes.get('0')?.size).toBe(0))
  run.stop.abort()
  await run.done
  expect(required.ids).toEqual(allIds(hub).slice(150))
  expect(near.ids).toEqual(allIds(hub).slice(100))
  expect(far.ids).toEqual(allIds(hub).slice(50))
})

test('a transform that fails ends the run instead of leaving a hole', async () => {
  const hub = hubOf({ 0: many(10) })
  const broken: Transform = { ...letters, run: () => Promise.reject(new Error('defect')) }
  const run = start(hub, { only: { target: new Target(), required: true } }, { transform: broken })
  await expect(run.done).rejects.toMatchObject({ kind: 'internal', message: 'defect' })
  expect(hub.checkpoints.size).toBe(0)
})

test('a transform that fails ends the run also while reading waits for the budget', async () => {
  const hub = hubOf({ 0: many(4), 1: many(4) })
  const { promise: fault, reject: fail } = Promise.withResolvers<never>()
  const broken: Transform = { ...letters, run: () => fault }
  // Only one batch is granted; the other stream's waits, and the source closes only when its batch was taken.
  const run = start(hub, { only: { target: new Target(), required: true } }, { transform: broken, budget: 1 })
  await eventually(() => expect(run.budget.used).toBeGreaterThan(0))
  fail(new Error('defect'))
  await expect(run.done).rejects.toMatchObject({ kind: 'internal', message: 'defect' })
  expect(hub.checkpoints.size).toBe(0)
})
