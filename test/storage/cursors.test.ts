import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { silent } from '../../src/core/log.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { BlobCursors } from '../../src/storage/blob-cursors.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import type { CursorHold, CursorStore } from '../../src/storage/cursors.ts'
import { DirectoryCursors } from '../../src/storage/directory-cursors.ts'
import { checkpointOptions, until } from '../support/event-hub.ts'
import { tempDirectory } from '../support/temp.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const at = (sequenceNumber: number) => ({ sequenceNumber, offset: `state ${sequenceNumber}` })
const { signal } = new AbortController()

async function held(store: CursorStore): Promise<CursorHold> {
  const hold = await store.acquire(signal)
  if (!hold) throw new Error('another has the right')
  onTestFinished(() => hold.release())
  return hold
}

const kinds: [string, () => Promise<() => CursorStore>][] = [
  [
    'a blob',
    async () => {
      const options = checkpointOptions(storage)
      return () => new BlobCursors(options, 'contoso.com/alerts', silent)
    },
  ],
  [
    'a directory',
    async () => {
      const directory = await tempDirectory()
      return () => new DirectoryCursors(directory, 'contoso.com/alerts', 4711)
    },
  ],
]

describe.each(kinds)('positions in %s', (_kind, place) => {
  test('are there for the next who polls, whole and as they were', async () => {
    const open = await place()
    const first = await held(open())
    expect(await first.read()).toEqual({ checkpoint: undefined, lanes: new Map() })
    const long = { sequenceNumber: 2_000_000, offset: JSON.stringify({ seen: 'ü"\n'.repeat(16_000) }) }
    expect(await first.checkpoint(at(1_000_000))).toBe('written')
    expect(await first.saveLane('archive', at(1_000_000))).toBe('written')
    expect(await first.saveLane('siem', at(1_000_001))).toBe('written')
    expect(await first.checkpoint(long)).toBe('written')
    await first.clearLane('siem')
    await first.release()
    const second = await held(open())
    expect(await second.read()).toEqual({ checkpoint: long, lanes: new Map([['archive', at(1_000_000)]]) })
  })

  test('never go backwards, and may be written again', async () => {
    const open = await place()
    const hold = await held(open())
    await hold.checkpoint(at(5))
    expect(await hold.checkpoint(at(4))).toBe('stale')
    expect(await hold.checkpoint(at(5))).toBe('written')
    await hold.saveLane('archive', at(3))
    expect(await hold.saveLane('archive', at(2))).toBe('stale')
    expect(await hold.read()).toEqual({ checkpoint: at(5), lanes: new Map([['archive', at(3)]]) })
  })

  test('changes that come at once are all there in the end', async () => {
    const open = await place()
    const hold = await held(open())
    await Promise.all([hold.checkpoint(at(9)), ...['a', 'b', 'c'].map((name, index) => hold.saveLane(name, at(index)))])
    await hold.release()
    const { checkpoint, lanes } = await (await held(open())).read()
    expect([checkpoint, [...lanes.keys()]]).toEqual([at(9), ['a', 'b', 'c']])
  })

  test('only one at a time may write them, and the next at once when it stops', async () => {
    const open = await place()
    const [one, other] = [open(), open()]
    const first = await held(one)
    expect(await other.acquire(signal)).toBeUndefined()
    await first.checkpoint(at(1))
    await first.release()
    expect([first.isHeld, first.lost.aborted]).toEqual([false, true])
    const second = await held(other)
    expect(await first.checkpoint(at(2))).toBe('stale')
    expect(await first.saveLane('archive', at(2))).toBe('stale')
    expect(await second.read()).toEqual({ checkpoint: at(1), lanes: new Map() })
  })
})

