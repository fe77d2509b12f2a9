import { expect, test } from 'vitest'
import { consumer, hubForTest, json, producer, read, until } from './hub-support.ts'

test('what a producer sends to a partition, a consumer receives, in order and with its place', async () => {
  const hub = await hubForTest()
  const events = Array.from({ length: 20 }, (_, n) => ({ body: { n }, properties: { source: 'test' } }))
  await producer(hub.connectionString('xdr')).sendBatch(events, { partitionId: '1' })
  const reading = read(hub.connectionString('xdr'), '1')
  await until(() => reading.bodies()).toEqual(events.map(event => event.body))
  expect(reading.events.map(event => event.sequenceNumber)).toEqual(events.map((_, n) => n))
  const offsets = reading.events.map(event => event.offset)
  expect(offsets.every(offset => /^\d+$/.test(offset))).toBe(true)
  expect(offsets.map(Number)).toEqual(offsets.map(Number).toSorted((a, b) => a - b))
  expect(new Set(offsets).size).toBe(20)
  expect(reading.events[0]).toMatchObject({ properties: { source: 'test' }, partitionKey: undefined })
  expect(Math.abs(reading.events[0]!.enqueuedTimeUtc.getTime() - Date.now())).toBeLessThan(60_000)
  expect(hub.depth('xdr', '0')).toBe(0)
})

test('every body arrives as it was sent: bytes, text, value and sequence sections', async () => {
  const hub = await hubForTest()
  const bytes = Buffer.from([0, 1, 254, 255])
  const batch = [
    { body: bytes },
    { body: 'text' },
    { body: null },
    { body: { value: [1] }, bodyType: 'value' as const },
    { body: [[1, 'two']], bodyType: 'sequence' as const },
  ]
  await producer(hub.connectionString('xdr')).sendBatch(batch, { partitionId: '0' })
  const reading = read(hub.connectionString('xdr'))
  await until(() => reading.events.length).toBe(5)
  expect(reading.bodies()).toEqual([bytes, 'text', null, { value: [1] }, [[1, 'two']]])
  expect(reading.events.map(event => event.getRawAmqpMessage().bodyType).slice(2)).toEqual([
    'data',
    'value',
    'sequence',
  ])
})

test('events of one key meet in one partition and keep the key; without a key the partitions take turns', async () => {
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 8 }] })
  const client = producer(hub.connectionString('xdr'))
  for (let n = 0; n < 3; n++) await client.sendBatch([{ body: n }], { partitionKey: 'tenant-7' })
  const partitions = Array.from({ length: 8 }, (_, id) => String(id))
  const home = partitions.find(id => hub.depth('xdr', id) > 0)!
  expect(hub.depth('xdr', home)).toBe(3)
  const reading = read(hub.connectionString('xdr'), home)
  await until(() => reading.events.map(event => event.partitionKey)).toEqual(Array(3).fill('tenant-7'))
  for (let n = 0; n < 8; n++) await client.sendBatch([{ body: n }])
  expect(partitions.map(id => hub.depth('xdr', id) - (id === home ? 3 : 0))).toEqual(Array(8).fill(1))
})

test('different keys spread over the partitions', async () => {
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 4 }] })
  const client = producer(hub.connectionString('xdr'))
  for (let n = 0; n < 40; n++) await client.sendBatch([{ body: n }], { partitionKey: `key-${n}` })
  expect(['0', '1', '2', '3'].every(id => hub.depth('xdr', id) > 0)).toBe(true)
})

test('messages of many frames arrive whole, and the largest batch is 1 MiB', async () => {
  const hub = await hubForTest()
  const client = producer(hub.connectionString('xdr'))
  const batch = await client.createBatch({ partitionId: '0' })
  expect(batch.maxSizeInBytes).toBe(1024 * 1024)
  const body = Buffer.from(Array.from({ length: 1_000_000 }, (_, n) => n % 251))
  expect(batch.tryAdd({ body })).toBe(true)
  await client.sendBatch(batch)
  hub.append('xdr', '0', body)
  const reading = read(hub.connectionString('xdr'), '0', { skipParsingBodyAsJson: true })
  await until(() => reading.events.length).toBe(2)
  expect(reading.events.every(event => body.equals(event.body as Buffer))).toBe(true)
})

