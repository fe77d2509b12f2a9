import { expect, test } from 'vitest'
import { free, memoryOf } from '../../src/core/free.ts'

test('bytes with a buffer of their own are empty afterwards', () => {
  const bytes = Buffer.allocUnsafeSlow(100_000)
  free(memoryOf(bytes))
  expect(bytes.length).toBe(0)
})

test('a part of a larger buffer stays, and so does all else in it', () => {
  const whole = Buffer.alloc(200_000, 'x')
  const part = whole.subarray(0, 100_000)
  free(memoryOf(part))
  expect([whole.length, part.length]).toEqual([200_000, 100_000])
})

test('small buffers stay: they may be shared', () => {
  const small = Buffer.from('text')
  free(memoryOf(small))
  expect(small.toString()).toBe('text')
})

test('bytes that were given back before are no problem', () => {
  const bytes = new Uint8Array(100_000)
  free(memoryOf(bytes))
  free(memoryOf(bytes))
  expect(bytes.length).toBe(0)
})
