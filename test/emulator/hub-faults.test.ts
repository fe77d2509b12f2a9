import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { consumer, hubForTest, json, read, until } from './hub-support.ts'

test('dropped connections take their receivers with them at once, and clients come back', async () => {
  const hub = await hubForTest()
  const reading = read(hub.connectionString('xdr'), '0', { ownerLevel: 3 })
  await until(() => hub.receivers().length).toBe(1)
  const before = hub.receivers()[0]!.connection
  hub.faults.dropConnections()
  expect(hub.receivers()).toEqual([])
  hub.append('xdr', '0', json('after'))
  await until(() => reading.bodies()).toEqual(['after'])
  expect(hub.receivers()[0]!.connection).not.toBe(before)
})

test('dropped links of one partition detach its receivers only, with an error the SDK retries', async () => {
  const hub = await hubForTest()
  const dropped = read(hub.connectionString('xdr'), '0')
  const spared = read(hub.connectionString('xdr'), '1')
  await until(() => hub.receivers().length).toBe(2)
  hub.faults.dropLinks({ partition: '0' })
  await until(() => dropped.errors[0]).toMatchObject({ code: 'DetachForcedError', retryable: true })
  expect(spared.errors).toEqual([])
  hub.append('xdr', '0', json(1))
  await until(() => dropped.bodies()).toEqual([1])
})

test('links can be dropped with any error, as when a consumer group is deleted', async () => {
  const hub = await hubForTest()
  const reading = read(hub.connectionString('xdr'))
  await until(() => hub.receivers().length).toBe(1)
  hub.faults.dropLinks({}, { condition: 'amqp:resource-deleted', description: 'gone' })
  await until(() => reading.errors[0]).toMatchObject({ code: 'ResourceDeletedError', message: 'gone' })
})

test('new receivers of a partition are refused until that is healed', async () => {
  const hub = await hubForTest()
  hub.append('xdr', '0', json(1))
  const heal = hub.faults.refuseReceivers({ hub: 'xdr', partition: '0' })
  const refused = read(hub.connectionString('xdr'), '0')
  await until(() => refused.errors[0]).toMatchObject({ code: 'ServerBusyError' })
  const spared = read(hub.connectionString('xdr'), '1')
  hub.append('xdr', '1', json('other'))
  await until(() => spared.bodies()).toEqual(['other'])
  heal()
  await until(() => refused.bodies()).toEqual([1])
})

test('stalled receivers get no answer', async () => {
  const hub = await hubForTest()
  hub.append('xdr', '0', json(1))
  hub.faults.stallReceivers()
  const reading = read(hub.connectionString('xdr'))
  await until(() => hub.connections()).toBe(1)
  await sleep(300)
  expect({ receivers: hub.receivers(), errors: reading.errors, events: reading.events }).toEqual({
    receivers: [],
    errors: [],
    events: [],
  })
})

test('a silent partition keeps its link and sends nothing, until it is healed', async () => {
  const hub = await hubForTest()
  const reading = read(hub.connectionString('xdr'))
  await until(() => hub.receivers().length).toBe(1)
  hub.faults.silence({ partition: '0' })
  hub.append('xdr', '0', json(1))
  await sleep(300)
  expect(reading.events).toEqual([])
  expect(hub.receivers().length).toBe(1)
  hub.faults.heal()
  await until(() => reading.bodies()).toEqual([1])
})

test('a delay lets events through one by one', async () => {
  const hub = await hubForTest()
  hub.faults.delay(30)
  for (let n = 0; n < 5; n++) hub.append('xdr', '0', json(n))
  const arrivals: number[] = []
  const client = consumer(hub.connectionString('xdr'))
  const subscription = client.subscribe(
    '0',
    {
      processEvents: async events => void arrivals.push(...events.map(() => Date.now())),
      processError: async () => {},
    },
    { startPosition: { offset: '-1' }, maxBatchSize: 1, maxWaitTimeInSeconds: 1 },
  )
  await until(() => arrivals.length).toBe(5)
  await subscription.close()
  expect(arrivals[4]! - arrivals[0]!).toBeGreaterThanOrEqual(90)
})

test('a stopped hub gives its port back and can be stopped twice', async () => {
  const hub = await hubForTest()
  const { port } = hub
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  await until(() => hub.connections()).toBe(1)
  await hub.stop()
  await hub.stop()
  expect(hub.connections()).toBe(0)
  await until(() => socket.closed).toBe(true)
  const again = await hubForTest({ port })
  expect(again.port).toBe(port)
  await expect(hubForTest({ port })).rejects.toMatchObject({ kind: 'port_unavailable', exit: 73 })
})
