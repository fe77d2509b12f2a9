import { expect, test } from 'vitest'
import { Budget, costOf, Growth } from '../../src/core/budget.ts'

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

test('a message costs something however small it is', () => {
  const tiny = Array.from({ length: 1000 }, () => ({}))
  expect(costOf({ bytes: 2000, messages: tiny })).toBeGreaterThan(500 * 1000)
  expect(costOf({ bytes: 1e6, messages: [{}] })).toBeLessThan(1.01e6)
})

test('the guess of what documents will need follows a rise at once and a decline slowly', () => {
  const growth = new Growth()
  growth.learn(1000, 9000)
  expect(growth.documents(1000)).toBe(9000)
  growth.learn(1000, 1000)
  expect(growth.documents(1000)).toBeGreaterThan(8000)
  for (let batch = 0; batch < 100; batch++) growth.learn(1000, 1200)
  expect(growth.documents(1000)).toBeLessThan(1300)
  growth.learn(0, 0)
  expect(growth.documents(1000)).toBeGreaterThan(1000)
})
