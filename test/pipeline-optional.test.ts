import { expect, test, vi } from 'vitest'
import { eventually } from './support/eventually.ts'
import { UnwaitingSource } from './support/memory-source.ts'
import { allIds, hubOf, many, start, Target } from './support/pipeline.ts'

const at = (sequenceNumber: number) => ({ sequenceNumber, offset: '' })

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

test('an optional output that is down holds nobody back, however large the batches are', async () => {
  // Two of them, with what their documents may take, are more than the budget.
  const hub = hubOf({ 0: many(40, 'x'.repeat(10_000)) })
  const [required, optional] = [new Target(), new Target()]
  optional.down = true
  const run = start(
    hub,
    { required: { target: required, required: true }, optional: { target: optional, required: false } },
    { budget: 60_000 },
  )
  await eventually(() => expect(required.ids).toHaveLength(400_000))
  expect(run.budget.used).toBeLessThan(60_000)
  optional.down = false
  await eventually(() => expect(optional.ids).toHaveLength(400_000))
  run.stop.abort()
  await run.done
  expect(run.budget.used).toBe(0)
})

test('the position of an output that is gone is removed, and not read from again', async () => {
  const hub = hubOf({ 0: many(40) })
  hub.checkpoints.set('0', at(29))
  hub.lanes.set('0', new Map([['gone', at(9)]]))
  const required = new Target()
  const run = start(hub, { required: { target: required, required: true } })
  await eventually(() => expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(39))
  run.stop.abort()
  await run.done
  expect(required.ids).toEqual(allIds(hub).slice(150))
  expect(hub.lanes.get('0')?.size).toBe(0)
})

test('an output that lagged as an optional one and is required now gets what it lacks, and the others nothing twice', async () => {
  const hub = hubOf({ 0: many(40) })
  hub.checkpoints.set('0', at(29))
  hub.lanes.set('0', new Map([['late', at(9)]]))
  const [usual, late] = [new Target(), new Target()]
  late.down = true
  const outputs = { usual: { target: usual, required: true }, late: { target: late, required: true } }
  const first = start(hub, outputs)
  await eventually(() => expect(first.lanes[1]!.lane.state).toBe('down'))
  first.abort.abort()
  await first.done.catch(() => {})
  expect(hub.lanes.get('0')?.get('late')).toEqual(at(9))
  late.down = false
  const second = start(hub, outputs)
  await eventually(() => expect(hub.checkpoints.get('0')?.sequenceNumber).toBe(39))
  second.stop.abort()
  await second.done
  expect(late.ids).toEqual(allIds(hub).slice(50))
  expect(new Set(usual.ids)).toEqual(new Set(allIds(hub).slice(150)))
  expect(hub.lanes.get('0')?.size).toBe(0)
})

/** One message more than all that the required output has, and it waits for room; the optional output is well again. */
async function waitingForRoom(drainLimit: number) {
  const hub = hubOf({ 0: many(40) })
  const [required, optional] = [new Target(), new Target()]
  optional.down = true
  const source = new UnwaitingSource(hub)
  const begins = vi.spyOn(source, 'start')
  const restarts = vi.spyOn(source, 'restart')
  const outputs = { required: { target: required, required: true }, optional: { target: optional, required: false } }
  const run = start(hub, outputs, { budget: 20_000, source, drainLimit })
  await eventually(() => expect(required.ids).toHaveLength(200))
  const room = Promise.withResolvers<void>()
  const take = vi.spyOn(run.budget, 'take').mockImplementationOnce(async bytes => {
    await room.promise
    run.budget.add(bytes)
  })
  hub.append('0', 'abcde')
  await eventually(() => expect(take).toHaveBeenCalled())
  optional.down = false
  await eventually(() => expect(restarts).toHaveBeenCalled())
  return { hub, run, required, optional, begins, restarts, room }
}

test('a catch-up waits for a batch that waits for room, or that one would come before what is read again', async () => {
  const { hub, run, required, optional, begins, room } = await waitingForRoom(60_000)
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(begins).toHaveBeenCalledTimes(1)
  room.resolve()
  await eventually(() => expect(optional.ids).toHaveLength(205))
  run.stop.abort()
  await run.done
  expect([required.ids, optional.ids]).toEqual([allIds(hub), allIds(hub)])
})

test('a catch-up is put off where there is no room for too long', async () => {
  const { hub, run, required, optional, restarts, room } = await waitingForRoom(100)
  await expect(restarts.mock.results[0]!.value).rejects.toMatchObject({ kind: 'drain_incomplete' })
  room.resolve()
  await eventually(() => expect(new Set(optional.ids).size).toBe(205))
  run.abort.abort()
  await run.done.catch(() => {})
  expect(new Set(required.ids)).toEqual(new Set(allIds(hub)))
})
