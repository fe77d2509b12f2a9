import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Chunk, Delivery } from '../../src/core/types.ts'
import { chunkOf } from '../support/chunks.ts'
import { docs, inFlight, laneOf, MemoryDeadLetter, retryAll, ScriptedOutput, settledBy } from '../support/lanes.ts'

type Fate = 'delivered' | 'duplicate' | 'rejected' | 'retry' | 'throttled'

/** Answers by chance, and keeps the books that the lane has to agree with. */
class RandomOutput extends ScriptedOutput {
  readonly ended = new Map<string, Fate>()
  readonly twice: string[] = []
  duplicates = 0

  constructor(fates: () => Fate) {
    super(async chunks => {
      await turn()
      return fates() === 'throttled' ? retryAll(chunks, { outage: 'down' }) : this.#decide(chunks, fates)
    })
  }

  #decide(chunks: readonly Chunk[], fates: () => Fate): Delivery {
    const rejected: { index: number; detail: string }[] = []
    const retry: number[] = []
    let duplicates = 0
    for (const [index, id] of chunks.flatMap(chunk => chunk.ids).entries()) {
      const fate = fates()
      if (fate === 'retry' || fate === 'throttled') {
        retry.push(index)
        continue
      }
      if (this.ended.has(id)) this.twice.push(id)
      this.ended.set(id, fate)
      if (fate === 'rejected') rejected.push({ index, detail: id })
      if (fate === 'duplicate') duplicates++
    }
    this.duplicates += duplicates
    return { rejected, retry, duplicates }
  }
}

test('whatever an output answers, each document ends exactly once and each chunk settles only then', async () => {
  const fate = fc.constantFrom<Fate>(
    'delivered',
    'delivered',
    'delivered',
    'duplicate',
    'rejected',
    'retry',
    'throttled',
  )
  const run = async (sizes: number[], count: number, script: Fate[]) => {
    let step = 0
    // After the script all goes well, so that every run ends.
    const output = new RandomOutput(() => script[step++] ?? 'delivered')
    const deadLetter = new MemoryDeadLetter()
    const { lane, metrics } = laneOf(output, { deadLetter, policy: { count, maxRetry: 1 } })
    const chunks = sizes.map(size => chunkOf(docs(size)))
    const checks = chunks.map(async chunk => {
      await lane.submit(chunk)
      const buried = new Set(deadLetter.rejects.map(({ detail }) => detail))
      for (const id of chunk.ids) expect(output.ended.get(id) === 'rejected' ? buried.has(id) : true).toBe(true)
      expect(chunk.ids.filter(id => !output.ended.has(id))).toEqual([])
    })
    await Promise.all(checks)
    await lane.idle()
    const fates = [...output.ended.values()]
    const settled = await settledBy(metrics, 'siem')
    const rejected = fates.filter(each => each === 'rejected').length
    expect(output.twice).toEqual([])
    expect(deadLetter.rejects.map(({ detail }) => detail).sort()).toEqual(
      [...output.ended]
        .filter(([, each]) => each === 'rejected')
        .map(([id]) => id)
        .sort(),
    )
    expect(settled.dead_letter ?? 0).toBe(rejected)
    expect(settled.duplicate ?? 0).toBe(output.duplicates)
    expect((settled.delivered ?? 0) + (settled.duplicate ?? 0) + rejected).toBe(sizes.reduce((a, b) => a + b, 0))
    expect(await inFlight(metrics)).toBe(0)
  }
  const sizes = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 8 })
  const script = fc.array(fate, { maxLength: 80 })
  await fc.assert(fc.asyncProperty(sizes, fc.integer({ min: 1, max: 15 }), script, run), { numRuns: 150 })
})

test('retries of an output are counted from 0, before there was one', async () => {
  const { metrics } = laneOf(new ScriptedOutput(chunks => retryAll(chunks)))
  expect((await metrics.outputRetries.get()).values).toEqual([{ labels: { output: 'siem' }, value: 0 }])
})
