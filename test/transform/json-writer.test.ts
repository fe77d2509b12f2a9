import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonWriter } from '../../src/transform/json-writer.ts'
import { viewOf } from '../../src/transform/scan/bytes.ts'

/** What is written, by a writer whose memory is too small from the start. */
function written(write: (out: JsonWriter) => void): string {
  const out = new JsonWriter(1)
  write(out)
  return out.bytes.toString('utf8', 0, out.at)
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

describe('what is written is what JSON.stringify writes', () => {
  test('for every text', () => {
    fc.assert(fc.property(text, value => void expect(written(out => out.text(value))).toBe(JSON.stringify(value))))
  })

  test('for every number', () => {
    const number = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(
        0,
        -0,
        9,
        10,
        99,
        999_999_999,
        1_000_000_000,
        2 ** 53,
        1e21,
        Number.NaN,
        Number.POSITIVE_INFINITY,
      ),
    )
    fc.assert(fc.property(number, value => void expect(written(out => out.value(value))).toBe(JSON.stringify(value))))
  })

  test('for every other value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), value => void expect(written(out => out.value(value))).toBe(JSON.stringify(value))),
    )
  })
})

describe('copies', () => {
  const source = fc.string({ unit: 'binary', maxLength: 400 }).map(value => Buffer.from(value.toWellFormed()))
  const spare = Buffer.alloc(8, ' ')

  test('of any UTF-8, from anywhere to anywhere, are the same bytes', () => {
    fc.assert(
      fc.property(source, fc.nat(), fc.nat(), (bytes, a, b) => {
        const [from, to] = [a % (bytes.length + 1), b % (bytes.length + 1)].sort((x, y) => x - y) as [number, number]
        const out = new JsonWriter(1)
        out.copy(viewOf(bytes), from, to)
        expect(out.bytes.subarray(0, out.at)).toEqual(bytes.subarray(from, to))
      }),
    )
  })

  test('of members: a key, a value and a comma, and nothing of what stands behind them', () => {
    fc.assert(
      fc.property(source, source, (key, value) => {
        // Just enough for what is to be seen.
        const out = new JsonWriter(key.length + value.length + 1)
        const [keys, values] = [key, value].map(bytes => viewOf(Buffer.concat([bytes, spare]))) as [DataView, DataView]
        out.member(keys, 0, key.length, values, 0, value.length)
        expect(out.bytes.subarray(0, out.at)).toEqual(Buffer.concat([key, value, Buffer.from(',')]))
      }),
    )
  })

  test('of the bytes that look most like no number', () => {
    const odd = Buffer.from('\u{10ffff}\u007f'.repeat(40))
    for (let from = 0; from < 16; from++) {
      const out = new JsonWriter(1)
      out.copy(viewOf(odd), from, odd.length)
      expect(out.bytes.subarray(0, out.at)).toEqual(odd.subarray(from))
    }
  })
})