describe('a blob', () => {
  test('is not written by one whose lease ended, and whose process did not notice', async () => {
    const options = checkpointOptions(storage)
    const open = () => new BlobCursors(options, 'alerts', silent, { lease: 15, renew: 600_000 })
    const stale = await held(open())
    await stale.checkpoint(at(1))
    await breakLease(options.container)
    const fresh = await held(open())
    await fresh.checkpoint(at(2))
    expect(stale.isHeld).toBe(true) // as far as it knows
    expect(await stale.checkpoint(at(3))).toBe('stale')
    expect((await fresh.read()).checkpoint).toEqual(at(2))
  })

  test('whose lease is broken is lost with the next renewal', async () => {
    const options = checkpointOptions(storage)
    const hold = await held(new BlobCursors(options, 'alerts', silent, { lease: 15, renew: 100 }))
    await breakLease(options.container)
    await until(() => hold.lost.aborted)
    expect(hold.isHeld).toBe(false)
  })

  test('is kept for as long as it is renewed, and left to others soon after', async () => {
    const options = checkpointOptions(storage)
    const times = { lease: 15, renew: 1000 }
    const hold = await held(new BlobCursors(options, 'alerts', silent, times))
    const other = new BlobCursors(options, 'alerts', silent, times)
    await sleep(17_000)
    expect([hold.isHeld, await other.acquire()]).toEqual([true, undefined])
  })

  test('is lost by the clock where the account does not answer, before another can have it', async () => {
    const account = await startStorage()
    const hold = await held(new BlobCursors(checkpointOptions(account), 'alerts', silent, { lease: 15, renew: 1000 }))
    await account.stop()
    const started = performance.now()
    await until(() => !hold.isHeld, 20_000)
    expect(performance.now() - started).toBeLessThan(15_000)
    expect(hold.lost.aborted).toBe(true)
  }, 90_000)

  test('with something else in it is not written over', async () => {
    const options = checkpointOptions(storage)
    const blobs = new Blobs(options)
    await blobs.create('collectors/alerts/cursor', {})
    await blobs.container.getBlockBlobClient('collectors/alerts/cursor').upload('{"version":7}', 13)
    const hold = await held(new BlobCursors(options, 'alerts', silent))
    const failure = {
      kind: 'checkpoint_unreadable',
      message: expect.stringMatching(/collectors\/alerts\/cursor.*version.*7/),
    }
    await expect(hold.read()).rejects.toMatchObject(failure)
    await expect(hold.checkpoint(at(1))).rejects.toMatchObject(failure)
  })

  async function breakLease(container: string): Promise<void> {
    const blobs = new Blobs(checkpointOptions(storage, { container }))
    for await (const { name } of blobs.container.listBlobsFlat())
      await blobs.container.getBlobClient(name).getBlobLeaseClient().breakLease(0)
  }
})

describe('a directory', () => {
  test('that another process polls from is a clear error, until that one is dead', async () => {
    const directory = await tempDirectory()
    const child = fork(new URL('../support/lock-holder.ts', import.meta.url), [join(directory, 'alerts.lock')])
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child, 'message')
    const store = new DirectoryCursors(directory, 'alerts', 4711)
    const error = { kind: 'cannot_write', message: expect.stringContaining(`process ${child.pid} on`) }
    await expect(store.prove()).rejects.toMatchObject(error)
    await expect(store.prove()).rejects.toMatchObject({ message: expect.stringContaining(directory) })
    child.kill('SIGKILL')
    await once(child, 'exit')
    await store.prove()
    await held(store)
  })

  test('that cannot be written to is an error', async () => {
    const directory = await tempDirectory()
    await writeFile(join(directory, 'file'), '')
    const store = new DirectoryCursors(join(directory, 'file'), 'alerts', 1)
    await expect(store.prove()).rejects.toMatchObject({ kind: 'cannot_write' })
  })

  test('keeps the positions readable for people, and for its owner alone', async () => {
    const directory = await tempDirectory()
    const hold = await held(new DirectoryCursors(directory, 'alerts', 1))
    await hold.checkpoint(at(1))
    expect(JSON.parse(await readFile(join(directory, 'alerts.json'), 'utf8'))).toEqual({
      version: 1,
      checkpoint: { sequence_number: 1, state: 'state 1' },
      outputs: {},
    })
  })
})
