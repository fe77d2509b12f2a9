import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonWriter } from '../../src/transform/json-writer.ts'
import { Kernel } from '../../src/transform/kernel/kernel.ts'
import { outAt, stateOutEnd } from '../../src/transform/kernel/layout.ts'

const out = new JsonWriter(new Kernel())

function written(write: () => void): string {
  const start = out.at
  write()
  const text = out.kernel.bytes.toString('utf8', start, out.at)
  out.at = start
  return text
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 150, maxLength: 170 }),
  fc.constantFrom(
    '',
    '"',
    '\\',
    '\u007f',
    '\u0080',
    '\u2028',
    '\ud800',
    'x'.repeat(160),
    'x'.repeat(161),
    `${'x'.repeat(100)}é`,
  ),
)

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -0, 9, 10, 99, 999_999_999, 1_000_000_000, 2 ** 53, 1e21, Number.NaN, Number.POSITIVE_INFINITY),
)

describe('what is written is what JSON.stringify writes', () => {
  test.each([
    ['text', text],
    ['number', number],
    ['other value', fc.jsonValue()],
  ] as const)('for every %s', (_name, values) => {
    fc.assert(
      fc.property(values as fc.Arbitrary<unknown>, value => {
        expect(written(() => out.value(value))).toBe(JSON.stringify(value))
      }),
    )
  })
})

test('at the very end of the memory there is room for one more, and what was written before stays', () => {
  const { kernel } = out
  const before = 'x'.repeat(1000)
  for (const value of ['"'.repeat(160), 'ä'.repeat(100_000), 1e9]) {
    kernel.reserve(before.length)
    const start = kernel.state[stateOutEnd]! - before.length
    out.at = start
    kernel.bytes.write(before, start)
    out.at = start + before.length
    out.value(value)
    out.byte(0x0a)
    expect(kernel.bytes.toString('utf8', start, out.at)).toBe(`${before}${JSON.stringify(value)}\n`)
  }
  out.at = outAt
})

test('copies come from anywhere in the memory', () => {
  const at = out.kernel.put(Buffer.from('kept bytes'))
  expect(written(() => out.copy(at + 5, 5))).toBe('bytes')
})
