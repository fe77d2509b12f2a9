import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { create_container, type EventContext } from 'rhea'
import { Connection, type Delivery, Receiver, ReceiverEvents } from 'rhea-promise'
import { expect, onTestFinished, test, vi } from 'vitest'
import { largestFrame, limitFrames } from '../../src/consumer/frames.ts'
import { free } from '../../src/core/free.ts'
import { checkpointOptions, hubName, hubOptions, startTestHub, startTestSource, until } from '../support/event-hub.ts'
import { storageForTest } from '../support/storage.ts'

test('a connection says that it takes no frame larger than those of the service', async () => {
  const container = create_container()
  const opened = new Promise<EventContext>(resolve => container.once('connection_open', resolve))
  const server = container.listen({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  limitFrames()
  const { port } = server.address() as AddressInfo
  const connection = new Connection({ transport: 'tcp', host: '127.0.0.1', port, reconnect: false })
  onTestFinished(async () => {
    await connection.close()
    server.close()
  })
  await connection.open()
  expect((await opened).connection.max_frame_size).toBe(largestFrame)
})

test('memory of large bodies can be given back while all others are whole', async () => {
  const hub = await startTestHub(2)
  // Small ones share what was read from the socket; those around the size of a frame are the doubtful ones.
  const sizes = [10, 200_000, 3000, 65_300, 65_500, 65_536, 65_537, 66_000, 130_000, 500, 900_000]
  const messages = Array.from({ length: 220 }, (_, n) => ({
    partition: n % 2,
    size: sizes[n % sizes.length]!,
    fill: n,
  }))
  for (const { partition, size, fill } of messages) hub.append(hubName, String(partition), Buffer.alloc(size, fill))
  const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(await storageForTest()), 4e6)
  const wrong: number[] = []
  let [kept, given, batches] = [0, 0, 0]
  await until(() => {
    for (const { origin, messages: came } of sink.batches.slice(batches)) {
      batches++
      for (const { body, memory, sequenceNumber } of came) {
        const { size, fill } = messages[sequenceNumber * 2 + Number(origin.partitionId)]!
        if (!Buffer.alloc(size, fill).equals(body)) wrong.push(sequenceNumber)
        kept += memory ? 0 : 1
        given += memory ? 1 : 0
        free(memory)
      }
    }
    return kept + given === messages.length
  })
  expect(wrong).toEqual([])
  expect(given).toBe(messages.filter(({ size }) => size > largestFrame).length)
})

test('a delivery that outlives its message keeps nothing of what was read from the socket', async () => {
  const deliveries: Delivery[] = []
  const { emit } = Receiver.prototype
  const spy = vi.spyOn(Receiver.prototype, 'emit').mockImplementation(function (this: Receiver, event, ...args) {
    const isHandled = emit.call(this, event, ...args)
    if (event === ReceiverEvents.message) deliveries.push((args[0] as { delivery: Delivery }).delivery)
    return isHandled
  })
  onTestFinished(() => spy.mockRestore())
  const hub = await startTestHub(1)
  for (let n = 0; n < 5; n++) hub.append(hubName, '0', Buffer.alloc(200_000, n))
  const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(await storageForTest()), 4e6)
  await until(() => sink.count === 5)
  const sizes = deliveries.map(({ tag }) => (tag as Buffer).buffer.byteLength)
  expect(sizes.length).toBeGreaterThanOrEqual(5)
  // Small buffers lie together in pools of this size; a frame together with the rest of the one before is larger.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(Buffer.from('small').buffer.byteLength)
})