test('a larger message is refused, and the link takes the next one', async () => {
  const hub = await hubForTest()
  const client = producer(hub.connectionString('xdr'))
  const tooLarge = client.sendBatch([{ body: Buffer.alloc(1_100_000, 'x') }], { partitionId: '0' })
  await expect(tooLarge).rejects.toMatchObject({
    code: 'MessageTooLargeError',
    message: expect.stringContaining('exceeds the limit (1048576 bytes)'),
  })
  await client.sendBatch([{ body: 'small' }], { partitionId: '0' })
  expect(hub.depth('xdr', '0')).toBe(1)
})

test.each([
  { offset: 'third', isInclusive: false, first: 4 },
  { offset: 'third', isInclusive: true, first: 3 },
  { sequenceNumber: 3, isInclusive: false, first: 4 },
  { sequenceNumber: 3, isInclusive: true, first: 3 },
  { enqueuedOn: 3000, isInclusive: false, first: 4 },
  { enqueuedOn: new Date(2500), isInclusive: false, first: 3 },
  { offset: '-1', isInclusive: false, first: 0 },
])('a receiver starts where it asks to: %o', async ({ first, ...position }) => {
  const hub = await hubForTest()
  for (let n = 0; n < 6; n++) hub.append('xdr', '0', json(n), { enqueuedTime: n * 1000 })
  const { offset } = position
  const everything = read(hub.connectionString('xdr'))
  await until(() => everything.events.length).toBe(6)
  const startPosition = offset === 'third' ? { ...position, offset: everything.events[3]!.offset } : position
  const reading = read(hub.connectionString('xdr'), '0', { startPosition })
  await until(() => reading.bodies()).toEqual([0, 1, 2, 3, 4, 5].slice(first))
})

test('a receiver at @latest gets only what comes afterwards', async () => {
  const hub = await hubForTest()
  hub.append('xdr', '0', json('before'))
  const reading = read(hub.connectionString('xdr'), '0', { startPosition: { offset: '@latest' } })
  await until(() => hub.receivers().length).toBe(1)
  hub.append('xdr', '0', json('after'))
  await until(() => reading.bodies()).toEqual(['after'])
})

test('a start position beyond the newest event is refused, as after a hub was made anew', async () => {
  const hub = await hubForTest()
  hub.append('xdr', '0', json(1))
  const reading = read(hub.connectionString('xdr'), '0', { startPosition: { offset: '123456' } })
  await expect
    .poll(() => reading.errors[0])
    .toMatchObject({
      code: 'ArgumentError',
      message: expect.stringContaining("The supplied offset '123456' is invalid. The last offset in the system is '0'"),
    })
})

test('the properties of a hub and its partitions have the values and types that the SDK documents', async () => {
  const hub = await hubForTest({ now: () => 1_700_000_000_000 })
  const client = consumer(hub.connectionString('xdr'))
  expect(await client.getEventHubProperties()).toEqual({
    name: 'xdr',
    createdOn: new Date(1_700_000_000_000),
    partitionIds: ['0', '1'],
    isGeoDrEnabled: false,
  })
  const empty = await client.getPartitionProperties('0')
  expect(empty).toEqual({
    eventHubName: 'xdr',
    partitionId: '0',
    beginningSequenceNumber: 0,
    lastEnqueuedSequenceNumber: -1,
    lastEnqueuedOffset: '-1',
    lastEnqueuedOnUtc: new Date('0001-01-01T00:00:00Z'),
    isEmpty: true,
  })
  hub.append('xdr', '0', json(1))
  hub.append('xdr', '0', json(2), { enqueuedTime: 1_700_000_005_000 })
  expect(await client.getPartitionProperties('0')).toMatchObject({
    lastEnqueuedSequenceNumber: 1,
    lastEnqueuedOffset: hub.partition('xdr', '0').lastOffset,
    lastEnqueuedOnUtc: new Date(1_700_000_005_000),
    isEmpty: false,
  })
  hub.addPartitions('xdr', 1)
  expect((await client.getEventHubProperties()).partitionIds).toEqual(['0', '1', '2'])
})

