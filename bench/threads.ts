import { createGenerator } from '../src/emulator/generator/generator.ts'
import { createTransform } from '../src/transform/pool.ts'
import { batchOf, median, transformOptions } from './transform.ts'

export interface ThreadsFigures {
  /** Records per second by the wall clock, bytes moved in and out of the threads included. */
  readonly oneWorker: number
  readonly twoWorkers: number
  readonly ratio: number
}

/** The transform on worker threads, with nothing else to do: 1 and 2 of them in turn, so that other load meets both. */
export async function measureThreads(quick: boolean): Promise<ThreadsFigures> {
  const generator = createGenerator({ seed: 'bench' })
  const messages = Array.from({ length: quick ? 40 : 150 }, () => generator.nextMessage(100))
  const pools = [1, 2].map(workers => createTransform({ ...transformOptions, workers }))
  const rounds: number[][] = [[], []]
  try {
    const warmUps = quick ? 2 : 4
    for (let round = 0; round < warmUps + (quick ? 5 : 11); round++) {
      for (const [index, pool] of pools.entries()) {
        const start = performance.now()
        // A copy each: the pool moves what it is given.
        await Promise.all(messages.map(({ body }, number) => pool.run(batchOf(Buffer.from(body), number))))
        if (round >= warmUps) rounds[index]!.push(performance.now() - start)
      }
    }
  } finally {
    await Promise.all(pools.map(pool => pool.close()))
  }
  const records = messages.reduce((sum, message) => sum + message.records, 0)
  const [one, two] = rounds.map(median) as [number, number]
  return {
    oneWorker: Math.round((records / one) * 1000),
    twoWorkers: Math.round((records / two) * 1000),
    ratio: Number((one / two).toFixed(2)),
  }
}
