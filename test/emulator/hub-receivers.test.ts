import { randomUUID } from 'node:crypto'
import { EventHubConsumerClient, type ReceivedEventData } from '@azure/event-hubs'
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob'
import { ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { consumer, hubForTest, json, producer, read, until } from './hub-support.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

test('a receiver with a higher or the same epoch takes the partition over from the one before', async () => {
  const hub = await hubForTest()
  const first = read(hub.connectionString('xdr'), '0', { ownerLevel: 1 })
  await until(() => hub.receivers().map(({ epoch }) => epoch)).toEqual([1])
  const second = read(hub.connectionString('xdr'), '0', { ownerLevel: 1 })
  await expect
    .poll(() => first.errors[0])
    .toMatchObject({
      code: 'ReceiverDisconnectedError',
      message: expect.stringMatching(/^New receiver '.*' with higher epoch of '1' is created hence current receiver/),
    })
  expect(first.closed).toEqual(['OwnershipLost'])
  read(hub.connectionString('xdr'), '0', { ownerLevel: 2 })
  await until(() => second.closed).toEqual(['OwnershipLost'])
  expect(hub.receivers()).toMatchObject([{ hub: 'xdr', consumerGroup: '$Default', partition: '0', epoch: 2 }])
})

test('a receiver with a lower epoch is refused while one with a higher epoch reads', async () => {
  const hub = await hubForTest()
  const owner = read(hub.connectionString('xdr'), '0', { ownerLevel: 5 })
  await until(() => hub.receivers().length).toBe(1)
  const late = read(hub.connectionString('xdr'), '0', { ownerLevel: 4 })
  await expect
    .poll(() => late.errors[0])
    .toMatchObject({
      code: 'ReceiverDisconnectedError',
      message: expect.stringContaining("with a higher epoch '5' already exists"),
    })
  expect(owner.errors).toEqual([])
  hub.append('xdr', '0', json('still mine'))
  await until(() => owner.bodies()).toEqual(['still mine'])
  expect(late.events).toEqual([])
})

test('a receiver without epoch is refused beside one with, and gives way to one that comes', async () => {
  const hub = await hubForTest()
  const plain = read(hub.connectionString('xdr'))
  await until(() => hub.receivers().map(({ epoch }) => epoch)).toEqual([undefined])
  read(hub.connectionString('xdr'), '0', { ownerLevel: 1 })
  const text = "At least one receiver for the endpoint is created with epoch of '1', and so non-epoch receiver"
  const refusal = { code: 'ReceiverDisconnectedError', message: expect.stringContaining(text) }
  await until(() => plain.errors[0]).toMatchObject(refusal)
  const late = read(hub.connectionString('xdr'))
  await until(() => late.errors[0]).toMatchObject(refusal)
})

test('an owner that has left holds nothing: the partition is free for any epoch', async () => {
  const hub = await hubForTest()
  const owner = read(hub.connectionString('xdr'), '0', { ownerLevel: 9 })
  await until(() => hub.receivers().length).toBe(1)
  await owner.close()
  await until(() => hub.receivers()).toEqual([])
  const next = read(hub.connectionString('xdr'), '0', { ownerLevel: 1 })
  hub.append('xdr', '0', json(1))
  await until(() => next.bodies()).toEqual([1])
})

test('five receivers without epoch read together, in every group; a sixth is refused', async () => {
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 1, consumerGroups: ['siem'] }] })
  hub.append('xdr', '0', json('all'))
  const five = Array.from({ length: 5 }, () => read(hub.connectionString('xdr')))
  await until(() => five.map(reading => reading.bodies())).toEqual(Array(5).fill(['all']))
  const sixth = read(hub.connectionString('xdr'))
  await expect
    .poll(() => sixth.errors[0])
    .toMatchObject({
      code: 'QuotaExceededError',
      message: expect.stringContaining(
        'maximum number of allowed receivers per partition in a consumer group which is 5',
      ),
    })
  const other = read(hub.connectionString('xdr'), '0', { group: 'SIEM' })
  await until(() => other.bodies()).toEqual(['all'])
})

test('a wrong key or key name is refused with 401 at once, for reading, sending and properties', async () => {
  const hub = await hubForTest()
  const right = hub.connectionString('xdr')
  const wrongKey = right.replace(/SharedAccessKey=[^;]+/, 'SharedAccessKey=d3Jvbmc=')
  const wrongName = right.replace('RootManageSharedAccessKey', 'Other')
  const refusal = { code: 'UnauthorizedError', message: 'InvalidSignature: The token has an invalid signature.' }
  await expect(consumer(wrongKey).getEventHubProperties()).rejects.toMatchObject(refusal)
  await expect(consumer(wrongName).getEventHubProperties()).rejects.toMatchObject(refusal)
  await expect(producer(wrongKey).sendBatch([{ body: 1 }])).rejects.toMatchObject(refusal)
  expect(hub.depth('xdr', '0') + hub.depth('xdr', '1')).toBe(0)
})

