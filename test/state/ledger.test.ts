import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Cursor } from '../../src/core/types.ts'
import { Ledger } from '../../src/state/ledger.ts'

const at = (sequenceNumber: number): Cursor => ({ sequenceNumber, offset: String(sequenceNumber) })

function ledger() {
  const commits: [string, number][] = []
  return { commits, ledger: new Ledger((stream, cursor) => commits.push([stream, cursor.sequenceNumber])) }
}

test('a commit waits for every earlier batch of its stream', () => {
  const { commits, ledger: book } = ledger()
  const [first, second, third] = [1, 2, 3].map(n => book.track('s', at(n), 1))
  third!()
  second!()
  expect(commits).toEqual([])
  first!()
  expect(commits).toEqual([['s', 3]])
})

test('streams do not wait for each other', () => {
  const { commits, ledger: book } = ledger()
  book.track('a', at(1), 1)
  book.track('b', at(7), 1)()
  expect(commits).toEqual([['b', 7]])
})

test('settling twice commits once', () => {
  const { commits, ledger: book } = ledger()
  const settle = book.track('s', at(1), 1)
  settle()
  settle()
  expect(commits).toEqual([['s', 1]])
})

test('a forgotten stream commits nothing, also after it came back', () => {
  const { commits, ledger: book } = ledger()
  const old = book.track('s', at(5), 1)
  book.forget('s')
  const fresh = book.track('s', at(3), 1)
  old()
  expect(commits).toEqual([])
  fresh()
  expect(commits).toEqual([['s', 3]])
})

test('drained resolves when the last batch settles, and at once when there is none', async () => {
  const { ledger: book } = ledger()
  await book.drained()
  const settle = book.track('s', at(1), 4)
  expect(book.unsettled()).toBe(4)
  let done = false
  const waiting = book.drained().then(() => {
    done = true
  })
  await Promise.resolve()
  expect(done).toBe(false)
  settle()
  await waiting
  expect(book.unsettled('s')).toBe(0)
})

test('in any order of settling, commits rise and never pass an unsettled batch', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 40 }),
      fc.infiniteStream(fc.nat()),
      (streams, picks) => {
        const open = new Map<string, Set<number>>([
          ['a', new Set()],
          ['b', new Set()],
          ['c', new Set()],
        ])
        const highest = new Map<string, number>()
        const book = new Ledger((stream, cursor) => {
          expect(cursor.sequenceNumber).toBeGreaterThan(highest.get(stream) ?? -1)
          for (const number of open.get(stream)!) expect(number).toBeGreaterThan(cursor.sequenceNumber)
          highest.set(stream, cursor.sequenceNumber)
        })
        const settles = streams.map((stream, number) => {
          open.get(stream)!.add(number)
          const settle = book.track(stream, at(number), 1)
          return () => {
            open.get(stream)!.delete(number)
            settle()
          }
        })
        while (settles.length > 0) settles.splice(picks.next().value! % settles.length, 1)[0]!()
        for (const [index, stream] of streams.entries()) expect(highest.get(stream)).toBeGreaterThanOrEqual(index)
        expect(book.unsettled()).toBe(0)
      },
    ),
  )
})
