import { expect, test } from 'vitest'
import { Budget } from '../../src/core/budget.ts'

const never = new AbortController().signal
const settled = async (promise: Promise<unknown>) =>
  Promise.race([promise.then(() => true), new Promise(resolve => setImmediate(resolve, false))])

test('bytes beyond the limit wait until room is given back', async () => {
  const budget = new Budget(100)
  await budget.take(80, never)
  const second = budget.take(30, never)
  expect(await settled(second)).toBe(false)
  budget.give(80)
  expect(await settled(second)).toBe(true)
  expect(budget.used).toBe(30)
})

test('waiters are served in the order they came, also when a later one would fit', async () => {
  const budget = new Budget(100)
  await budget.take(90, never)
  const large = budget.take(60, never)
  const small = budget.take(5, never)
  expect(await settled(small)).toBe(false)
  budget.give(90)
  expect(await settled(Promise.all([large, small]))).toBe(true)
})

test('a batch larger than the whole budget passes alone', async () => {
  const budget = new Budget(10)
  await budget.take(50, never)
  const next = budget.take(1, never)
  expect(await settled(next)).toBe(false)
  budget.give(50)
  expect(await settled(next)).toBe(true)
})

test('an abort ends the wait', async () => {
  const abort = new AbortController()
  const budget = new Budget(10)
  await budget.take(10, abort.signal)
  const waiting = budget.take(10, abort.signal)
  abort.abort()
  expect(await settled(waiting)).toBe(true)
})

test('bytes that exist already count even without room', () => {
  const seen: number[] = []
  const budget = new Budget(10, used => seen.push(used))
  budget.add(25)
  budget.give(25)
  expect(seen).toEqual([25, 0])
})
