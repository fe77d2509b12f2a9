import { expect, test } from 'vitest'
import { exactNumber } from '../../../src/transform/digits.ts'
import { formOf } from '../../../src/transform/mapping/forms.ts'

test.each([
  [null, 'empty'],
  ['', 'empty'],
  ['a', 'text'],
  ['1.5', 'text'],
  ['-42', 'digits'],
  ['99999999999999999999', 'text'],
  ['2026-07-03T10:00:00.1234567Z', 'date'],
  ['2026-13-03T10:00:00Z', 'text'],
  ['10.0.0.1', 'ip'],
  ['fe80::1', 'ip'],
  [true, 'boolean'],
  [7, 'integer'],
  [7.5, 'number'],
  [exactNumber('639199916335081329'), 'integer'],
  [exactNumber('1e400'), 'number'],
  [{}, 'empty object'],
  [{ a: 1 }, 'object'],
  [[], 'empty list'],
  [[null, ''], 'empty list'],
  [['a', null], 'list of texts'],
  [['a', 1], 'list of scalars'],
  [[{ a: 1 }, null], 'list of objects'],
  [[{ a: 1 }, 'a'], 'mixed list'],
  [[['a']], 'mixed list'],
  ['{"a":1}', 'object as text'],
  ['["a"]', 'list of texts as text'],
  ['{"a":', 'text'],
])('%j has the form: %s', (value, form) => {
  expect(formOf(value)).toBe(form)
})