test('key and key name can be chosen', async () => {
  const hub = await hubForTest({ keyName: 'listen', key: 'b3du' })
  expect(hub.connectionString()).toContain('SharedAccessKeyName=listen;SharedAccessKey=b3du;')
  expect(hub.connectionString()).not.toContain('EntityPath')
  await consumer(hub.connectionString('xdr')).getEventHubProperties()
})

test.each([
  ['hub', 'none', '$Default'],
  ['consumer group', 'xdr', 'none'],
])('an unknown %s is reported as not found', async (_what, name, group) => {
  const hub = await hubForTest()
  const reading = read(hub.connectionString(name), '0', { group })
  await expect
    .poll(() => reading.errors[0])
    .toMatchObject({
      code: 'MessagingEntityNotFoundError',
      message: expect.stringMatching(/^The messaging entity 'sb:.*none.*' could not be found/),
    })
})

test('properties of an unknown hub are not found, those of an unknown partition out of range', async () => {
  const hub = await hubForTest()
  const unknown = consumer(hub.connectionString('none')).getEventHubProperties()
  await expect(unknown).rejects.toMatchObject({ code: 'MessagingEntityNotFoundError' })
  const outside = { code: 'ArgumentOutOfRangeError', message: expect.stringContaining('should be between 0 and 1') }
  await expect(consumer(hub.connectionString('xdr')).getPartitionProperties('2')).rejects.toMatchObject(outside)
  const sent = producer(hub.connectionString('xdr')).sendBatch([{ body: 1 }], { partitionId: '2' })
  await expect(sent).rejects.toMatchObject(outside)
})

test('with a checkpoint store two readers share the partitions, and a later one resumes after the checkpoint', async () => {
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 4 }] })
  const credential = new StorageSharedKeyCredential(storage.account, storage.key)
  const container = new ContainerClient(`${storage.endpoint}/checkpoints-${randomUUID()}`, credential)
  await container.create()
  for (let n = 0; n < 40; n++) hub.append('xdr', String(n % 4), json(n))
  const first = shared(hub.connectionString('xdr'), container)
  await until(() => first.numbers().length).toBe(40)
  expect(hub.receivers().map(({ partition, epoch }) => [partition, epoch])).toEqual(
    ['0', '1', '2', '3'].map(id => [id, 0]),
  )
  await first.close()
  for (let n = 40; n < 48; n++) hub.append('xdr', String(n % 4), json(n))
  const second = shared(hub.connectionString('xdr'), container)
  await until(() => second.numbers()).toEqual([40, 41, 42, 43, 44, 45, 46, 47])
})

function shared(connectionString: string, container: ContainerClient) {
  const client = new EventHubConsumerClient('$Default', connectionString, new BlobCheckpointStore(container), {
    loadBalancingOptions: { strategy: 'greedy', updateIntervalInMs: 500 },
  })
  const bodies: unknown[] = []
  const subscription = client.subscribe(
    {
      processEvents: async (events: ReceivedEventData[], context) => {
        bodies.push(...events.map(event => event.body))
        if (events.length > 0) await context.updateCheckpoint(events.at(-1)!)
      },
      processError: async () => {},
    },
    { startPosition: { offset: '-1' }, maxWaitTimeInSeconds: 1, maxBatchSize: 10 },
  )
  const close = async () => {
    await subscription.close()
    await client.close()
  }
  onTestFinished(close)
  return { close, numbers: () => bodies.map(Number).toSorted((a, b) => a - b) }
}

test('a receiver that closes in the middle of its transfers leaves the other receivers of the connection alone', async () => {
  const hub = await hubForTest()
  const body = Buffer.alloc(200_000, 'x')
  const client = consumer(hub.connectionString('xdr'))
  const subscribe = (partition: string, got: ReceivedEventData[]) =>
    client.subscribe(
      partition,
      { processEvents: async events => void got.push(...events), processError: async () => {} },
      { startPosition: { offset: '-1' }, maxWaitTimeInSeconds: 1, maxBatchSize: 20, prefetchCount: 200 },
    )
  const steady: ReceivedEventData[] = []
  subscribe('1', steady)
  await until(() => hub.receivers().length).toBe(1)
  const { connection } = hub.receivers()[0]!
  for (let n = 0; n < 300; n++) hub.append('xdr', '0', body)
  for (let round = 0; round < 5; round++) {
    const got: ReceivedEventData[] = []
    const subscription = subscribe('0', got)
    await until(() => got.length).toBeGreaterThan(0)
    await subscription.close()
  }
  hub.append('xdr', '1', json('alive'))
  await until(() => steady.map(event => event.body)).toEqual(['alive'])
  expect(hub.receivers()).toMatchObject([{ partition: '1', connection }])
})
