import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lowest, PositionStore } from '../../src/consumer/positions.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import {
  checkpointOptions,
  fill,
  group,
  hubName,
  hubOptions,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const prefix = 'ns/hub/group/'
const at = (sequenceNumber: number) => ({ sequenceNumber, offset: String(sequenceNumber * 10) })

function stores() {
  const blobs = new Blobs(checkpointOptions(storage))
  const owner = { id: 'a' }
  const store = (id: string) => new PositionStore(blobs, prefix, id, async () => owner.id === id)
  return { blobs, owner, a: store('a'), b: store('b') }
}

describe('H3: checkpoints', () => {
  test('lie where every Azure SDK and KEDA look for them, under the same keys', async () => {
    const { blobs, a } = stores()
    expect(await a.checkpoint('0', { sequenceNumber: 7, offset: '70' })).toBe('written')
    expect((await blobs.head('ns/hub/group/checkpoint/0'))?.metadata).toEqual({
      sequencenumber: '7',
      offset: '70',
      ownerid: 'a',
    })
  })

  test('never go backwards, whatever another writer did meanwhile', async () => {
    const { blobs, a } = stores()
    await a.checkpoint('0', at(100))
    expect(await a.checkpoint('0', at(5))).toBe('stale')
    const { etag } = (await blobs.head('ns/hub/group/checkpoint/0'))!
    await blobs.update('ns/hub/group/checkpoint/0', { sequencenumber: '200', offset: '2000' }, etag)
    expect(await a.checkpoint('0', at(150))).toBe('stale')
    expect(await a.checkpoint('0', at(201))).toBe('written')
    expect((await a.read('0')).checkpoint).toEqual(at(201))
  })

  test('are refused to a replica that does not own the partition any more', async () => {
    const { owner, a, b } = stores()
    await a.checkpoint('0', at(10))
    owner.id = 'b'
    expect(await a.checkpoint('0', at(20))).toBe('stale')
    expect(await a.saveLane('siem', '0', at(5))).toBe('stale')
    expect((await b.read('0')).checkpoint).toEqual(at(10))
  })

  test('a write of the old owner that is under way during the take-over cannot succeed', async () => {
    const { blobs, owner, a, b } = stores()
    await a.checkpoint('0', at(10))
    // The old owner is told that the partition is its own, and sleeps before it writes.
    const asleep = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const old = new PositionStore(blobs, prefix, 'a', async () => {
      const mine = owner.id === 'a'
      asked.resolve()
      await asleep.promise
      return mine
    })
    const late = old.checkpoint('0', at(50))
    await asked.promise
    owner.id = 'b'
    await b.fence('0')
    const start = (await b.read('0')).checkpoint
    asleep.resolve()
    expect(await late).toBe('stale')
    expect(start).toEqual(at(10))
    expect((await b.read('0')).checkpoint).toEqual(at(10))
  })

  test('such a write is shut out by every take-over, before the new owner reads where to begin', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const [asleep, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    // Told that the partition is its own, it sleeps before it writes; asked once more, it would be told otherwise.
    const sleeps = async () => {
      asked.resolve()
      await asleep.promise
      return true
    }
    const answers = [async () => true, sleeps, async () => false]
    const answer = () => answers.shift()!()
    const old = new PositionStore(new Blobs(checkpoints), `127.0.0.1/${hubName}/${group}/`, 'old', answer)
    const cursors = [5, 10].map(count => {
      fill(hub, '0', 5)
      return { sequenceNumber: count - 1, offset: hub.partition(hubName, '0').lastOffset }
    })
    await old.checkpoint('0', cursors[0]!)
    const late = old.checkpoint('0', cursors[1]!)
    await asked.promise
    const { source, sink } = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => sink.count === 5)
    asleep.resolve()
    expect(await late).toBe('stale')
    expect((await source.positions('xdr/0')).checkpoint).toEqual(cursors[0])
  })

  test('a write that is under way when the positions are removed does not bring one back', async () => {
    const { blobs } = stores()
    const [asleep, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let isFirst = true
    const store = new PositionStore(blobs, prefix, 'a', async () => {
      if (!isFirst) return true
      isFirst = false
      asked.resolve()
      await asleep.promise
      return true
    })
    await new PositionStore(blobs, prefix, 'a', async () => true).checkpoint('0', at(10))
    const late = store.checkpoint('0', at(50))
    await asked.promise
    await store.reset('0')
    asleep.resolve()
    expect(await late).toBe('stale')
    expect((await store.read('0')).checkpoint).toBeUndefined()
  })

  test('two writers at once end with the higher one', async () => {
    const { blobs } = stores()
    const one = new PositionStore(blobs, prefix, 'x', async () => true)
    const two = new PositionStore(blobs, prefix, 'x', async () => true)
    await Promise.all([1, 2, 3, 4, 5].flatMap(n => [one.checkpoint('0', at(n)), two.checkpoint('0', at(n + 10))]))
    expect((await one.read('0')).checkpoint).toEqual(at(15))
  })

  test('writing the same position again is a success and no conflict', async () => {
    const { a } = stores()
    expect([await a.checkpoint('0', at(3)), await a.checkpoint('0', at(3))]).toEqual(['written', 'written'])
  })
})

