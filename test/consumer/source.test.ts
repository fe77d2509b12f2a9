import { EventHubConsumerClient, EventHubProducerClient } from '@azure/event-hubs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import {
  checkpointOptions,
  fill,
  hubName,
  hubOptions,
  numbers,
  startTestHub,
  startTestSource,
  testSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

describe('reading', () => {
  test('every message of every partition comes once, in order, with its position', async () => {
    const hub = await startTestHub()
    for (const partition of ['0', '1', '2', '3']) fill(hub, partition, 50)
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    await until(() => sink.count === 200)
    for (const partition of ['0', '1', '2', '3']) expect(sink.sequence(`xdr/${partition}`)).toEqual(numbers(0, 49))
    const { origin, messages, cursor, bytes } = sink.batches[0]!
    expect(origin).toMatchObject({ source: 'xdr', namespace: '127.0.0.1', eventHub: hubName, consumerGroup: 'relay' })
    expect(cursor).toEqual({ sequenceNumber: messages.at(-1)!.sequenceNumber, offset: messages.at(-1)!.offset })
    expect(bytes).toBe(messages.length * 14)
    expect(Math.abs(messages[0]!.enqueuedTime - Date.now())).toBeLessThan(60_000)
  })

  test('a restart goes on exactly behind the checkpoint', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    fill(hub, '0', 10)
    const first = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => first.sink.count === 10)
    const { sequenceNumber, offset } = first.sink.batches.flatMap(batch => batch.messages)[6]!
    expect(await first.source.checkpoint('xdr/0', { sequenceNumber, offset })).toBe('written')
    await first.source.stop()
    await first.source.close()
    fill(hub, '0', 2)
    const second = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => second.sink.count === 5)
    expect(second.sink.sequence('xdr/0')).toEqual([7, 8, 9, 10, 11])
    expect(await second.metric('sequence_gap_events_total')).toBe(0)
  })

  test('H7: messages are handed on many at a time, although the SDK would hand on each by itself', async () => {
    const hub = await startTestHub(1)
    fill(hub, '0', 500)
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    await until(() => sink.count === 500)
    expect(sink.batches.length).toBeLessThan(100)
  })

  test('a body is at most max_batch messages long, and batches of a stream never overlap', async () => {
    const hub = await startTestHub(1)
    fill(hub, '0', 100)
    const { sink } = await startTestSource(hubOptions(hub, { maxBatch: 8 }), checkpointOptions(storage))
    await until(() => sink.count === 100)
    expect(Math.max(...sink.batches.map(({ messages }) => messages.length))).toBeLessThanOrEqual(8)
    const kinds = sink.events.map(event => event.split(' ')[0])
    expect(kinds.every((kind, index) => kind === (index % 2 === 0 ? 'take' : 'taken'))).toBe(true)
  })

  test('a partition that is added to the hub is found and read from its start', async () => {
    const hub = await startTestHub(1)
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    hub.addPartitions(hubName, 1)
    fill(hub, '1', 3)
    await until(() => sink.count === 3)
    expect(sink.sequence('xdr/1')).toEqual([0, 1, 2])
  })

  test('a restart that fails is reported by the one who asked for it, and by nobody else', async () => {
    const hub = await startTestHub(1)
    const { source, lines } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    const subscribe = vi.spyOn(EventHubConsumerClient.prototype, 'subscribe').mockImplementation(() => {
      throw new Error('no more connections')
    })
    onTestFinished(() => subscribe.mockRestore())
    await expect(source.restart(async () => {})).rejects.toThrow('no more connections')
    expect(lines.filter(({ text }) => text.includes('no more connections'))).toEqual([])
  })
})

