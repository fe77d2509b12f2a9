import { expect, test } from 'vitest'
import { convert, duration } from '../../src/config/convert.ts'
import type { OptionSchema } from '../../src/core/options.ts'

type Value = string | number | boolean | null

function converted(value: Value, schema: OptionSchema, loose = false): unknown {
  const result = convert({ value, text: String(value), loose }, schema, path => `/base/${path}`)
  return 'value' in result ? result.value : `${result.message}. ${result.fix}`
}

const bytes: OptionSchema = { type: 'string', format: 'bytes' }
const time: OptionSchema = { type: 'string', format: 'duration' }
const start: OptionSchema = { type: 'string', format: 'start' }
const url: OptionSchema = { type: 'string', format: 'url' }

test.each<[Value, number]>([
  ['64MiB', 67_108_864],
  ['10MB', 10_000_000],
  ['1.5KiB', 1536],
  ['2 gb', 2_000_000_000],
  [4096, 4096],
  ['4096', 4096],
  ['12B', 12],
])('size %s is %i bytes', (text, expected) => {
  expect(converted(text, bytes)).toBe(expected)
})

test.each<Value>(['64M', '64 MiBs', '-1KiB', '', 'lots', '1e3', true, -5, '1.2.3KB'])('size %j is refused', text => {
  expect(converted(text, bytes)).toMatch(/^expected a size/)
})

test.each<[Value, number]>([
  ['250ms', 250],
  ['5s', 5000],
  ['1.5m', 90_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('duration %s is %i ms', (text, expected) => {
  expect(converted(text, time)).toBe(expected)
})

test('a duration needs a unit, and the fix shows how', () => {
  expect(converted(5, time)).toMatch(/^needs a unit. Write 5s/)
  expect(converted('5 sec', time)).toMatch(/^expected a duration/)
})

test('limits of sizes and durations are told in their units', () => {
  expect(converted('1s', { ...time, minimum: 2000, maximum: 60_000 })).toBe(
    'is less than 2s. Give at least 2s and at most 1m.',
  )
  expect(converted('2m', { ...time, maximum: 60_000 })).toBe('is more than 1m. Give at most 1m.')
  expect(converted('9999999GB', bytes)).toMatch(/^is too large/)
})

test.each<[number, string]>([
  [0, '0ms'],
  [250, '250ms'],
  [1500, '1500ms'],
  [90_000, '90s'],
  [3_600_000, '1h'],
])('%i ms are written %s', (milliseconds, text) => {
  expect(duration(milliseconds)).toBe(text)
})

test('start is earliest, latest or a time with its zone', () => {
  expect(converted('latest', start)).toBe('latest')
  expect(converted('2026-01-31T10:00:00Z', start)).toEqual(new Date('2026-01-31T10:00:00Z'))
  expect(converted('2026-01-31T10:00:00+02:00', start)).toEqual(new Date('2026-01-31T08:00:00Z'))
  expect(converted('2026-01-31', start)).toEqual(new Date('2026-01-31T00:00:00Z'))
  expect(converted('2026-01-31T10:00:00', start)).toMatch(/a time with its zone/)
  expect(converted('2026-02-31T99:00:00Z', start)).toMatch(/^expected/)
  expect(converted('lastest', start)).toMatch(/Did you mean `latest`/)
})

test('addresses are http or https, without credentials', () => {
  expect(converted('https://es.example:9200/path', url)).toBe('https://es.example:9200/path')
  expect(converted('ftp://es', url)).toMatch(/^expected an http/)
  expect(converted('es:9200', url)).toMatch(/^expected an http/)
  expect(converted('http://', url)).toMatch(/^expected an http/)
  expect(converted('https://user@es', url)).toMatch(/^has credentials/)
})

test('numbers and true or false keep their type in a file and are read from text of the environment', () => {
  expect(converted(5, { type: 'integer' })).toBe(5)
  expect(converted(5.5, { type: 'integer' })).toMatch(/^expected a whole number/)
  expect(converted('5', { type: 'integer' })).toBe('expected a whole number. Remove the quotes.')
  expect(converted('5', { type: 'integer' }, true)).toBe(5)
  expect(converted('', { type: 'integer' }, true)).toMatch(/^expected/)
  expect(converted('1e400', { type: 'number' }, true)).toMatch(/^expected a number/)
  expect(converted('true', { type: 'boolean' })).toMatch(/Remove the quotes/)
  expect(converted('TRUE', { type: 'boolean' }, true)).toBe(true)
  expect(converted(7, { type: 'integer', minimum: 8 })).toBe('is less than 8. Give at least 8.')
})

test('text has a length, and one of an enumeration is suggested when it is near', () => {
  const fruit: OptionSchema = { type: 'string', enum: ['workload_identity', 'managed_identity'] }
  expect(converted('managed_identity', fruit)).toBe('managed_identity')
  expect(converted('managed-identty', fruit)).toMatch(/Did you mean `managed_identity`/)
  expect(converted('zzz', fruit)).toBe(
    'expected one of workload_identity, managed_identity. Write one of workload_identity, managed_identity.',
  )
  expect(converted('', { type: 'string' })).toMatch(/^is empty/)
  expect(converted('', { type: 'string', minLength: 0 })).toBe('')
  expect(converted('ab', { type: 'string', minLength: 3 })).toMatch(/^is shorter than 3/)
  expect(converted('abcd', { type: 'string', maxLength: 3 })).toMatch(/^is longer than 3/)
})

test('paths become absolute, and a NUL in one is refused', () => {
  expect(converted('out', { type: 'string', format: 'path' })).toBe('/base/out')
  expect(converted('a\0b', { type: 'string', format: 'path' })).toMatch(/^expected a path/)
})
