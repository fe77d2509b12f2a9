import { EventHubConsumerClient } from '@azure/event-hubs'
import { Receiver } from 'rhea-promise'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Blobs } from '../../src/consumer/blobs.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import {
  checkpointOptions,
  fill,
  group,
  hubName,
  hubOptions,
  numbers,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

/**
 * The SDK's hazards by their letters: A to J were measured, H1 to H12 found by reading. G is in `probe.test.ts` and
 * `watchdog.test.ts` with H8, F and I and H4 in `source.test.ts`, H3 in `positions.test.ts`, H5 in `ownership.test.ts`.
 */
let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

/** Credit that was granted to the hub, below whatever the code under test decides: messages it may send us. */
let granted = 0
const addCredit = Receiver.prototype.addCredit
Receiver.prototype.addCredit = function (this: Receiver, credit: number) {
  granted += credit
  addCredit.call(this, credit)
}
beforeEach(() => {
  granted = 0
})

describe('A: credit', () => {
  test('a quiet partition gathers none, so a burst does not land in memory', async () => {
    const hub = await startTestHub(1)
    const { sink } = await startTestSource(hubOptions(hub, { maxBatch: 10 }), checkpointOptions(storage), 1e9)
    await until(() => hub.receivers().length === 1)
    // Each empty receive takes a second; the SDK alone would add a full prefetch of 100 every time.
    await sleep(4500)
    expect(granted).toBe(100)
    sink.block()
    fill(hub, '0', 1000)
    await until(() => sink.count > 0)
    await sleep(500)
    expect(granted - sink.count).toBeLessThanOrEqual(100)
    sink.free()
    await until(() => sink.count === 1000)
  })

  test('large messages get less: the byte allowance bounds what is prefetched', async () => {
    const hub = await startTestHub(2)
    const megabyte = Buffer.alloc(1_000_000, 0x20)
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage), 4_000_000)
    fill(hub, '0', 1, megabyte)
    await until(() => sink.count === 1)
    sink.block()
    fill(hub, '0', 20, megabyte)
    await until(() => sink.count > 1)
    await sleep(500)
    // Two of 1 MB for each partition; the first one that was claimed got three, while it was alone.
    expect(granted - sink.count).toBeLessThanOrEqual(5)
    sink.free()
    await until(() => sink.count === 21)
  })
})

describe('B: two replicas', () => {
  test('a slow handler that loses its partition hands nothing more on and does not take it back', async () => {
    const hub = await startTestHub(2)
    const checkpoints = checkpointOptions(storage)
    const options = hubOptions(hub, { maxBatch: 1 })
    const first = await startTestSource(options, checkpoints)
    await until(() => hub.receivers().length === 2)
    first.sink.block()
    for (const partition of ['0', '1']) fill(hub, partition, 5)
    await until(() => first.sink.count === 2)
    const second = await startTestSource(options, checkpoints)
    await until(() => second.sink.count === 5)
    const stolen = second.sink.batches[0]!.stream
    const kept = stolen === 'xdr/0' ? 'xdr/1' : 'xdr/0'
    // Longer than a renewal: the first replica knows by now, while its handler still waits.
    await sleep(1200)
    first.sink.free()
    await until(() => first.sink.sequence(kept).length === 5)
    await sleep(2000)
    expect(first.sink.sequence(stolen)).toEqual([0])
    expect(second.sink.sequence(stolen)).toEqual(numbers(0, 4))
    expect(second.sink.sequence(kept)).toEqual([])
    expect(first.sink.lostStreams).toEqual([stolen])
    // Not in the midst of a batch: what is taken after `lost` would belong to nobody.
    expect(first.sink.events.indexOf(`lost ${stolen}`)).toBeGreaterThan(first.sink.events.indexOf(`taken ${stolen}`))
    expect(hub.receivers()).toHaveLength(2)
  })

  test('many replicas that come and go lose no message, and each partition settles with one of them', async () => {
    const hub = await startTestHub(4)
    const checkpoints = checkpointOptions(storage)
    const first = await startTestSource(hubOptions(hub), checkpoints)
    const replicas = [first]
    for (let round = 0; round < 3; round++) {
      for (const partition of ['0', '1', '2', '3']) fill(hub, partition, 10)
      replicas.push(await startTestSource(hubOptions(hub), checkpoints))
      await sleep(700)
    }
    const [, leaving] = replicas
    await leaving!.source.stop()
    await leaving!.source.close()
    const seen = (partition: string) =>
      new Set(replicas.flatMap(replica => replica.sink.sequence(`xdr/${partition}`))).size
    await until(() => ['0', '1', '2', '3'].every(partition => seen(partition) === 30))
    await until(() => hub.receivers().length === 4)
    const perConnection = new Set(hub.receivers().map(({ partition }) => partition))
    expect(perConnection.size).toBe(4)
  })
})

