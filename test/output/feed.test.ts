import { expect, test } from 'vitest'
import { Feed } from '../../src/output/feed.ts'
import { chunkOf } from '../support/chunks.ts'

/** A feed before a lane that takes everything and settles what it is told to. */
function feedOf(share: number) {
  const waiting: (() => void)[] = []
  const submit = () => new Promise<void>(resolve => waiting.push(resolve))
  const lane = { name: 'siem', state: 'up' as const, submit, idle: async () => {} }
  const feed = new Feed(lane, { share, slice: 0 })
  const offer = async (bytes: number) => (await feed.offer(chunkOf([{}]), bytes, false)) !== undefined
  return { feed, offer, settle: () => waiting.shift()!() }
}

test('what waits for a lane stays within the share, but for one chunk that is larger by itself', async () => {
  const { feed, offer, settle } = feedOf(100)
  expect([await offer(60), await offer(40), feed.behind]).toEqual([true, true, false])
  expect([await offer(1), feed.behind]).toEqual([false, true])
  settle()
  settle()
  await expect.poll(() => feed.wantsCatchUp).toBe(true)
  feed.catchUp()
  expect([await offer(500), await offer(1), feed.behind]).toEqual([true, false, true])
})

test('what has fallen behind gets nothing until it has caught up', async () => {
  const { feed, offer, settle } = feedOf(100)
  expect([await offer(100), await offer(1), await offer(1), feed.wantsCatchUp]).toEqual([true, false, false, false])
  settle()
  await expect.poll(() => feed.wantsCatchUp).toBe(true)
  expect(await offer(1)).toBe(false)
  feed.catchUp()
  expect(await offer(1)).toBe(true)
})