test('a receiver that asks for it learns with every event how far the partition has got', async () => {
  const hub = await hubForTest()
  for (let n = 0; n < 3; n++) hub.append('xdr', '0', json(n), { enqueuedTime: 5000 + n })
  const last: unknown[] = []
  const client = consumer(hub.connectionString('xdr'))
  const subscription = client.subscribe(
    '0',
    {
      processEvents: async (_events, context) => void last.push(context.lastEnqueuedEventProperties),
      processError: async () => {},
    },
    {
      startPosition: { offset: '-1' },
      maxBatchSize: 1,
      maxWaitTimeInSeconds: 1,
      trackLastEnqueuedEventProperties: true,
    },
  )
  await until(() => last.length).toBeGreaterThan(0)
  await subscription.close()
  const { lastOffset } = hub.partition('xdr', '0')
  expect(last[0]).toMatchObject({ sequenceNumber: 2, offset: lastOffset, enqueuedOn: new Date(5002) })
})

test('events leave the partition by age, and a receiver below gets the oldest there is', async () => {
  let now = 0
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 1, retention: { age: 1000 } }], now: () => now })
  for (let n = 0; n < 3; n++) hub.append('xdr', '0', json(n), { enqueuedTime: n * 600 })
  const before = hub.partition('xdr', '0')
  now = 1700
  const after = hub.partition('xdr', '0')
  expect(after).toMatchObject({ count: 1, beginSequenceNumber: 2, lastSequenceNumber: 2 })
  expect(Math.round(before.bytes / after.bytes)).toBe(3)
  const reading = read(hub.connectionString('xdr'), '0', { startPosition: { sequenceNumber: 0, isInclusive: true } })
  await until(() => reading.events.map(event => event.sequenceNumber)).toEqual([2])
  now = 10_000
  const properties = await consumer(hub.connectionString('xdr')).getPartitionProperties('0')
  expect(properties).toMatchObject({ beginningSequenceNumber: 3, lastEnqueuedSequenceNumber: 2, isEmpty: true })
})

test('a receiver whose next events leave before it reads them goes on at the oldest there is', async () => {
  let now = 0
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 1, retention: { age: 1000 } }], now: () => now })
  const heal = hub.faults.silence()
  for (let n = 0; n < 3; n++) hub.append('xdr', '0', json(n), { enqueuedTime: n * 600 })
  const reading = read(hub.connectionString('xdr'))
  await until(() => hub.receivers().length).toBe(1)
  now = 1700
  heal()
  await until(() => reading.bodies()).toEqual([2])
})

test('events leave the partition by size, and their memory with them', async () => {
  const hub = await hubForTest({ hubs: [{ name: 'xdr', partitions: 1, retention: { bytes: 10_000 } }] })
  for (let n = 0; n < 5000; n++) hub.append('xdr', '0', Buffer.alloc(900, 'x'))
  const { bytes, count, beginSequenceNumber, lastSequenceNumber } = hub.partition('xdr', '0')
  expect(bytes).toBeLessThanOrEqual(10_000)
  expect(count).toBe(Math.floor(10_000 / (bytes / count)))
  expect(beginSequenceNumber).toBe(5000 - count)
  expect(lastSequenceNumber).toBe(4999)
  const reading = read(hub.connectionString('xdr'))
  await until(() => reading.events.length).toBe(count)
  expect(reading.events[0]!.sequenceNumber).toBe(beginSequenceNumber)
})

test('events appended by hand and events sent share sequence numbers and offsets', async () => {
  const hub = await hubForTest()
  expect(hub.append('xdr', '0', json('first'), { partitionKey: 'k' })).toBe(0)
  await producer(hub.connectionString('xdr')).sendBatch([{ body: 'second' }], { partitionId: '0' })
  expect(hub.append('xdr', '0', json('third'))).toBe(2)
  const reading = read(hub.connectionString('xdr'))
  await until(() => reading.bodies()).toEqual(['first', 'second', 'third'])
  expect(reading.events[0]!.partitionKey).toBe('k')
  expect(() => hub.append('none', '0', json(1))).toThrow('There is no event hub none')
  expect(() => hub.append('xdr', '7', json(1))).toThrow('The specified partition is invalid')
})
