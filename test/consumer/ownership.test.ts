import { type AddressInfo, connect, createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { Ownership } from '../../src/consumer/ownership.ts'
import { SdkStore } from '../../src/consumer/sdk-store.ts'
import { ServerClock } from '../../src/consumer/server-clock.ts'
import { Secret } from '../../src/core/secret.ts'
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
import { memoryLog } from '../support/memory-log.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

function replica(blobs: Blobs, owner: string, renew = 60_000) {
  const [lost, unrenewed]: [string[], string[]] = [[], []]
  const read = new Set<string>()
  const { log, lines } = memoryLog()
  const ownership = new Ownership({
    blobs,
    address: { fullyQualifiedNamespace: 'NS', eventHubName: 'Hub', consumerGroup: 'Group' },
    owner,
    renew,
    expiry: 60_000,
    isRead: id => read.has(id),
    lost: id => lost.push(id),
    unrenewed: id => unrenewed.push(id),
    log,
  })
  onTestFinished(() => ownership.release(1000))
  return { ownership, lost, unrenewed, read, lines }
}

/** A way to the account on which, once `mute` is called, no answer comes any more. */
async function muteAccount({ connectionString, endpoint }: Storage) {
  const { host, hostname, port } = new URL(endpoint)
  let isMute = false
  const server = createServer(near => {
    const far = connect(Number(port), hostname)
    near.pipe(far)
    far.on('data', data => isMute || near.write(data))
    near.on('error', () => {}).on('close', () => far.destroy())
    far.on('error', () => {}).on('close', () => near.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const way = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    connectionString: new Secret(connectionString.replace(host, way)),
    mute: () => {
      isMute = true
    },
  }
}

describe('claims', () => {
  test('H: of replicas that start together, exactly one gets a partition that nobody had', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const replicas = ['a', 'b', 'c', 'd'].map(owner => replica(blobs, owner).ownership)
    for (const partition of ['0', '1', '2']) {
      const outcomes = await Promise.all(replicas.map(each => each.claim(partition, undefined)))
      expect(outcomes.toSorted()).toEqual(['refused', 'refused', 'refused', 'taken'])
    }
  })

  test('with an etag that is not the newest are lost quietly (B4)', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const [a, b] = [replica(blobs, 'a'), replica(blobs, 'b')]
    await a.ownership.claim('0', undefined)
    const [entry] = await b.ownership.list()
    expect(await b.ownership.claim('0', entry!.etag)).toBe('taken')
    expect(await a.ownership.claim('0', entry!.etag)).toBe('renewed') // as far as it knows
    expect(await a.ownership.confirm('0')).toBe(false)
    expect(a.lost).toEqual(['0'])
    expect(await a.ownership.claim('0', entry!.etag)).toBe('refused')
    expect(a.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('are noticed by the old owner with its next renewal, without the SDK', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const [a, b] = [replica(blobs, 'a', 100), replica(blobs, 'b')]
    a.ownership.start()
    await a.ownership.claim('0', undefined)
    await a.ownership.claim('1', undefined)
    await until(async () => {
      const [entry] = await b.ownership.list()
      return (await b.ownership.claim('0', entry!.etag)) === 'taken'
    })
    await until(() => a.lost.length === 1)
    expect(a.ownership.partitions).toEqual(['1'])
  })

  test('a renewal counts from when it was sent: its answer may have waited while this process slept', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const [a, b] = [replica(blobs, 'a', 300), replica(blobs, 'b')]
    await a.ownership.claim('0', undefined)
    const answers = { sent: Promise.withResolvers<void>(), come: Promise.withResolvers<void>() }
    const spy = vi.spyOn(SdkStore.prototype, 'claim')
    onTestFinished(() => spy.mockRestore())
    const store = new SdkStore(blobs)
    spy.mockImplementationOnce(async request => {
      const answer = await store.claim(request)
      answers.sent.resolve()
      await answers.come.promise
      return answer
    })
    a.ownership.start()
    await answers.sent.promise
    const [entry] = await b.ownership.list()
    expect(await b.ownership.claim('0', entry!.etag)).toBe('taken')
    await new Promise(resolve => setTimeout(resolve, 400))
    answers.come.resolve()
    await new Promise(setImmediate)
    expect(await a.ownership.claim('0', entry!.etag)).toBe('refused')
    expect(a.lost).toEqual(['0'])
  })

  test('a partition of ours that nobody reads looks free to the balancer, so that it is taken up again', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const { ownership, read } = replica(blobs, 'a')
    await ownership.claim('0', undefined)
    await ownership.claim('1', undefined)
    read.add('1')
    const owners = (await ownership.listForBalancer()).map(({ partitionId, ownerId }) => [partitionId, ownerId])
    expect(owners).toEqual([
      ['0', ''],
      ['1', 'a'],
    ])
  })

  test('what is released can be claimed at once', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const [a, b] = [replica(blobs, 'a'), replica(blobs, 'b')]
    await a.ownership.claim('0', undefined)
    await a.ownership.release(5000)
    const [entry] = await b.ownership.list()
    expect(entry).toMatchObject({ partitionId: '0', ownerId: '' })
    expect(await b.ownership.claim('0', entry!.etag)).toBe('taken')
  })

  test('a blob without an owner is free, and a stray one hides nothing (B7)', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const { ownership } = replica(blobs, 'a')
    await blobs.create('ns/hub/group/ownership/0', { note: 'no owner' })
    await blobs.create('ns/hub/group/ownership/deep/er', { ownerid: 'x' })
    await ownership.claim('1', undefined)
    const listed = await ownership.list()
    expect(listed.map(({ partitionId, ownerId }) => [partitionId, ownerId])).toEqual([
      ['0', ''],
      ['1', 'a'],
    ])
    expect(await ownership.claim('0', listed[0]!.etag)).toBe('taken')
  })
})

