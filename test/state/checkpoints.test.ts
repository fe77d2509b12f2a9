import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Log, silent } from '../../src/core/log.ts'
import type { Cursor } from '../../src/core/types.ts'
import { Checkpoints } from '../../src/state/checkpoints.ts'

const at = (sequenceNumber: number): Cursor => ({ sequenceNumber, offset: String(sequenceNumber) })

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function store(log: Log = silent) {
  const written: [string, number][] = []
  let failure: Error | undefined
  const checkpoints = new Checkpoints({
    interval: 5000,
    log,
    write: async (stream, cursor) => {
      if (failure) throw failure
      written.push([stream, cursor.sequenceNumber])
      return 'written'
    },
  })
  return {
    checkpoints,
    written,
    fail: (error: Error | undefined) => {
      failure = error
    },
  }
}

test('only the newest commit of each interval is written', async () => {
  const { checkpoints, written } = store()
  checkpoints.commit('a', at(1))
  checkpoints.commit('a', at(2))
  checkpoints.commit('b', at(9))
  await vi.advanceTimersByTimeAsync(5000)
  expect(written).toEqual([
    ['a', 2],
    ['b', 9],
  ])
  await vi.advanceTimersByTimeAsync(20_000)
  expect(written).toHaveLength(2)
  checkpoints.close()
})

test('a failed write is tried again, and said once', async () => {
  const lines: string[] = []
  const { checkpoints, written, fail } = store({ ...silent, warn: text => lines.push(text) })
  fail(new Error('503 server busy'))
  checkpoints.commit('a', at(1))
  await vi.advanceTimersByTimeAsync(15_000)
  expect(written).toEqual([])
  expect(lines).toEqual(['checkpoints cannot be stored: 503 server busy'])
  fail(undefined)
  checkpoints.commit('a', at(4))
  expect(await checkpoints.flush()).toBe(true)
  expect(written).toEqual([['a', 4]])
  checkpoints.close()
})

test('flush reports what could not be stored', async () => {
  const { checkpoints, fail } = store()
  fail(new Error('no route'))
  checkpoints.commit('a', at(1))
  expect(await checkpoints.flush()).toBe(false)
  checkpoints.close()
})

test('a commit made while its stream is being written is not lost', async () => {
  const gate = Promise.withResolvers<void>()
  const written: number[] = []
  const checkpoints = new Checkpoints({
    interval: 5000,
    log: silent,
    write: async (_stream, cursor) => {
      written.push(cursor.sequenceNumber)
      await gate.promise
      return 'written'
    },
  })
  checkpoints.commit('a', at(1))
  const first = checkpoints.flush()
  await vi.advanceTimersByTimeAsync(0)
  checkpoints.commit('a', at(2))
  gate.resolve()
  await first
  await checkpoints.flush()
  expect(written).toEqual([1, 2])
  checkpoints.close()
})

test('a stream that was lost is not written', async () => {
  const { checkpoints, written } = store()
  checkpoints.commit('a', at(1))
  checkpoints.forget('a')
  await checkpoints.flush()
  expect(written).toEqual([])
  checkpoints.close()
})

test('what is touched while it is being written is written once more', async () => {
  const writing = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const begun: number[] = []
  const checkpoints = new Checkpoints({
    interval: 5000,
    log: silent,
    write: async (_stream, { sequenceNumber }) => {
      begun.push(sequenceNumber)
      await writing[begun.length - 1]!.promise
      return 'written'
    },
  })
  checkpoints.commit('a', at(1))
  await vi.advanceTimersByTimeAsync(5000)
  checkpoints.touch('a', at(1))
  writing[0]!.resolve()
  await vi.advanceTimersByTimeAsync(5000)
  writing[1]!.resolve()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(begun).toEqual([1, 1])
  checkpoints.close()
})

test('a store that takes longer to fail than the interval is not asked for more and more', async () => {
  const write = async () => {
    await new Promise(resolve => setTimeout(resolve, 12_000))
    throw new Error('no answer')
  }
  const checkpoints = new Checkpoints({ interval: 5000, log: silent, write })
  checkpoints.commit('a', at(1))
  await vi.advanceTimersByTimeAsync(100_000)
  let stored: boolean | undefined
  void checkpoints.flush().then(answer => {
    stored = answer
  })
  // What is under way, and one round more.
  await vi.advanceTimersByTimeAsync(24_000)
  expect(stored).toBe(false)
  checkpoints.close()
})