describe('where to begin without a checkpoint (H4)', () => {
  test('by default at the earliest message, also in partitions that others have no checkpoint for', async () => {
    const hub = await startTestHub(2)
    fill(hub, '0', 3)
    fill(hub, '1', 3)
    const checkpoints = checkpointOptions(storage)
    const first = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => first.sink.count === 6)
    const [batch] = first.sink.batches.filter(each => each.stream === 'xdr/0')
    await first.source.checkpoint('xdr/0', batch!.cursor)
    await first.source.close()
    const second = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => second.sink.count === 3)
    expect(second.sink.sequence('xdr/1')).toEqual([0, 1, 2])
  })

  test('at the newest only when asked to', async () => {
    const hub = await startTestHub(1)
    fill(hub, '0', 3)
    const { sink } = await startTestSource(hubOptions(hub, { start: 'latest' }), checkpointOptions(storage))
    await until(() => hub.receivers().length === 1)
    fill(hub, '0', 2)
    await until(() => sink.count === 2)
    expect(sink.sequence('xdr/0')).toEqual([3, 4])
  })

  test('the newest at the first start, that is: what comes between two starts is read', async () => {
    const hub = await startTestHub(2)
    fill(hub, '0', 3)
    const checkpoints = checkpointOptions(storage)
    const first = await startTestSource(hubOptions(hub, { start: 'latest' }), checkpoints)
    await until(() => hub.receivers().length === 2)
    await first.source.close()
    for (const partition of ['0', '1']) fill(hub, partition, 2)
    const second = await startTestSource(hubOptions(hub, { start: 'latest' }), checkpoints)
    await until(() => second.sink.count === 4)
    expect(second.sink.sequence('xdr/0')).toEqual([3, 4])
    expect(second.sink.sequence('xdr/1')).toEqual([0, 1])
  })

  test('at a time', async () => {
    const hub = await startTestHub(1)
    const now = Date.now()
    for (const age of [3000, 2000, 1000]) hub.append(hubName, '0', Buffer.from('{}'), { enqueuedTime: now - age })
    const { sink } = await startTestSource(hubOptions(hub, { start: new Date(now - 2500) }), checkpointOptions(storage))
    await until(() => sink.count === 2)
    expect(sink.sequence('xdr/0')).toEqual([1, 2])
  })
})

describe('a gap', () => {
  test('between the checkpoint and the first message is counted and said, never passed over', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    fill(hub, '0', 5)
    const first = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => first.sink.count === 5)
    await first.source.checkpoint('xdr/0', first.sink.batches.at(-1)!.cursor)
    await first.source.close()
    const trimmed = await trimmedHub(hub, 8)
    const second = await startTestSource(hubOptions(trimmed), checkpoints)
    await until(() => second.sink.count > 0)
    expect(second.sink.sequence('xdr/0')[0]).toBe(8)
    expect(await second.metric('sequence_gap_events_total')).toBe(3)
    expect(second.lines.find(({ level }) => level === 'error')?.text).toContain('3 messages are missing')
  })
})

describe('bodies', () => {
  test('H6: arrive byte for byte, whether or not they are JSON and UTF-8', async () => {
    const hub = await startTestHub(1)
    const bodies = [
      Buffer.from('{ "n": 9007199254740993, "n": 1 }'),
      Buffer.from('7b22c3288022', 'hex'),
      Buffer.from('['),
    ]
    for (const body of bodies) hub.append(hubName, '0', body)
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    await until(() => sink.count === 3)
    expect(sink.batches.flatMap(({ messages }) => messages.map(({ body }) => Buffer.from(body)))).toEqual(bodies)
  })

  test('other than a data section arrive as text, as they are or as JSON', async () => {
    const hub = await startTestHub(1)
    const producer = new EventHubProducerClient(hub.connectionString(hubName))
    await producer.sendBatch([
      { body: 'text', bodyType: 'value' },
      { body: Buffer.from([0, 255]), bodyType: 'value' },
      { body: { a: 1, b: [true, null] }, bodyType: 'value' },
      { body: [['x', 1]], bodyType: 'sequence' },
    ])
    await producer.sendBatch([{ body: Buffer.from('{"n":9007199254740993}') }, { body: Buffer.alloc(0) }])
    await producer.close()
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    await until(() => sink.count === 6)
    const messages = sink.batches.flatMap(batch => batch.messages)
    expect(messages.map(({ body, bodyType }) => [Buffer.from(body).toString('latin1'), bodyType])).toEqual([
      ['text', 'value'],
      // The SDK gives a binary of a value section out as if it were a data section; the bytes are the same.
      ['\u0000ÿ', undefined],
      ['{"a":1,"b":[true,null]}', 'value'],
      ['[["x",1]]', 'sequence'],
      ['{"n":9007199254740993}', undefined],
      ['', undefined],
    ])
  })
})