describe('C, J, H1, H2: a pump that the SDK closed', () => {
  test('J: a link that the hub cuts for good is taken up again long before the expiry', async () => {
    const hub = await startTestHub(2)
    const options = hubOptions(hub, { ownership: { renew: 500, expiry: 600_000 } })
    const { sink } = await startTestSource(options, checkpointOptions(storage))
    fill(hub, '0', 3)
    await until(() => sink.count === 3)
    hub.faults.dropLinks({ partition: '0' }, { condition: 'amqp:not-allowed', description: 'no more' })
    await until(() => hub.receivers().length === 1)
    fill(hub, '0', 3)
    await until(() => sink.count === 6)
    // In the same process nothing is read twice, although no checkpoint was written.
    expect(sink.sequence('xdr/0')).toEqual(numbers(0, 5))
  })

  test('D, H1: a batch that the sink fails on is read again and not skipped', async () => {
    const hub = await startTestHub(1)
    const options = hubOptions(hub, { maxBatch: 2 })
    const { sink, lines } = await startTestSource(options, checkpointOptions(storage))
    await until(() => hub.receivers().length === 1)
    const take = sink.take.bind(sink)
    let failures = 0
    sink.take = async batch => {
      if (batch.messages[0]!.sequenceNumber === 2 && failures++ === 0)
        throw Object.assign(new Error('from an Azure client'), { retryable: true })
      return take(batch)
    }
    fill(hub, '0', 6)
    await until(() => sink.sequence('xdr/0').includes(5))
    expect(new Set(sink.sequence('xdr/0'))).toEqual(new Set(numbers(0, 5)))
    expect(sink.sequence('xdr/0').slice(0, 4)).toEqual([0, 1, 0, 1])
    expect(lines.some(({ level, text }) => level === 'error' && text.includes('from an Azure client'))).toBe(true)
  })
})

describe('E: the connection', () => {
  test('a drop while waiting costs seconds, and nothing is lost or doubled', async () => {
    const hub = await startTestHub(2)
    const { sink } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    fill(hub, '0', 5)
    await until(() => sink.count === 5)
    for (let round = 1; round <= 3; round++) {
      hub.faults.dropConnections()
      fill(hub, '0', 5)
      await until(() => sink.count === 5 + 5 * round, 10_000)
    }
    expect(sink.sequence('xdr/0')).toEqual(numbers(0, 19))
  })

  test('a hub that was away for a while is read again soon after it is back', async () => {
    const hub = await startTestHub(1)
    const { sink, fatal } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    fill(hub, '0', 2)
    await until(() => sink.count === 2)
    const heal = hub.faults.refuseReceivers()
    hub.faults.dropConnections()
    await sleep(8000)
    fill(hub, '0', 2)
    heal()
    await until(() => sink.count === 4, 25_000)
    expect(sink.sequence('xdr/0')).toEqual([0, 1, 2, 3])
    expect(fatal).toEqual([])
  })
})

describe('A12, A16: a reader that does not share', () => {
  test('is named in the log, once, and costs nothing else', async () => {
    const hub = await startTestHub(1)
    const { sink, lines } = await startTestSource(hubOptions(hub), checkpointOptions(storage))
    await until(() => hub.receivers().length === 1)
    const rival = new EventHubConsumerClient(group, hub.connectionString(hubName))
    const subscription = rival.subscribe('0', { async processEvents() {}, async processError() {} }, { ownerLevel: 5 })
    const named = () => lines.filter(({ text }) => text.includes('outside of xdrelay'))
    await until(() => named().length > 0)
    await sleep(3000)
    expect(named()).toHaveLength(1)
    await subscription.close()
    await rival.close()
    fill(hub, '0', 2)
    await until(() => sink.count === 2)
  })
})

describe('H7, H11: ownership', () => {
  test('is renewed while a handler is blocked for longer than the expiry', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const options = hubOptions(hub, { ownership: { renew: 300, expiry: 1000 } })
    const first = await startTestSource(options, checkpoints)
    await until(() => hub.receivers().length === 1)
    first.sink.block()
    fill(hub, '0', 1)
    await until(() => first.sink.count === 1)
    const second = await startTestSource(options, checkpoints)
    await sleep(3000)
    expect(second.sink.count).toBe(0)
    expect(first.sink.lostStreams).toEqual([])
  })
})

describe('B9: a hub that was made anew', () => {
  test('is read from its start, loudly, although the old checkpoint lies behind its end', async () => {
    const old = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    fill(old, '0', 50)
    const first = await startTestSource(hubOptions(old), checkpoints)
    await until(() => first.sink.count === 50)
    await first.source.checkpoint('xdr/0', first.sink.batches.at(-1)!.cursor)
    await first.source.close()
    const hub = await startTestHub(1)
    fill(hub, '0', 3)
    const second = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => second.sink.count === 3)
    expect(second.sink.sequence('xdr/0')).toEqual([0, 1, 2])
    expect(second.lines.some(({ fields }) => fields['event.action'] === 'hub_replaced')).toBe(true)
    expect(await second.source.checkpoint('xdr/0', second.sink.batches.at(-1)!.cursor)).toBe('written')
    const name = `127.0.0.1/${hubName}/${group}/checkpoint/0`
    expect((await new Blobs(checkpoints).head(name))?.metadata.sequencenumber).toBe('2')
  })
})
