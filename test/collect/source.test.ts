import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { XdrelayError } from '../../src/core/errors.ts'
import { silent } from '../../src/core/log.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { BlobCursors } from '../../src/storage/blob-cursors.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import type { CursorStore } from '../../src/storage/cursors.ts'
import { DirectoryCursors } from '../../src/storage/directory-cursors.ts'
import { collectorSource, directoryStore } from '../support/collector-source.ts'
import { checkpointOptions, until } from '../support/event-hub.ts'
import { collectionOf, itemsOf, MemoryCollector } from '../support/memory-collector.ts'

const { signal } = new AbortController()
const outage = new XdrelayError('api_failed', 'the API answered 503')

describe('a collection', () => {
  test('is handed on page by page, numbered with room between the pages, and then what is new', async () => {
    const collection = collectionOf(3)
    const { source, sink } = collectorSource(collection, (await directoryStore())())
    await source.start(sink)
    await until(() => sink.items.length === 3)
    expect(sink.cursors).toEqual(['1000000 0', '2000000 2', '3000000 3'])
    collection.add(1)
    await until(() => sink.items.length === 4)
    expect(sink.items).toEqual(collection.items)
    expect(sink.cursors.at(-1)).toBe('4000000 4')
    const [mark, first] = sink.batches
    expect(mark).toMatchObject({ messages: [], bytes: 0 })
    expect(first).toMatchObject({
      stream: 'alerts',
      origin: { source: 'alerts', dataset: 'alert', partitionId: '' },
      messages: [{ sequenceNumber: 2_000_000, offset: '2', enqueuedTime: 2 }],
      bytes: first!.messages[0]!.body.length,
    })
  })

  test('that stands still needs no batch', async () => {
    const collection = collectionOf(1)
    const { source, sink } = collectorSource(collection, (await directoryStore())())
    await source.start(sink)
    await until(() => collection.passes.length > 5)
    expect(sink.batches).toHaveLength(2)
  })

  test('goes on at the checkpoint after a stop, in a process of its own', async () => {
    const collection = collectionOf(4)
    const store = await directoryStore()
    const first = collectorSource(collection, store())
    await first.source.start(first.sink)
    await until(() => first.sink.items.length === 4)
    const { cursor } = first.sink.batches[1]!
    expect(await first.source.checkpoint('alerts', cursor)).toBe('written')
    await first.source.close()
    collection.add(1)
    const second = collectorSource(collection, store())
    await second.source.start(second.sink)
    await until(() => second.sink.items.length === 3)
    expect(second.sink.items).toEqual(['item 2', 'item 3', 'item 4'])
    expect(second.sink.cursors[0]).toBe('3000000 4')
  })

  test('is read by one pass at a time, and by the next at once when one took too long', async () => {
    const collection = collectionOf(6)
    const collector = new MemoryCollector(collection, 2, 30)
    const { source, sink } = collectorSource(collection, (await directoryStore())(), { collector, every: 1 })
    await source.start(sink)
    await until(() => collection.passes.length > 3)
    expect(collection.mostRunning).toBe(1)
    expect(sink.items).toEqual(collection.items)
  })

  test('is not read further while the pipeline has no room, nor after a stop', async () => {
    const collection = collectionOf(6)
    const { source, sink } = collectorSource(collection, (await directoryStore())())
    sink.block()
    await source.start(sink)
    await until(() => sink.batches.length === 1)
    await source.stop()
    sink.free()
    await until(() => collection.running === 0)
    expect(sink.batches).toHaveLength(1)
  })
})