describe('H5: clocks', () => {
  test.each([56_000, 300_000, -56_000, -300_000])(
    'ages do not depend on this machine, whose clock is %i ms off',
    async skew => {
      const blobs = new Blobs(checkpointOptions(storage))
      const [a, b] = [replica(blobs, 'a'), replica(blobs, 'b')]
      await a.ownership.claim('0', undefined)
      const real = Date.now
      vi.spyOn(Date, 'now').mockImplementation(() => real() + skew)
      onTestFinished(() => {
        vi.restoreAllMocks()
      })
      const [entry] = await b.ownership.listForBalancer()
      // What the SDK computes to judge whether an owner is dead.
      expect(Math.abs(Date.now() - entry!.lastModifiedTimeInMs!)).toBeLessThan(3000)
    },
  )

  test('the server clock follows the best sample, ignores late ones and accepts that the server was set back', () => {
    let monotonic = 1000
    const clock = new ServerClock(() => monotonic)
    clock.sample(1_000_000)
    expect(clock.now()).toBe(1_000_000)
    monotonic = 2000
    clock.sample(1_001_900) // the first answer had been under way for 900 ms
    expect(clock.now()).toBe(1_001_900)
    monotonic = 3000
    clock.sample(1_002_000) // so has this one
    expect(clock.now()).toBe(1_002_890)
    monotonic = 4000
    clock.sample(900_000)
    expect(clock.now()).toBe(900_000)
  })
})

describe('the expiry', () => {
  test('a fresh process waits for a dead owner no longer than the expiry', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const dead = replica(blobs, 'dead')
    await dead.ownership.claim('0', undefined)
    const fresh = replica(blobs, 'fresh')
    const startedAt = performance.now()
    const expiry = 3000
    await until(async () => {
      const [entry] = await fresh.ownership.listForBalancer()
      return Date.now() - entry!.lastModifiedTimeInMs! >= expiry
    })
    // The rounds of this test are 20 ms apart and each takes some; the order of magnitude is what counts.
    expect(performance.now() - startedAt).toBeLessThan(expiry + 10_000)
    expect(performance.now() - startedAt).toBeGreaterThan(expiry - 2500)
  })

  test('a healthy owner never looks old, although the store counts in whole seconds', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const [healthy, other] = [replica(blobs, 'healthy', 200), replica(blobs, 'other')]
    healthy.ownership.start()
    await healthy.ownership.claim('0', undefined)
    const ages: number[] = []
    for (let round = 0; round < 20; round++) {
      const [entry] = await other.ownership.listForBalancer()
      ages.push(Date.now() - entry!.lastModifiedTimeInMs!)
      await new Promise(resolve => setTimeout(resolve, 150))
    }
    // But for a renewal that a busy machine holds up; counted in whole seconds, half of the looks would be too old.
    expect(ages.sort((a, b) => a - b)[15]).toBeLessThan(700)
  })

  test('a dead owner is noticed also while one ownership of ours cannot be written', async () => {
    const options = checkpointOptions(storage)
    const [dead, living] = [replica(new Blobs(options), 'dead'), replica(new Blobs(options), 'living', 100)]
    await dead.ownership.claim('1', undefined)
    await living.ownership.claim('0', undefined)
    await living.ownership.claim('2', undefined)
    const update = vi.spyOn(SdkStore.prototype, 'claim').mockImplementation(async function (this: SdkStore, claim) {
      if (claim.partitionId === '0') throw new Error('403')
      return { etag: (await new Blobs(options).head(`ns/hub/group/ownership/${claim.partitionId}`))!.etag }
    })
    onTestFinished(() => update.mockRestore())
    living.ownership.start()
    await until(async () => {
      const entries = await living.ownership.listForBalancer()
      const { lastModifiedTimeInMs } = entries.find(({ partitionId }) => partitionId === '1')!
      return Date.now() - lastModifiedTimeInMs! >= 3000
    })
    expect(new Set(living.unrenewed)).toEqual(new Set(['0']))
    expect(living.lines).toEqual([])
  })

  test('after an outage of the store nobody counts as dead at once: no one could renew (B1)', async () => {
    const account = await startStorage()
    onTestFinished(() => account.stop())
    const blobs = new Blobs(checkpointOptions(account), { attempts: 1 })
    const [a, b] = [replica(blobs, 'a'), replica(blobs, 'b')]
    await a.ownership.claim('0', undefined)
    await b.ownership.list()
    const list = vi.spyOn(blobs, 'list').mockRejectedValueOnce(new Error('503'))
    await expect(b.ownership.listForBalancer()).rejects.toThrow('503')
    list.mockRestore()
    await new Promise(resolve => setTimeout(resolve, 2500))
    const [entry] = await b.ownership.listForBalancer()
    expect(Date.now() - entry!.lastModifiedTimeInMs!).toBeLessThan(1000)
    expect(b.lines.map(({ fields }) => fields['event.action'])).toEqual([
      'checkpoint_store_down',
      'checkpoint_store_up',
    ])
  })
})

