import fc from 'fast-check'
import { expect, test } from 'vitest'
import { elementBounds, membersOf, textOf } from '../../../src/collect/api/json-parts.ts'
import { parseJson } from '../../../src/core/parse-json.ts'

const members = (text: string) =>
  membersOf(Buffer.from(text))?.map(({ key, whole, value }) => [key, whole.toString(), value.toString()])

test('members are found as they were written', () => {
  expect(members(' {"a" : 1.10, "b\\u0063":{"d":[1,"}"]} }')).toEqual([
    ['a', '"a" : 1.10', '1.10'],
    ['bc', '"b\\u0063":{"d":[1,"}"]}', '{"d":[1,"}"]}'],
  ])
  expect(members('{}')).toEqual([])
  expect(members('\ufeff{ }')).toEqual([])
})

test.each(['', '[]', '1', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1 "b":2}', '{a:1}', '{"\\x":1}'])(
  'there are no members in %j',
  text => {
    expect(members(text)).toBeUndefined()
  },
)

test.each(['', '{}', '[', '[1', '[1,', '[1 2]', '[{"a":1}{"b":2}]'])('there are no elements in %j', text => {
  expect(elementBounds(Buffer.from(text))).toBeUndefined()
})

test('members and elements of whatever was written by JSON.stringify are its parts', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()), (object, array) => {
      const parts = membersOf(Buffer.from(JSON.stringify(object)))!
      expect(parts.map(({ value }) => parseJson(value.toString()))).toEqual(
        Object.values(parseJson(JSON.stringify(object)) as object),
      )
      const text = Buffer.from(JSON.stringify(array, null, 1))
      const bounds = elementBounds(text)!
      const elements = Array.from({ length: bounds.length / 2 }, (_, index) =>
        text.subarray(bounds[2 * index], bounds[2 * index + 1]).toString(),
      )
      expect(elements.map(element => parseJson(element))).toEqual(parseJson(text.toString()))
    }),
  )
})

test('a text is one only if it is a JSON text', () => {
  expect(textOf(Buffer.from('"a\\u0062"'))).toBe('ab')
  expect(textOf(Buffer.from('1'))).toBeUndefined()
  expect(textOf(Buffer.from('"a'))).toBeUndefined()
})
