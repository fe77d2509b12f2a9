import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJson } from '../../src/core/parse-json.ts'
import { exactDigits, isDistorted, isExactNumber } from '../../src/transform/digits.ts'
import { allNumbers, longNumbers } from '../../src/transform/numbers.ts'
import { parseExact } from '../../src/transform/parse.ts'

const digits = (most: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: most })
const whole = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String),
  fc.integer().map(String),
  fc.constantFrom('9007199254740993', '18446744073709551615', '639199916335081329', '0', '-0', '1'),
)
const number = fc.oneof(
  whole,
  fc.tuple(whole, digits(40)).map(([before, after]) => `${before}.${after}`),
  fc
    .tuple(whole, fc.option(digits(20)), fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(4))
    .map(([before, after, e, sign, exponent]) => `${before}${after === null ? '' : `.${after}`}${e}${sign}${exponent}`),
  fc.constantFrom(
    '1e400',
    '-1e400',
    '1E-400',
    '5e-324',
    '-0.0',
    '0.1',
    '1e22',
    '1.00000000000000000000000001',
    '0e-999',
  ),
)
const space = fc.constantFrom('', '', '', ' ', '\n', '\t')
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }).map(value => JSON.stringify(value)),
  // Where digits in a text look most like a number.
  fc.constantFrom(
    '"a\\\\"',
    '",1234567890123456789,"',
    '":1234567890123456789,"',
    '"e1234567890123456"',
    '","',
    '",:"',
    '" , "',
    '"{\\"a\\":1234567890123456789,\\"b\\":[ 1234567890123456789]}"',
    '"http://169.254.169.254/ 1234567890123456789"',
    '"__proto__"',
    '"ReportId"',
  ),
  number.map(token =>
    JSON.stringify(
      JSON.stringify({ ReportId: 0, a: [1] })
        .replace('0', token)
        .replace('1', token),
    ),
  ),
  number.map(token => JSON.stringify(` ${token}`)),
)
const { value: json } = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    number,
    text,
    fc.constantFrom('true', 'null'),
    fc
      .tuple(space, fc.array(tie('value'), { maxLength: 5 }))
      .map(([gap, items]) => `[${gap}${items.join(`${gap},${gap}`)}${gap}]`),
    fc
      .tuple(space, fc.array(fc.tuple(text, tie('value')), { maxLength: 5 }))
      .map(
        ([gap, members]) => `{${members.map(([key, value]) => `${gap}${key}${gap}:${gap}${value}${gap}`).join(',')}}`,
      ),
  ),
}))

/** Sign, digits and exponent of a decimal number, one form per value. */
function decimalOf(token: string): string {
  const [, sign, before = '', after = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE](.+))?$/.exec(token)!
  let mantissa = BigInt(before + after)
  let power = Number(exponent) - after.length
  while (mantissa !== 0n && mantissa % 10n === 0n) {
    mantissa /= 10n
    power++
  }
  return mantissa === 0n ? `${sign}0` : `${sign}${mantissa}e${power}`
}

/** The slow way that is right by definition: the source text of every number. */
function reference(body: string): unknown {
  return parseJson(body, (_key, value, { source }) =>
    typeof value === 'number' ? `number ${decimalOf(source!)}` : value,
  )
}

function found(value: unknown): unknown {
  if (typeof value === 'number') return `number ${decimalOf(Object.is(value, -0) ? '-0' : String(value))}`
  if (isExactNumber(value)) return `number ${decimalOf(exactDigits(value))}`
  if (Array.isArray(value)) return value.map(found)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, found(item)]))
}

const parse = (body: string) => parseExact(Buffer.from(body)).value

