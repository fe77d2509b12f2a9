import { expect, test } from 'vitest'
import type { Transform } from '../src/core/types.ts'
import { eventually } from './support/eventually.ts'
import { allIds, hubOf, letters, many, start, Target } from './support/pipeline.ts'

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
