import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { EventHubConsumerClient } from '@azure/event-hubs'
import { Receiver } from 'rhea-promise'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { hubFailure } from '../../src/consumer/hub-failure.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import {
  checkpointOptions,
  fill,
  group,
  hubName,
  hubOptions,
  numbers,
  restartsIn,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

/** The SDK's hazards by their letters; those that are elsewhere are found by `docs/hazards.md`. */
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

  test('a handler that took long asks the store, and need not wait for its next renewal to know', async () => {
    const hub = await startTestHub(2)
    const checkpoints = checkpointOptions(storage)
    const first = await startTestSource(
      hubOptions(hub, { maxBatch: 1, ownership: { renew: 60_000, expiry: 600_000 } }),
      checkpoints,
    )
    await until(() => hub.receivers().length === 2)
    first.sink.block()
    for (const partition of ['0', '1']) fill(hub, partition, 5)
    await until(() => first.sink.count === 2)
    const second = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => second.sink.count === 5)
    const stolen = second.sink.batches[0]!.stream
    await sleep(1000)
    first.sink.free()
    await until(() => first.sink.lostStreams.length === 1)
    expect(first.sink.sequence(stolen)).toEqual([0])
    expect(first.sink.lostStreams).toEqual([stolen])
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

describe('a pump that the SDK closed', () => {
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

  test('C, H2: a handler that fails costs seconds, and not the time until the ownership expires', async () => {
    const hub = await startTestHub(1)
    const options = hubOptions(hub, { ownership: { renew: 500, expiry: 600_000 } })
    const { sink, metrics } = await startTestSource(options, checkpointOptions(storage))
    await until(() => hub.receivers().length === 1)
    const take = sink.take.bind(sink)
    let failures = 0
    sink.take = async batch => {
      if (failures++ === 0) throw new Error('a defect somewhere else')
      return take(batch)
    }
    fill(hub, '0', 3)
    await until(() => sink.count === 3)
    expect(sink.sequence('xdr/0')).toEqual([0, 1, 2])
    const values = await restartsIn(metrics)
    expect(values.map(({ labels, value }) => [labels.reason, value])).toEqual([['closed', 1]])
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
      await until(() => sink.count === 5 + 5 * round)
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

describe('K: the key in errors', () => {
  test('is quoted by the SDK, and not by what is made of its errors', async () => {
    const options = hubOptions(await startTestHub(1))
    // No `Secret` knows it, so nothing strikes it but the look of it.
    const key = Buffer.from('nobody has seen this').toString('base64')
    const text = `Endpoint=sb://h/;SharedAccessKeyName=a;SharedAccessKey=${key};EntityPath=one`
    let thrown: unknown
    try {
      new EventHubConsumerClient(group, text, 'two')
    } catch (error) {
      thrown = error
    }
    expect(String(thrown)).toContain(key)
    const { message, facts } = hubFailure(thrown, options)
    expect(message).toContain('SharedAccessKeyName=a')
    expect(message + JSON.stringify(facts)).not.toContain(key)
  })
})

describe('H9: which partitions a replica has', () => {
  test('is shown by each one for itself, as the store has it', async () => {
    const hub = await startTestHub(4)
    const checkpoints = checkpointOptions(storage)
    const first = await startTestSource(hubOptions(hub), checkpoints)
    await until(async () => (await first.metric('partition_owned')) === 4)
    const second = await startTestSource(hubOptions(hub), checkpoints)
    const shown = () => Promise.all([first, second].map(each => each.metric('partition_owned')))
    await expect.poll(shown, { timeout: 20_000 }).toEqual([2, 2])
    const { entries } = await new Blobs(checkpoints).list(`127.0.0.1/${hubName}/${group}/ownership/`)
    const shares = Map.groupBy(entries, ({ metadata }) => metadata.ownerid)
    expect([...shares.values()].map(({ length }) => length)).toEqual([2, 2])
    await first.source.close()
    await expect.poll(shown, { timeout: 20_000 }).toEqual([0, 4])
  })
})

describe('H12: a blob that exists', () => {
  test('is never uploaded again, which soft delete and versioning would keep a copy of each time', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const uploads: string[] = []
    let changes = 0
    const onRequest = (message: unknown) => {
      const { method, path } = (message as { request: ClientRequest }).request
      const [, name, query] = new RegExp(`/${checkpoints.container}/([^?]+)(.*)`).exec(decodeURIComponent(path)) ?? []
      if (method !== 'PUT' || name === undefined) return
      if (query!.includes('comp=metadata')) changes += 1
      else uploads.push(name)
    }
    subscribe('http.client.request.start', onRequest)
    onTestFinished(() => void unsubscribe('http.client.request.start', onRequest))
    const options = hubOptions(hub, { ownership: { renew: 200, expiry: 3000 } })
    for (let life = 0; life < 2; life++) {
      const { source, sink } = await startTestSource(options, checkpoints)
      for (let round = 1; round <= 2; round++) {
        fill(hub, '0', 1)
        await until(() => sink.count === round)
        expect(await source.checkpoint('xdr/0', sink.batches.at(-1)!.cursor)).toBe('written')
      }
      const before = changes
      await until(() => changes > before + 2) // renewals
      await source.close()
    }
    expect(uploads.toSorted()).toEqual(
      ['checkpoint', 'ownership'].map(kind => `127.0.0.1/${hubName}/${group}/${kind}/0`),
    )
  })
})

describe('H11: ownership', () => {
  test('is renewed while the hub is away, for longer than the expiry', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    await startTestSource(hubOptions(hub, { ownership: { renew: 300, expiry: 1000 } }), checkpoints)
    await until(() => hub.receivers().length === 1)
    await hub.stop()
    const blobs = new Blobs(checkpoints)
    const etag = async () => (await blobs.head(`127.0.0.1/${hubName}/${group}/ownership/0`))?.etag
    for (let round = 0; round < 5; round++) {
      const before = await etag()
      await until(async () => (await etag()) !== before)
    }
  })

  test('is renewed while a handler is blocked for longer than the expiry, and the lag is shown', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const options = hubOptions(hub, { ownership: { renew: 300, expiry: 4000 }, stallAfter: 1500 })
    const first = await startTestSource(options, checkpoints)
    await until(() => hub.receivers().length === 1)
    first.sink.block()
    fill(hub, '0', 1)
    await until(() => first.sink.count === 1)
    const second = await startTestSource(options, checkpoints)
    await sleep(6000)
    expect(second.sink.count).toBe(0)
    expect(first.sink.lostStreams).toEqual([])
    // A pipeline that is stuck looks the same from here as an output that is down: seen from outside by its lag.
    fill(hub, '0', 7)
    await expect.poll(() => first.metric('partition_lag_messages'), { timeout: 20_000 }).toBe(8)
    expect(await first.metric('partition_restarts_total')).toBe(0)
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
