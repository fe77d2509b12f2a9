import { expect, test } from 'vitest'
import { before, instantAt, instantOf } from '../../src/collect/instant.ts'

test.each([
  ['2026-03-01T08:15:50.0633333Z', '2026-03-01T08:15:50.0633333Z'],
  ['2026-03-01T08:15:50Z', '2026-03-01T08:15:50.0000000Z'],
  ['2026-03-01T08:15:50.5z', '2026-03-01T08:15:50.5000000Z'],
  ['2026-03-01T08:15:50.123456789Z', '2026-03-01T08:15:50.1234567Z'],
  ['2026-03-01T10:15:50.1+02:00', '2026-03-01T08:15:50.1000000Z'],
  ['2026-03-01T08:15:50', undefined],
  ['2026-03-01', undefined],
  ['2026-13-01T08:15:50Z', undefined],
  ['yesterday', undefined],
  ['', undefined],
  [1_772_352_950_000, undefined],
  [null, undefined],
])('%s is the moment %s', (value, instant) => {
  expect(instantOf(value)).toBe(instant)
})

test('going back keeps the digits that a number would lose', () => {
  expect(before('2026-03-01T00:00:00.1234567Z', 300_000)).toBe('2026-02-28T23:55:00.1234567Z')
  expect(instantAt(Date.parse('2026-03-01T08:15:50.123Z'))).toBe('2026-03-01T08:15:50.1230000Z')
})
