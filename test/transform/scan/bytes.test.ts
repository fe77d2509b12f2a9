import fc from 'fast-check'
import { expect, test } from 'vitest'
import { copyOf, hashOf, isSame, kept, viewOf } from '../../../src/transform/scan/bytes.ts'

const bytes = fc.uint8Array({ minLength: 4, maxLength: 40 }).map(values => Buffer.from(values))

test('bytes are the same when each of them is', () => {
  fc.assert(
    fc.property(bytes, fc.nat(39), (value, place) => {
      const other = Buffer.from(value)
      expect(isSame(viewOf(value), 0, viewOf(other), 0, value.length)).toBe(true)
      expect(hashOf(viewOf(value), 0, value.length)).toBe(hashOf(viewOf(other), 0, value.length))
      other[place % value.length]! ^= 1
      expect(isSame(viewOf(value), 0, viewOf(other), 0, value.length)).toBe(false)
    }),
  )
})

test('what is kept has memory of its own, and no more than it needs', () => {
  const message = Buffer.from('{"records":[1234567890]}')
  for (const copy of [kept(message.subarray(12, 22)), copyOf(viewOf(message), 12, 22)]) {
    expect(copy.buffer.byteLength).toBe(10)
    expect(Buffer.from(copy.buffer).toString()).toBe('1234567890')
  }
})