describe('a service that fails', () => {
  test('is said once, tried again, and read on from what was handed on', async () => {
    const collection = collectionOf(4)
    const { source, sink, lines, metrics } = collectorSource(collection, (await directoryStore())())
    await source.start(sink)
    await until(() => sink.items.length === 4)
    collection.failure = outage
    const passes = collection.passes.length
    await until(() => collection.passes.length > passes + 4)
    collection.add(2)
    collection.failure = undefined
    await until(() => sink.items.length === 6)
    expect(sink.items).toEqual(collection.items)
    expect(lines.filter(({ fields }) => fields['error.code'] === 'XP2115')).toHaveLength(1)
    await until(() => lines.some(({ text }) => text === 'alerts: reads again'))
    const results = (await metrics.collectorPasses.get()).values.map(({ labels, value }) => [labels.result, value > 1])
    expect(results.toSorted()).toEqual([
      ['failed', true],
      ['ok', true],
    ])
    expect((await metrics.collectorItems.get()).values[0]?.value).toBe(6)
  })

  test('does not end the start; what no waiting mends does', async () => {
    const collection = collectionOf(1)
    const { source, sink, lines } = collectorSource(collection, (await directoryStore())())
    collection.failure = outage
    await source.open(signal)
    expect(lines.some(({ text }) => text.includes('503'))).toBe(true)
    collection.failure = new XdrelayError('app_secret_expired', 'the secret has expired')
    await expect(source.open(signal)).rejects.toBe(collection.failure)
    collection.failure = undefined
    await source.start(sink)
    await until(() => sink.items.length === 1)
  })

  test('a store that cannot be used ends the start', async () => {
    const store = new DirectoryCursors(join(import.meta.filename, 'state'), 'alerts', 1)
    const { source } = collectorSource(collectionOf(1), store)
    await expect(source.open(signal)).rejects.toMatchObject({ kind: 'cannot_write' })
  })

  test('never answers: a stop does not wait for it', async () => {
    const collection = collectionOf(1)
    const { source, sink } = collectorSource(collection, (await directoryStore())())
    collection.hangs = true
    await source.start(sink)
    await until(() => collection.running === 1)
    await source.close()
  })
})

describe('an output that lags', () => {
  const lanes = { siem: 2_000_000, archive: 4_000_000 }

  /** Positions as a former process left them: checkpoint after 10 items, one output after 2, another after 6. */
  async function left() {
    const collection = collectionOf(10)
    const store = await directoryStore()
    const hold = (await store().acquire(signal))!
    await hold.saveLane('siem', { sequenceNumber: lanes.siem, offset: '2' })
    await hold.saveLane('archive', { sequenceNumber: lanes.archive, offset: '6' })
    await hold.checkpoint({ sequenceNumber: 6_000_000, offset: '10' })
    await hold.release()
    return { collection, ...collectorSource(collection, store()) }
  }

  test('is read for from its position, in windows up to the others, and then normally', async () => {
    const { collection, source, sink } = await left()
    await source.start(sink)
    await until(() => collection.passes.length > 2)
    collection.add(1)
    await until(() => sink.items.length === 9)
    expect(sink.items).toEqual(collection.items.slice(2))
    expect(collection.passes.slice(0, 3)).toEqual(['2-6', '6-10', '10-'])
    expect(sink.cursors).toEqual([
      '2000001 4',
      '2000002 6',
      '4000000 6',
      '4000001 8',
      '4000002 10',
      '6000000 10',
      '7000000 11',
    ])
  })

  test('goes on within a window after a failure', async () => {
    const { collection, source, sink } = await left()
    sink.block()
    await source.start(sink)
    await until(() => sink.batches.length === 1)
    collection.failure = outage
    sink.free()
    await until(() => collection.passes.length > 1)
    collection.failure = undefined
    await until(() => sink.cursors.at(-1) === '6000000 10')
    expect(sink.items).toEqual(collection.items.slice(2))
  })

  test('whose source is restarted is read for once all is settled, and not when that fails', async () => {
    const collection = collectionOf(4)
    const store = (await directoryStore())()
    const { source, sink } = collectorSource(collection, store)
    await source.start(sink)
    await until(() => sink.items.length === 4)
    const [, first, second] = sink.batches
    await source.saveLanePosition('siem', 'alerts', first!.cursor)
    await source.checkpoint('alerts', second!.cursor)

    await expect(source.restart(() => Promise.reject(outage))).rejects.toBe(outage)
    collection.add(1)
    await until(() => sink.items.length === 5)
    expect(sink.batches).toHaveLength(4)

    await source.checkpoint('alerts', sink.batches[3]!.cursor)
    await source.restart(async () => {
      collection.add(1)
      const passes = collection.passes.length
      await new Promise(resolve => setTimeout(resolve, 100))
      expect(collection.passes.length - passes).toBeLessThan(2)
      expect(sink.batches).toHaveLength(4)
    })
    await until(() => sink.items.length === 9)
    expect(sink.batches.slice(4).flatMap(itemsOf)).toEqual(['item 2', 'item 3', 'item 4', 'item 5'])
    expect(await source.positions('alerts')).toMatchObject({ checkpoint: { sequenceNumber: 4_000_000 } })
    await source.clearLanePosition('siem', 'alerts')
    expect((await source.positions('alerts')).lanes).toEqual(new Map())
  })

  test('that gets what it lacks brings no pass before its time', async () => {
    const collection = collectionOf(4)
    const { source, sink, metrics } = collectorSource(collection, (await directoryStore())(), { every: 600_000 })
    const passes = async () => (await metrics.collectorPasses.get()).values[0]?.value
    await source.start(sink)
    await until(async () => (await passes()) === 1)
    await source.saveLanePosition('siem', 'alerts', sink.batches[1]!.cursor)
    await source.checkpoint('alerts', sink.batches[2]!.cursor)
    await source.restart(async () => {})
    await until(async () => (await passes()) === 2)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(collection.passes).toEqual(['-', '2-4'])
  })

  test('begins where the first start looked back to, whenever that was', async () => {
    const collection = collectionOf(4)
    const store = await directoryStore()
    const hold = (await store().acquire(signal))!
    await hold.saveLane('siem', { sequenceNumber: 1_000_000, offset: '1' })
    await hold.release()
    const { source, sink } = collectorSource(collection, store())
    collection.since = 3
    await source.start(sink)
    await until(() => sink.items.length === 3)
    expect(sink.cursors[0]).toBe('2000000 1')
  })
})

