import { expect, test } from 'vitest'
import { checkpointOptions, hubName, hubOptions, startTestHub, startTestSource, until } from '../support/event-hub.ts'
import { storageForTest } from '../support/storage.ts'

test('credit that was given for small messages is taken back when large ones come', async () => {
  const hub = await startTestHub(1)
  const { sink, metric } = await startTestSource(hubOptions(hub), checkpointOptions(await storageForTest()), 2e6)
  for (let n = 0; n < 800; n++) hub.append(hubName, '0', Buffer.from('small'))
  await until(() => sink.count === 800)
  sink.block()
  for (let n = 0; n < 400; n++) hub.append(hubName, '0', Buffer.alloc(300_000, 'x'))
  // What was on the wire already still comes; the credit for 400 messages would bring 120 MB.
  expect(await settledValue(() => metric('memory_prefetched_bytes'))).toBeLessThan(20e6)

  sink.free()
  await until(() => sink.count === 1200, 60_000)
  await expect.poll(() => metric('memory_prefetched_bytes'), { timeout: 20_000 }).toBe(0)
})

test('what waited in the SDK when a connection dropped is not counted for ever', async () => {
  const hub = await startTestHub(1)
  const { sink, metric } = await startTestSource(hubOptions(hub), checkpointOptions(await storageForTest()), 2e6)
  const waiting = () => metric('memory_prefetched_bytes')
  const send = (count: number) => {
    for (let n = 0; n < count; n++) hub.append(hubName, '0', Buffer.alloc(10_000, 'x'))
  }
  send(50)
  await until(() => sink.count === 50)
  sink.block()
  send(400)
  expect(await settledValue(waiting)).toBeGreaterThan(100_000)
  hub.faults.dropConnections()
  sink.free()
  await until(() => sink.count >= 450, 60_000)
  await expect.poll(waiting, { timeout: 20_000 }).toBe(0)
})

/** The value once it is above zero and stays as it is for half a second. */
async function settledValue(read: () => Promise<number>): Promise<number> {
  let value = 0
  const isStill = async () => {
    const before = value
    value = await read()
    return value > 0 && value === before
  }
  await expect.poll(isStill, { timeout: 20_000, interval: 500 }).toBe(true)
  return value
}