describe('numbers', () => {
  test('keep their value wherever they stand', () => {
    fc.assert(
      fc.property(json, fc.integer({ min: 0, max: 20 }), (body, shift) => {
        const text = `{"${'x'.repeat(shift)}":${body}}`
        expect(found(parse(text))).toEqual(reference(text))
      }),
      { numRuns: 3000 },
    )
  })

  test('keep their value when they serialise again', () => {
    fc.assert(
      fc.property(json, body => {
        const text = `{"a":${body}}`
        expect(reference(JSON.stringify(parse(text)))).toEqual(reference(text))
      }),
      { numRuns: 1000 },
    )
  })

  test('with 16 digits and more are found without reading the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(text, json)), fc.integer({ min: 0, max: 20 }), (members, shift) => {
        const body = Buffer.from(
          `{"${'x'.repeat(shift)}":0${members.map(([key, item]) => `,${key}:${item}`).join('')}}`,
        )
        const tokens = (bounds: number[]) =>
          bounds.flatMap((start, index) =>
            index % 2 === 0 ? [[start, body.toString('utf8', start, bounds[index + 1])]] : [],
          )
        const long = tokens(allNumbers(body)).filter(([, token]) => /[\d.]{16}/.test(String(token)))
        expect(tokens(longNumbers(body))).toEqual(long)
      }),
      { numRuns: 3000 },
    )
  })

  test('and texts take time in proportion to their length', () => {
    const length = 2_000_000
    // Quadratic time would be minutes here, and end in the runner's timeout.
    const digitsInText = '1'.repeat(length)
    expect(parse(`{"a":"${digitsInText}"}`)).toEqual({ a: digitsInText })
    const number = `0.1${'0'.repeat(length)}1`
    expect(JSON.stringify(parse(`{"a":${number}}`))).toBe(`{"a":${number}}`)
  })

  test.each([
    '9007199254740993',
    '18446744073709551615',
    '-0',
    '1e400',
    '1E-400',
    '0.1234567890123456789012345678901234567890',
  ])('E10: %s keeps its digits', token => {
    for (const body of [
      `{"ReportId":${token}}`,
      `{"ReportId": ${token} }`,
      `{"a":[${token}]}`,
      `{"a":[1, ${token}]}`,
      `{"a":{"b":[{"c":${token}}]}}`,
    ]) {
      expect(JSON.stringify(parse(body))).toBe(body.replaceAll(' ', ''))
    }
  })

  test('that a double holds stay numbers', () => {
    expect(parse('{"a":9007199254740991,"b":1.5e3,"c":0.10,"d":1e22,"e":0}')).toEqual({
      a: 9007199254740991,
      b: 1500,
      c: 0.1,
      d: 1e22,
      e: 0,
    })
  })

  test.each([
    '{12345678901234567890:1}',
    '{"a":[12345678901234567890],12345678901234567890 :1}',
    '{"a":1e400,1e400:1}',
    '{"a":01234567890123456789}',
    '{"a":1234567890123456789x}',
    '{"a":1234567890123456789:1}',
    '{"a":12345678901234567.}',
    '{"a":"b"1234567890123456789}',
    '[-]',
    '[1e400 1]',
  ])('do not make JSON of %s', body => {
    expect(() => parse(body)).toThrow(SyntaxError)
  })

  test('never make JSON of what is none', () => {
    const parts = fc.array(
      fc.constantFrom('1234567890123456789', '1e400', '-', '"', '"a"', ':', ',', '{', '}', '[', ']', '\\', ' ', 'a":'),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(parts, parts => {
        const body = `{"a":${parts.join('')}}`
        fc.pre(!isValid(body))
        expect(() => parse(body)).toThrow()
      }),
      { numRuns: 3000 },
    )
  })

  test('are distorted exactly if a double prints another value', () => {
    fc.assert(
      fc.property(number, token => {
        fc.pre(isValid(token))
        const double = Number(token)
        const same = Number.isFinite(double) && decimalOf(JSON.stringify(double)) === decimalOf(token)
        // Long integers count as distorted even if a double happens to hold them.
        if (!/^-?\d{17,}$/.test(token)) expect(isDistorted(token)).toBe(!same)
        else if (!same) expect(isDistorted(token)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})

function isValid(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
