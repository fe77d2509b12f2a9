import { expect, test } from 'vitest'
import type { Token } from '../../../src/collect/access/token.ts'
import { createTokenSource } from '../../../src/collect/access/token-source.ts'
import { XdrelayError } from '../../../src/core/errors.ts'
import { Secret } from '../../../src/core/secret.ts'
import { FastPace, never } from '../support.ts'

const minute = 60_000

/** A token endpoint that counts; each token lasts an hour. */
function endpoint(pace: FastPace, { lifetime = 60 * minute } = {}) {
  const made: Token[] = []
  const waiting: { readonly answer: () => void; readonly signal: AbortSignal }[] = []
  let failure: Error | undefined
  let isHeld = false
  const source = createTokenSource(async signal => {
    if (isHeld) {
      await new Promise<void>((resolve, reject) => {
        waiting.push({ answer: resolve, signal })
        signal.addEventListener('abort', () => reject(signal.reason))
      })
    }
    if (failure) throw failure
    const token = { value: new Secret(`token~${made.length}`), expires: pace.now() + lifetime, claims: undefined }
    made.push(token)
    return token
  }, pace)
  return {
    source,
    made,
    waiting,
    fail: (error?: Error) => {
      failure = error
    },
    hold: (held: boolean) => {
      isHeld = held
    },
  }
}

test('a token is kept, and renewed some minutes before its end', async () => {
  const pace = new FastPace()
  const { source, made } = endpoint(pace)
  await source.token(never)
  pace.advance(52 * minute)
  expect(await source.token(never)).toBe(made[0])
  pace.advance(2 * minute)
  expect(await source.token(never)).toBe(made[1])
})

test('a token that lasts for minutes only is not renewed with each request', async () => {
  const pace = new FastPace()
  const { source, made } = endpoint(pace, { lifetime: 4 * minute })
  for (let second = 0; second < 110; second++) {
    await source.token(never)
    pace.advance(1000)
  }
  expect(made.length).toBe(1)
})

test('one renewal is under way at a time, also after a refusal of the API', async () => {
  const pace = new FastPace()
  const { source, made, hold, waiting } = endpoint(pace)
  const refused = await source.token(never)
  hold(true)
  const renewals = [source.renew(refused, never), source.renew(refused, never), source.renew(refused, never)]
  await expect.poll(() => waiting.length).toBe(1)
  waiting[0]!.answer()
  expect(new Set(await Promise.all(renewals)).size).toBe(1)
  expect(made.length).toBe(2)
  // Who comes late with the old token is given the new one.
  expect(await source.renew(refused, never)).toBe(made[1])
  expect(made.length).toBe(2)
})

test('who gives up does not take the token from those who wait with him', async () => {
  const { source, made, hold, waiting } = endpoint(new FastPace())
  hold(true)
  const first = new AbortController()
  const given = source.token(first.signal)
  const other = source.token(never)
  await expect.poll(() => waiting.length).toBe(1)
  hold(false)
  first.abort(new Error('stopped'))
  await expect(given).rejects.toThrow('stopped')
  expect(await other).toBe(made[0])
})

test('a refused renewal is the error that it stands for', async () => {
  const pace = new FastPace()
  const { source, fail } = endpoint(pace)
  await source.token(never)
  pace.advance(55 * minute)
  fail(new XdrelayError('app_secret_expired', 'the client secret has expired'))
  await expect(source.token(never)).rejects.toMatchObject({ kind: 'app_secret_expired' })
})

test('while Entra does not answer, the old token is used as long as it lasts', async () => {
  const pace = new FastPace()
  const { source, made, fail } = endpoint(pace)
  await source.token(never)
  pace.advance(55 * minute)
  fail(new XdrelayError('entra_unavailable', 'Entra is not available'))
  expect(await source.token(never)).toBe(made[0])
  fail()
  // Not at once again, and then it is.
  expect(await source.token(never)).toBe(made[0])
  pace.advance(31_000)
  expect(await source.token(never)).toBe(made[1])
  pace.advance(61 * minute)
  fail(new XdrelayError('entra_unavailable', 'Entra is not available'))
  await expect(source.token(never)).rejects.toMatchObject({ kind: 'entra_unavailable' })
})