describe('a stale owner', () => {
  test('A6: changes no checkpoint once another replica has claimed, even if nobody told it', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    // Renews so rarely that it cannot have noticed by itself.
    const options = hubOptions(hub, { ownership: { renew: 60_000, expiry: 600_000 } })
    const { source, sink } = await startTestSource(options, checkpoints)
    fill(hub, '0', 3)
    await until(() => sink.count === 3)
    const blobs = new Blobs(checkpoints)
    const name = `127.0.0.1/${hubName}/${group}/ownership/0`
    const { etag } = (await blobs.head(name))!
    await blobs.update(name, { ownerid: 'another' }, etag)
    expect(await source.checkpoint('xdr/0', sink.batches.at(-1)!.cursor)).toBe('stale')
    expect(await blobs.head(`127.0.0.1/${hubName}/${group}/checkpoint/0`)).toBeUndefined()
    expect(sink.lostStreams).toEqual(['xdr/0'])
  })

  test('A6, A7: hands nothing on after a sleep, however much lies ready, until the store has told whose it is', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    // As after a sleep: it renews so rarely that the expiry passes in between.
    const options = hubOptions(hub, { ownership: { renew: 60_000, expiry: 1000 } })
    const { sink } = await startTestSource(options, checkpoints)
    fill(hub, '0', 3)
    await until(() => sink.count === 3)
    const blobs = new Blobs(checkpoints)
    const name = `127.0.0.1/${hubName}/${group}/ownership/0`
    const { etag } = (await blobs.head(name))!
    await new Promise(resolve => setTimeout(resolve, 1100))
    fill(hub, '0', 1)
    await until(() => sink.count === 4)
    await blobs.update(name, { ownerid: 'another' }, etag)
    await new Promise(resolve => setTimeout(resolve, 1100))
    fill(hub, '0', 100)
    await until(() => sink.lostStreams.length === 1)
    expect(sink.count).toBe(4)
  })

  test('A6: an answer that waited here during a sleep settles nothing, so it asks again', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const [a, b] = [replica(blobs, 'a'), replica(blobs, 'b')]
    await a.ownership.claim('0', undefined)
    const [entry] = await b.ownership.list()
    const head = blobs.head.bind(blobs)
    const now = performance.now.bind(performance)
    let slept = 0
    vi.spyOn(performance, 'now').mockImplementation(() => now() + slept)
    onTestFinished(() => {
      vi.restoreAllMocks()
    })
    vi.spyOn(blobs, 'head').mockImplementationOnce(async name => {
      const answer = await head(name)
      slept = 60_000
      await b.ownership.claim('0', entry!.etag)
      return answer
    })
    await a.ownership.settleDoubt('0')
    expect(a.lost).toEqual(['0'])
  })

  test('a store that does not answer doubts holds up reading for a moment only', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const { connectionString, mute } = await muteAccount(storage)
    const options = hubOptions(hub, { maxBatch: 1, ownership: { renew: 400, expiry: 1000 } })
    const { sink } = await startTestSource(options, { ...checkpoints, connectionString })
    fill(hub, '0', 1)
    await until(() => sink.count === 1)
    mute()
    await new Promise(resolve => setTimeout(resolve, 1100))
    fill(hub, '0', 20)
    await until(() => sink.count === 21)
    expect(sink.lostStreams).toEqual([])
  })

  test('only an owner makes a checkpoint blob', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const { source } = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => hub.receivers().length === 1)
    expect(await source.checkpoint('xdr/7', { sequenceNumber: 1, offset: '1' })).toBe('stale')
    expect(await source.checkpoint('other/0', { sequenceNumber: 1, offset: '1' })).toBe('stale')
    expect((await new Blobs(checkpoints).list(`127.0.0.1/${hubName}/${group}/checkpoint/`)).entries).toEqual([])
  })
})
