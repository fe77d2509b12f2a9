import { expect, test } from 'vitest'
import type { XdrelayError } from '../src/core/errors.ts'
import { eventually } from './support/eventually.ts'
import { MemorySource, UnwaitingSource } from './support/memory-source.ts'
import { hubOf, many, start, Target } from './support/pipeline.ts'

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

test('what waits for room when the drain begins is left to the next start, and nothing that is written stays unstored', async () => {
  const hub = hubOf({ 0: many(40), 1: many(40), 2: many(40) })
  const target = new Target()
  target.down = true
  const only = { only: { target, required: true } }
  const run = start(hub, only, { budget: 5500, source: new UnwaitingSource(hub) })
  await eventually(() => expect(run.lanes[0]!.lane.state).toBe('down'))
  target.down = false
  run.stop.abort()
  await run.done
  const stored = [...hub.checkpoints.values()].reduce((sum, { sequenceNumber }) => sum + sequenceNumber + 1, 0)
  expect(target.ids).toHaveLength(stored * 5)
  expect(run.budget.used).toBe(0)
})

test('a store that hangs does not keep a drain from its end', async () => {
  const hub = hubOf({ 0: many(4) })
  const target = new Target()
  const source = new MemorySource(hub)
  source.checkpoint = () => new Promise(() => {})
  const run = start(hub, { only: { target, required: true } }, { drainLimit: 100, source })
  await eventually(() => expect(target.ids).toHaveLength(20))
  run.stop.abort()
  await expect(run.done).rejects.toMatchObject({
    kind: 'drain_incomplete',
    message: 'stopped before the last checkpoints were stored',
  })
})

test('an abort ends the wait for a store that hangs', async () => {
  const hub = hubOf({ 0: many(4) })
  const target = new Target()
  const source = new MemorySource(hub)
  source.checkpoint = () => new Promise(() => {})
  const run = start(hub, { only: { target, required: true } }, { drainLimit: 600_000, source })
  await eventually(() => expect(target.ids).toHaveLength(20))
  run.stop.abort()
  run.abort.abort()
  await expect(run.done).rejects.toMatchObject({ kind: 'drain_incomplete' })
})

test('a stop ends a catch-up that waits for what is under way', async () => {
  const hub = hubOf({ 0: many(40) })
  const [required, optional] = [new Target(), new Target()]
  optional.down = true
  const outputs = { required: { target: required, required: true }, optional: { target: optional, required: false } }
  const source = new MemorySource(hub)
  const restart = source.restart.bind(source)
  const restarts: Promise<void>[] = []
  source.restart = settled => {
    const done = restart(settled)
    restarts.push(done)
    return done
  }
  const run = start(hub, outputs, { budget: 20_000, drainLimit: 600_000, source })
  await eventually(() => expect(required.ids).toHaveLength(200))
  // A write that never ends.
  const write = required.write.bind(required)
  const { promise: end, resolve } = Promise.withResolvers<void>()
  required.write = async chunks => {
    await end
    return write(chunks)
  }
  hub.append('0', 'abcde')
  optional.down = false
  await eventually(() => expect(restarts).toHaveLength(1))
  run.stop.abort()
  await expect(restarts[0]).rejects.toMatchObject({ kind: 'drain_incomplete' })
  resolve()
  await run.done
  expect(required.ids).toHaveLength(205)
})