describe('a checkpoint', () => {
  test('that the store does not take is counted as failed, and so is the position of an optional output', async () => {
    const account = await startStorage()
    const hub = await startTestHub(1)
    fill(hub, '0', 1)
    const { source, sink, metrics } = await startTestSource(hubOptions(hub), checkpointOptions(account))
    await until(() => sink.count === 1)
    const { cursor } = sink.batches[0]!
    await account.stop()
    await expect(source.checkpoint('xdr/0', cursor)).rejects.toMatchObject({ kind: 'storage_unreachable' })
    await expect(source.saveLanePosition('siem', 'xdr/0', cursor)).rejects.toMatchObject({
      kind: 'storage_unreachable',
    })
    const { values } = await metrics.checkpointWrites.get()
    expect(values.map(({ labels, value }) => [labels.result, value])).toEqual([['failed', 2]])
  })
})

describe('stopping', () => {
  test('F: after stop nothing more is handed on, ownership is kept and checkpoints are written until close', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const { source, sink } = await startTestSource(hubOptions(hub), checkpoints)
    fill(hub, '0', 5)
    await until(() => sink.count === 5)
    sink.block()
    fill(hub, '0', 1)
    await until(() => sink.count === 6)
    await source.stop()
    fill(hub, '0', 5)
    sink.free()
    // Longer than the expiry: only a renewed ownership survives it.
    const rival = await startTestSource(hubOptions(hub, { ownership: { renew: 300, expiry: 1500 } }), checkpoints)
    await new Promise(resolve => setTimeout(resolve, 2500))
    expect(sink.count).toBe(6)
    expect(hub.receivers()).toHaveLength(1)
    expect(rival.sink.count).toBe(0)
    expect(await source.checkpoint('xdr/0', sink.batches.at(-1)!.cursor)).toBe('written')
    await source.close()
    await until(() => rival.sink.count === 5)
    expect(rival.sink.sequence('xdr/0')).toEqual([6, 7, 8, 9, 10])
  })

  test('close gives the partitions back: the next replica does not wait for the expiry', async () => {
    const hub = await startTestHub(4)
    const checkpoints = checkpointOptions(storage)
    const slow = hubOptions(hub, { ownership: { renew: 500, expiry: 600_000 } })
    const first = await startTestSource(slow, checkpoints)
    await until(() => hub.receivers().length === 4)
    await first.source.stop()
    await first.source.close()
    for (const partition of ['0', '1', '2', '3']) fill(hub, partition, 1)
    const second = await startTestSource(slow, checkpoints)
    await until(() => second.sink.count === 4)
    expect(first.sink.count).toBe(0)
  })

  test('I: close ends although the connection hangs', async () => {
    const hub = await startTestHub(2)
    const { source } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    await until(() => hub.receivers().length === 2)
    await source.stop()
    hub.faults.freezeConnections()
    const closed = source.close().then(() => 'closed')
    const late = new Promise(resolve => setTimeout(resolve, 20_000, 'hangs'))
    expect(await Promise.race([closed, late])).toBe('closed')
  })

  test('close without start, and twice, is harmless', async () => {
    const hub = await startTestHub(1)
    const { source } = testSource(hubOptions(hub), checkpointOptions(storage))
    await source.close()
    await source.close()
  })
})

/** A hub on the same port with the same positions, whose first messages are gone. */
async function trimmedHub(hub: Awaited<ReturnType<typeof startTestHub>>, first: number) {
  const { startHub } = await import('../../src/emulator/hub/hub.ts')
  const { onTestFinished } = await import('vitest')
  await hub.stop()
  let now = Date.now()
  const next = await startHub({
    hubs: [{ name: hubName, partitions: 1, consumerGroups: ['relay'], retention: { age: 60_000 } }],
    now: () => now,
  })
  onTestFinished(() => next.stop())
  fill(next, '0', first)
  now += 120_000
  fill(next, '0', 3)
  return next
}
