import { expect, test } from 'vitest'
import type { HttpHeaders } from '../../../src/collect/api/http.ts'
import { retryAfter } from '../../../src/collect/api/retry.ts'
import { FastPace } from '../support.ts'

const pace = new FastPace(Date.UTC(2026, 2, 1, 8, 0, 0))
const date = 'Sun, 01 Mar 2026 08:01:00 GMT'

test.each<[string, HttpHeaders, number]>([
  ['seconds', { 'retry-after': '30' }, 30_000],
  ['seconds and a part of one', { 'retry-after': '30.5' }, 30_500],
  ['a date by the clock of the server', { 'retry-after': date, date: 'Sun, 01 Mar 2026 08:00:50 GMT' }, 10_000],
  ['a date by our own clock where the server does not tell its own', { 'retry-after': date }, 60_000],
  ['a date that has passed: a second', { 'retry-after': date, date: 'Sun, 01 Mar 2026 08:02:00 GMT' }, 1000],
  ['more than an hour: an hour', { 'retry-after': '7200' }, 3_600_000],
])('Retry-After may be %s', (_what, headers, wait) => {
  expect(retryAfter({ status: 429, headers }, pace)).toBe(wait)
})

test('what is no time asks for no wait, nor does an answer that is no reason to try again', () => {
  expect(retryAfter({ status: 429, headers: { 'retry-after': 'soon' } }, pace)).toBeUndefined()
  expect(retryAfter({ status: 200, headers: { 'retry-after': '30' } }, pace)).toBeUndefined()
})
