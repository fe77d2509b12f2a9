import { expect, onTestFinished, test, vi } from 'vitest'
import { Pace } from '../../src/output/pace.ts'

function paceOf(concurrency = 8, random = 1): Pace {
  const spy = vi.spyOn(Math, 'random').mockReturnValue(random)
  onTestFinished(() => void spy.mockRestore())
  return new Pace({ concurrency, minRetry: 100, maxRetry: 1000 })
}

test('throttling halves the number of writes, down to one', () => {
  const pace = paceOf()
  const limits = Array.from({ length: 5 }, () => {
    pace.throttled(pace.epoch)
    return pace.limit
  })
  expect(limits).toEqual([4, 2, 1, 1, 1])
})

test('good writes bring the number back, about one more per round', () => {
  const pace = paceOf(4)
  pace.failed(pace.epoch, 0)
  expect(pace.limit).toBe(1)
  let writes = 0
  while (pace.limit < 4) {
    pace.good(pace.epoch)
    writes++
  }
  expect(writes).toBeGreaterThan(4)
  expect(writes).toBeLessThan(20)
  for (let more = 0; more < 20; more++) pace.good(pace.epoch)
  expect(pace.limit).toBe(4)
})

test('writes that fail together count as one failure', () => {
  const pace = paceOf()
  const epoch = pace.epoch
  for (let write = 0; write < 8; write++) pace.failed(epoch, 0)
  expect(pace.pause(0)).toBe(100)
  const other = paceOf()
  const before = other.epoch
  for (let write = 0; write < 8; write++) other.throttled(before)
  expect(other.limit).toBe(4)
})

test('a write that began before a failure does not call it off', () => {
  const pace = paceOf()
  const epoch = pace.epoch
  pace.failed(epoch, 0)
  expect(pace.good(epoch)).toBe(false)
  expect(pace.limit).toBe(1)
  pace.failed(pace.epoch, 0)
  expect(pace.pause(0)).toBe(200)
})

test('the wait doubles up to its limit, and begins anew after a good write', () => {
  const pace = paceOf()
  const waits = Array.from({ length: 6 }, () => {
    pace.failed(pace.epoch, 0)
    return pace.pause(0)
  })
  expect(waits).toEqual([100, 200, 400, 800, 1000, 1000])
  pace.good(pace.epoch)
  pace.failed(pace.epoch, 0)
  expect(pace.pause(0)).toBe(100)
})

test('jitter is full: the wait is anything from nothing to its limit', () => {
  expect(paceOf(1, 0).wait(10)).toBe(0)
  expect(paceOf(1, 0.5).wait(10)).toBe(500)
})

test('what the target asks for comes on top, within reason', () => {
  expect(paceOf(1, 0.5).wait(1, 7000)).toBe(7050)
  expect(paceOf(1, 0).wait(1, 86_400_000)).toBe(300_000)
})

test('a drain does not wait for the end of a pause', () => {
  const pace = paceOf()
  pace.failed(pace.epoch, 0, 60_000)
  pace.hurry()
  expect(pace.pause(0)).toBeLessThanOrEqual(0)
})
