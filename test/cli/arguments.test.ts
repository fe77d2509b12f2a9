import { expect, test } from 'vitest'
import { measured, portNumber, wholeNumber } from '../../src/cli/arguments.ts'

test.each(['', ' ', '-1', '0', '1.5', 'ten', '11'])('%j is no whole number from 1 to 10', text => {
  expect(() => wholeNumber(1, 10)(text)).toThrow('it must be a whole number from 1 to 10.')
})

test('numbers are taken within their range, and the range is told without an end that nobody reaches', () => {
  expect(['1', '10'].map(wholeNumber(1, 10))).toEqual([1, 10])
  expect(wholeNumber(1)('1e6')).toBe(1_000_000)
  expect(() => wholeNumber(1)('0')).toThrow(/from 1\.$/)
  expect(portNumber('0')).toBe(0)
  expect(() => portNumber('65536')).toThrow('65535')
})

test('durations and sizes are written as in a configuration file', () => {
  expect(measured('duration')('2m')).toBe(120_000)
  expect(measured('bytes')('1KiB')).toBe(1024)
  expect(() => measured('duration', 1000)('999ms')).toThrow('it is less than 1s. Give at least 1s.')
  expect(() => measured('duration', 1000, 60_000)('999d')).toThrow(
    'it is more than 1m. Give at least 1s and at most 1m.',
  )
})
