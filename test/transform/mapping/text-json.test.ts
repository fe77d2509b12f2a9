import { expect, test } from 'vitest'
import { isExactNumber } from '../../../src/transform/digits.ts'
import { parseText } from '../../../src/transform/mapping/text-json.ts'

test('a key with an escape is not taken for one that an object before had', () => {
  parseText('{"text":[],"\\\\":0}')
  expect(parseText('{"text":1,"\\"":2}')).toEqual({ text: 1, '"': 2 })
})

test('digits stay beside keys with escapes', () => {
  const value = parseText('{"\\"":12345678901234567890}') as Record<string, unknown>
  expect(isExactNumber(value['"'])).toBe(true)
  expect(JSON.stringify(value)).toBe('{"\\"":12345678901234567890}')
})