test('a right that has run out by the clock is not used, though nobody has said so yet', async () => {
  const collection = collectionOf(2)
  const store = (await directoryStore())()
  const lost = new AbortController()
  let isHeld = true
  const slept: CursorStore = {
    place: 'memory',
    prove: async () => {},
    async acquire(abort) {
      const hold = lost.signal.aborted ? undefined : await store.acquire(abort)
      if (!hold) return undefined
      onTestFinished(() => hold.release())
      return {
        lost: lost.signal,
        get isHeld() {
          if (!isHeld) lost.abort()
          return isHeld
        },
        read: () => hold.read(),
        checkpoint: cursor => hold.checkpoint(cursor),
        saveLane: (output, cursor) => hold.saveLane(output, cursor),
        clearLane: output => hold.clearLane(output),
        release: () => hold.release(),
      }
    },
  }
  const { source, sink } = collectorSource(collection, slept)
  await source.start(sink)
  await until(() => sink.items.length === 2)
  isHeld = false
  collection.add(2)
  await until(() => sink.lostStreams.length === 1)
  expect(sink.items).toHaveLength(2)
})

describe('replicas', () => {
  let storage: Storage
  beforeAll(async () => {
    storage = await startStorage()
  })
  afterAll(() => storage.stop())

  test('one polls, the other takes its place when it stops, and again when its lease is broken', async () => {
    const collection = collectionOf(3)
    const options = checkpointOptions(storage)
    const times = { lease: 15, renew: 100 }
    const replica = () => collectorSource(collection, new BlobCursors(options, 'alerts', silent, times))
    const active = async ({ metrics }: ReturnType<typeof replica>) =>
      (await metrics.collectorActive.get()).values[0]?.value
    const [one, other] = [replica(), replica()]
    for (const { source } of [one, other]) await source.open(signal)
    await one.source.start(one.sink)
    await until(() => one.sink.items.length === 3)
    await other.source.start(other.sink)
    await until(() => other.lines.some(({ text }) => text.includes('standing by')))
    expect(await one.source.checkpoint('alerts', one.sink.batches.at(-1)!.cursor)).toBe('written')
    expect([await active(one), await active(other)]).toEqual([1, 0])

    collection.add(2)
    await until(() => one.sink.items.length === 5)
    await breakLease(options.container)
    await until(() => one.sink.lostStreams.length === 1)
    // Whichever of the two has it now: what was not settled is read again, and nothing else.
    await until(() => one.sink.items.length + other.sink.items.length === 7)
    const [winner, loser] = (await active(other)) ? [other, one] : [one, other]
    expect(winner.sink.batches.slice(-1).flatMap(itemsOf)).toEqual(['item 3', 'item 4'])
    expect(winner.sink.batches.at(-1)!.cursor.sequenceNumber).toBe(4_000_000)
    if (loser === one) expect(await one.source.checkpoint('alerts', { sequenceNumber: 9e6, offset: '9' })).toBe('stale')

    await winner.source.stop()
    expect(await winner.source.checkpoint('alerts', winner.sink.batches.at(-1)!.cursor)).toBe('written')
    await winner.source.close()
    collection.add(1)
    await until(() => loser.sink.items.at(-1) === 'item 5', 5000)
    expect(loser.sink.batches.slice(-1).flatMap(itemsOf)).toEqual(['item 5'])
    expect(await winner.source.checkpoint('alerts', { sequenceNumber: 9e6, offset: '9' })).toBe('stale')
  }, 60_000)

  async function breakLease(container: string): Promise<void> {
    const blobs = new Blobs(checkpointOptions(storage, { container }))
    await blobs.container.getBlobClient('collectors/alerts/cursor').getBlobLeaseClient().breakLease(0)
  }
})
