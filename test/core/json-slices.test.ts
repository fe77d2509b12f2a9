import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { recordBounds, recordSlice } from '../../src/core/json-slices.ts'
import { parseJson } from '../../src/core/parse-json.ts'

const space = fc.constantFrom('', '', ' ', '\n', '\r\n\t')
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }).map(value => JSON.stringify(value)),
  fc.constantFrom('"\\""', '"\\\\"', '"]},{"', '"\\\\\\"]"', '"\\u0022"', '"records"', '""'),
)
const { value: json } = fc.letrec<{ value: string; list: string; object: string }>(tie => ({
  value: fc.oneof({ maxDepth: 4 }, text, fc.constantFrom('0', '-1.5e+3', 'true', 'null'), tie('list'), tie('object')),
  list: fc
    .tuple(space, fc.array(tie('value'), { maxLength: 4 }), space)
    .map(([a, items, b]) => `[${a}${items.join(`${b},${a}`)}${b}]`),
  object: fc
    .tuple(space, fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }), space)
    .map(
      ([a, members, b]) => `{${a}${members.map(([key, value]) => `${key}${b}:${a}${value}`).join(`${a},${b}`)}${b}}`,
    ),
}))

function slices(body: string): string[] | undefined {
  const bytes = Buffer.from(body)
  const bounds = recordBounds(bytes)
  if (bounds === undefined) return undefined
  return Array.from({ length: bounds.length / 2 }, (_, index) =>
    bytes.toString('utf8', bounds[index * 2], bounds[index * 2 + 1]),
  )
}

describe('record slices', () => {
  test('of any message are the texts of the elements that JSON.parse finds', () => {
    const members = fc.array(fc.tuple(fc.oneof(text, fc.constantFrom('"records"', '"\\u0072ecords"')), json), {
      maxLength: 4,
    })
    fc.assert(
      fc.property(members, space, (members, gap) => {
        const body = `${gap}{${members.map(([key, value]) => `${gap}${key}${gap}:${gap}${value}${gap}`).join(',')}}${gap}`
        const { records } = parseJson(body) as { records: unknown }
        expect(slices(body)?.map(slice => parseJson(slice))).toEqual(Array.isArray(records) ? records : undefined)
      }),
      { numRuns: 500 },
    )
  })

  test('have no white space around them', () => {
    expect(slices('{"records" : [ {"a": 1} ,\n[2 ] , "x" , 3 ] }')).toEqual(['{"a": 1}', '[2 ]', '"x"', '3'])
  })

  test('of duplicate keys come from the last one', () => {
    expect(slices('{"records":[1],"records":[2,3]}')).toEqual(['2', '3'])
    expect(slices('{"records":[1],"records":null}')).toBeUndefined()
  })

  test('count from behind a byte order mark', () => {
    const body = Buffer.from('\ufeff{"records":[{"ä":1}]}')
    expect(Buffer.from(recordSlice(body, 0)!).toString()).toBe('{"ä":1}')
  })

  test('are those of the array under the key that is asked for', () => {
    const body = Buffer.from('{"records":[1],"value":[{"records":[2]},{"value":[3]}],"v\\u0061lue":[{"a":4},5]}')
    expect(Buffer.from(recordSlice(body, 0, 'value')!).toString()).toBe('{"a":4}')
    expect(Buffer.from(recordSlice(body, 0)!).toString()).toBe('1')
    expect(recordSlice(body, 1, 'records')).toBeUndefined()
  })

  test('outside of the array do not exist', () => {
    const body = Buffer.from('{"records":[1,2]}')
    expect(recordSlice(body, 1)).toEqual(Buffer.from('2'))
    expect(recordSlice(body, 2)).toBeUndefined()
    expect(recordSlice(body, -1)).toBeUndefined()
  })

  test('of a record that is nested 500,000 levels deep do not end the process', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000)
    expect(slices(`{"records":[${deep},1]}`)).toEqual([deep, '1'])
  })

  test('of what is not JSON end without an error', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '\\', '"records"', ' ', '1'), { maxLength: 30 }),
        parts => {
          recordBounds(Buffer.from(parts.join('')))
          recordBounds(Buffer.from(`{"records":[${parts.join('')}`))
        },
      ),
      { numRuns: 500 },
    )
  })
})