describe('B7: a damaged blob', () => {
  test.each([
    [{ sequencenumber: '5' }],
    [{ offset: '50' }],
    [{ sequencenumber: 'NaN', offset: '50' }],
    [{ sequencenumber: '5', offset: '' }],
  ])('%j is no position, and does not hide the others', async metadata => {
    const { blobs, a } = stores()
    await a.checkpoint('0', at(3))
    await blobs.create('ns/hub/group/checkpoint/1', metadata)
    const message = expect.stringContaining('ns/hub/group/checkpoint/1')
    await expect(a.read('1')).rejects.toMatchObject({ kind: 'checkpoint_unreadable', message })
    const damaged: string[] = []
    expect((await a.list(name => damaged.push(name))).map(({ partitionId }) => partitionId)).toEqual(['0'])
    expect(damaged).toEqual(['ns/hub/group/checkpoint/1'])
  })

  test('stops its own partition until it is mended, and no other', async () => {
    const hub = await startTestHub(2)
    const checkpoints = checkpointOptions(storage)
    const blobs = new Blobs(checkpoints)
    const name = `127.0.0.1/${hubName}/${group}/checkpoint/1`
    await blobs.create(name, { sequencenumber: '1' })
    await blobs.create(`127.0.0.1/${hubName}/${group}/ownership/stray`, { note: 'x' })
    for (const partition of ['0', '1']) fill(hub, partition, 4)
    const { sink, lines } = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => sink.count === 4)
    await until(() => lines.some(({ level, text }) => level === 'warn' && text.includes(name)))
    expect(sink.sequence('xdr/1')).toEqual([])
    await blobs.remove(name)
    await until(() => sink.count === 8)
  })
})

describe('positions of lagging outputs', () => {
  test('lie beside the checkpoints, where listings of checkpoints do not see them', async () => {
    const { blobs, a } = stores()
    await a.checkpoint('0', at(9))
    await a.saveLane('a/b c', '0', at(4))
    await a.saveLane('siem', '0', at(6))
    await a.saveLane('siem', '1', at(1))
    expect((await a.list()).map(({ partitionId }) => partitionId)).toEqual(['0'])
    const positions = await a.read('0')
    expect(positions.lanes).toEqual(
      new Map([
        ['a/b c', at(4)],
        ['siem', at(6)],
      ]),
    )
    expect(lowest(positions)).toEqual(at(4))
    await a.clearLane('a/b c', '0')
    expect(lowest(await a.read('0'))).toEqual(at(6))
    expect((await blobs.list('ns/hub/group/lane/')).entries).toHaveLength(2)
  })

  test('without a checkpoint reading begins at the start, whatever the outputs say', () => {
    expect(lowest({ checkpoint: undefined, lanes: new Map([['siem', at(4)]]) })).toBeUndefined()
  })

  test('a cleared position can be saved again lower', async () => {
    const { a } = stores()
    await a.saveLane('siem', '0', at(6))
    await a.clearLane('siem', '0')
    expect(await a.saveLane('siem', '0', at(2))).toBe('written')
  })
})

describe('a container that is emptied while running (B6)', () => {
  test('costs nothing: ownership and checkpoints are made anew', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const { source, sink } = await startTestSource(hubOptions(hub), checkpoints)
    fill(hub, '0', 3)
    await until(() => sink.count === 3)
    await source.checkpoint('xdr/0', sink.batches.at(-1)!.cursor)
    const blobs = new Blobs(checkpoints)
    for (const { name } of (await blobs.list('')).entries) await blobs.remove(name)
    await until(async () => (await blobs.list('')).entries.length === 1)
    fill(hub, '0', 3)
    await until(() => sink.count >= 6)
    expect(sink.sequence('xdr/0')).toEqual([0, 1, 2, 3, 4, 5])
    expect(await source.checkpoint('xdr/0', sink.batches.at(-1)!.cursor)).toBe('written')
  })
})
