import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { type Fleet, startFleet } from '../support/fleet.ts'
import type { Running } from '../support/xdrelay.ts'

const full = process.env.CHAOS === 'full'
const cycles = full ? 5 : 1
const rounds = full ? 20 : 2

/** Milliseconds; they are promises of the product, see docs/decisions/004-ownership-times.md. */
const limits = { share: 20_000, takeOver: 60_000, handOver: 15_000 }

/** Milliseconds; the default of `ownership.renew`. */
const renew = 5000

/** Waits far longer than is allowed, so that a failure tells how long it took. */
const patience = 150_000

/** How long it takes, in milliseconds, until the partitions are shared like this by blobs and hub. */
async function timeUntilShared(fleet: Fleet, shares: readonly number[], from = performance.now()): Promise<number> {
  await expect.poll(() => fleet.shares(), { timeout: patience, interval: 100 }).toEqual(shares)
  return Math.round(performance.now() - from)
}

/** Waits until all that is in the hub now lies behind a checkpoint. */
async function untilCheckpointed(fleet: Fleet): Promise<void> {
  const newest = fleet.newest()
  const areBehind = async () => {
    const stored = await fleet.checkpoints()
    return stored.length === newest.length && newest.every((each, index) => each <= stored[index]!)
  }
  await expect.poll(areBehind, { timeout: patience, interval: 100 }).toBe(true)
}

/** Traffic ends, the last replicas stop; then every record is in some file. Gives how many are there more than once. */
async function settle(fleet: Fleet, running: readonly Running[]): Promise<number> {
  const { traffic, places, book } = fleet
  traffic.stop()
  await expect
    .poll(() => places.refresh().then(() => places.size), { timeout: patience, interval: 200 })
    .toBe(traffic.records)
  for (const each of running) expect(await each.kill('SIGTERM'), each.stderr()).toBe(0)
  await places.refresh()
  expect(places.size).toBe(traffic.records)
  expect(await fleet.checkpoints()).toEqual(fleet.newest())
  expect(book.backwards).toEqual([])
  expect(book.ahead).toEqual([])
  expect(book.taken).toBeGreaterThan(4)
  return places.lines - places.size
}

describe('replicas come and go under steady traffic', () => {
  test('a killed one is replaced, a new one gets its share, a stopped one hands over, and nothing is lost', {
    timeout: 300_000 * cycles,
  }, async () => {
    const names = Array.from({ length: 2 + cycles }, (_, index) => `replica-${index}`)
    const fleet = await startFleet({ partitions: 4, replicas: names, seed: 'replicas' })
    const times = { share: [] as number[], takeOver: [] as number[], join: [] as number[], handOver: [] as number[] }
    const startedAt = performance.now()
    let [older, younger] = await Promise.all([fleet.start(names[0]!), fleet.start(names[1]!)])
    times.share.push(await timeUntilShared(fleet, [2, 2], startedAt))
    for (const name of names.slice(2)) {
      // Killed at work and not while it still starts, and at any moment between two confirmations.
      await untilCheckpointed(fleet)
      await sleep(Math.random() * renew)
      const killedAt = performance.now()
      await older.kill('SIGKILL')
      times.takeOver.push(await timeUntilShared(fleet, [4], killedAt))
      const joinedAt = performance.now()
      older = younger
      younger = await fleet.start(name)
      times.join.push(await timeUntilShared(fleet, [2, 2], joinedAt))
    }
    const stoppedAt = performance.now()
    const ended = older.kill('SIGTERM')
    times.handOver.push(await timeUntilShared(fleet, [4], stoppedAt))
    expect(await ended, older.stderr()).toBe(0)
    const doubles = await settle(fleet, [younger])
    const figures = Object.entries(times).map(([what, each]) => `${what} ${each.join(', ')} ms`)
    console.log(
      `${figures.join('; ')}; ${fleet.traffic.records} records, ${doubles} written twice, checkpoint writes: ${fleet.book.taken} taken, ${fleet.book.refused} refused`,
    )
    for (const time of [...times.share, ...times.join]) expect(time).toBeLessThan(limits.share)
    for (const time of times.takeOver) expect(time).toBeLessThan(limits.takeOver)
    for (const time of times.handOver) expect(time).toBeLessThan(limits.handOver)
  })
})

describe('a stale owner', () => {
  test('that slept until its partitions were lost moves no checkpoint backwards, and nothing is lost', {
    timeout: 300_000 + 60_000 * rounds,
  }, async () => {
    const replicas = ['one', 'other']
    const fleet = await startFleet({
      partitions: 4,
      replicas,
      seed: 'stale',
      ownership: '{ renew: 1s, expiry: 4s }',
      interval: '500ms',
    })
    const running = await Promise.all(replicas.map(name => fleet.start(name)))
    await timeUntilShared(fleet, [2, 2])
    for (let round = 0; round < rounds; round++) {
      await untilCheckpointed(fleet)
      const { process: sleeper } = running[round % 2]!
      sleeper.kill('SIGSTOP')
      await timeUntilShared(fleet, [4])
      // Woken at once, it meets a new owner that has not stored anything yet.
      if (round % 4 === 0 || round % 4 === 3) await untilCheckpointed(fleet)
      sleeper.kill('SIGCONT')
      await timeUntilShared(fleet, [2, 2])
      for (const each of running) expect(each.process.exitCode, each.stderr()).toBeNull()
    }
    const doubles = await settle(fleet, running)
    console.log(
      `${rounds} rounds, ${fleet.traffic.records} records, ${doubles} written twice, checkpoint writes: ${fleet.book.taken} taken, ${fleet.book.refused} refused`,
    )
  })
})
