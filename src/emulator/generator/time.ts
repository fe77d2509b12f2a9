/**
 * Instants are whole microseconds since 1970: they stay exact in a number, which the service's ticks of 100 ns do not.
 * The seventh digit of the fraction follows from the instant, so that formatting is a pure function.
 */
export type Instant = number

export const second = 1_000_000
export const minute = 60 * second
export const hour = 60 * minute
export const day = 24 * hour

const prefixes = new Map<number, string>()

/** ISO 8601 with seven digits of fraction, as the service writes it. */
export function isoTime(instant: Instant): string {
  return `${secondPrefix(Math.floor(instant / second))}.${fraction(instant)}Z`
}

/** Ticks of 100 ns since the year 1: 18 digits, beyond 2^53, and unique as long as the instants are. */
export function ticks(instant: Instant): string {
  return `${Math.floor(instant / second) + 62_135_596_800}${fraction(instant)}`
}

function fraction(instant: Instant): string {
  const micros = instant % second
  const last = (micros * 7 + Math.floor(instant / second)) % 10
  return String(10_000_000 + micros * 10 + last).slice(1)
}

function secondPrefix(seconds: number): string {
  let prefix = prefixes.get(seconds)
  if (prefix === undefined) {
    if (prefixes.size > 20_000) prefixes.clear()
    prefix = new Date(seconds * 1000).toISOString().slice(0, 19)
    prefixes.set(seconds, prefix)
  }
  return prefix
}
