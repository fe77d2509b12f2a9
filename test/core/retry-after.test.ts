import { expect, test } from 'vitest'
import { retryAfterOf } from '../../src/core/retry-after.ts'

const now = Date.UTC(2026, 2, 1, 8, 0, 0)

test.each<[unknown, number | undefined]>([
  ['30', 30_000],
  ['30.5', 30_500],
  ['0', 0],
  ['Sun, 01 Mar 2026 08:00:40 GMT', 40_000],
  ['Sun, 01 Mar 2026 07:59:00 GMT', -60_000],
  ['soon', undefined],
  ['', undefined],
  [undefined, undefined],
  [['30'], undefined],
])('Retry-After %j asks for %s ms', (header, wait) => {
  expect(retryAfterOf(header, now)).toBe(wait)
})
