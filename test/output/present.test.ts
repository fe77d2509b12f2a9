import { expect, test } from 'vitest'
import type { Chunk } from '../../src/core/types.ts'
import { writeAbsent } from '../../src/output/present.ts'
import { chunkOf } from '../support/chunks.ts'

const never = new AbortController().signal
const targetsOf = () => ({ stream: 'logs', current: 'states' })
const idsOf = (chunks: readonly Chunk[]) => chunks.flatMap(chunk => [...chunk.ids])

test('where it cannot be asked what is there, nothing is written and all is tried again', async () => {
  for (const answer of [
    { failure: 'no connection' },
    { status: 403, headers: {}, body: { error: { type: 'security_exception', reason: 'no read' } } },
    { status: 200, headers: {}, body: '<html>' },
  ]) {
    const delivery = await writeAbsent(
      { search: async () => answer, targetsOf, write: () => Promise.reject(new Error('written')) },
      [chunkOf([{}, {}]), chunkOf([{}])],
      never,
    )
    expect(delivery).toMatchObject({ retry: [0, 1, 2], rejected: [], duplicates: 0 })
    expect(delivery.outage).toMatch(/^cannot ask for what is there already: /)
  }
})

test('what became of the others is said by their places in the whole', async () => {
  const asked: [string, readonly string[]][] = []
  const search = async (stream: string, ids: readonly string[]) => {
    asked.push([stream, ids])
    return { status: 200, headers: {}, body: { hits: { hits: [{ _id: 'b' }, { _id: 'c' }] } } }
  }
  const chunks = [chunkOf([{}, {}], { ids: ['a', 'b'] }), chunkOf([{}, {}, {}], { ids: ['c', 'd', 'e'] })]
  const states = { ...chunks[1]!, versions: Float64Array.of(0, 0, 7) }
  const written: string[] = []
  const write = async (absent: readonly Chunk[]) => {
    written.push(...idsOf(absent))
    return { rejected: [{ index: 1, detail: 'bad' }], retry: [0, 2], duplicates: 0, outage: 'busy' }
  }
  const delivery = await writeAbsent({ search, targetsOf, write }, [chunks[0]!, states], never)
  // The last is a state, which is written over.
  expect(asked).toEqual([['logs', ['a', 'b', 'c', 'd']]])
  expect(written).toEqual(['a', 'd', 'e'])
  expect(delivery).toEqual({ rejected: [{ index: 3, detail: 'bad' }], retry: [0, 4], duplicates: 2, outage: 'busy' })
})

test('more ids than a search finds at once are asked for in parts', async () => {
  const sizes: number[] = []
  const search = async (_stream: string, ids: readonly string[]) => {
    sizes.push(ids.length)
    return { status: 200, headers: {}, body: { hits: { hits: [] } } }
  }
  const chunk = chunkOf(Array.from({ length: 10_001 }, () => ({})))
  const write = async () => ({ rejected: [], retry: [], duplicates: 0 })
  await writeAbsent({ search, targetsOf, write }, [chunk], never)
  expect(sizes).toEqual([10_000, 1])
})
