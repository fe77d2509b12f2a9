import { expect, test } from 'vitest'
import type { Collector, Page } from '../../src/collect/collector.ts'
import { doneUntil, SlicedCollector } from '../../src/collect/slices.ts'

const window = { since: 0, until: 25, slice: 10 }
const { signal } = new AbortController()

/** Three pages in each slice, whose states are numbers; reads those behind `from`, up to `until`. */
class Numbers implements Collector {
  readonly dataset = 'alert'
  readonly asked: (readonly [from: string | undefined, until: string | undefined])[] = []

  async probe(): Promise<string> {
    return 'ok'
  }

  async *pass(from: string | undefined, _signal: AbortSignal, until?: string): AsyncGenerator<Page, void> {
    this.asked.push([from, until])
    for (let number = Number(from) + 1; number <= Math.min(Number(until), Number(from) + 3); number++)
      yield { body: Buffer.from(`${number}`), items: 1, time: 0, state: `${number}` }
  }
}

function sliced() {
  const numbers = new Numbers()
  const collector = new SlicedCollector(numbers, window, (since, until) => ({
    from: `${since}`,
    until: `${until - 1}`,
  }))
  const read = async (from?: string, until?: string) => {
    const pages = await Array.fromAsync(collector.pass(from, signal, until))
    return { pages, read: pages.filter(({ items }) => items > 0).map(({ body }) => Number(body.toString())) }
  }
  return { numbers, read }
}

test('slices follow each other, the last one no longer than the window', async () => {
  const { numbers, read } = sliced()
  const all = await read()
  expect(all.read).toEqual([1, 2, 3, 11, 12, 13, 21, 22, 23])
  expect(numbers.asked).toEqual([
    ['0', '9'],
    ['10', '19'],
    ['20', '24'],
  ])
  expect(doneUntil(all.pages.at(-1)!.state)).toBe(25)
  expect(await read(all.pages.at(-1)!.state)).toEqual({ pages: [], read: [] })
})

test('from each state it goes on with what comes next, within a slice as well', async () => {
  const { read } = sliced()
  const { pages } = await read()
  const places = pages.map(({ state }) => state)
  expect(places.map(doneUntil)).toEqual([0, 0, 0, 10, 10, 10, 10, 20, 20, 20, 20, 25])
  // The second page of the first slice, and of the second: three more of each slice that is under way.
  expect((await read(places[1])).read).toEqual([3, 4, 5, 11, 12, 13, 21, 22, 23])
  expect((await read(places[5])).read).toEqual([13, 14, 15, 21, 22, 23])
})

test('an output that lags gets what there is up to a state, and no more', async () => {
  const { read } = sliced()
  const { pages } = await read()
  const places = pages.map(({ state }) => state)
  expect((await read(places[2], places[5])).read).toEqual([4, 5, 6, 11, 12])
  expect((await read(places[3], places[7])).read).toEqual([11, 12, 13])
  expect((await read(undefined, places[1])).read).toEqual([1, 2])
})

test.each(['', '{}', '{"at":"x"}', '{"at":1,"inside":2}'])('%j is no state of a backfill', async state => {
  await expect(sliced().read(state)).rejects.toMatchObject({ kind: 'checkpoint_unreadable' })
})
