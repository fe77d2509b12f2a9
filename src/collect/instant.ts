/**
 * A moment as the service writes it, with all its seven digits: `2026-03-01T08:15:50.0633333Z`. A text and no number,
 * because a number would lose digits; always of one length, so that texts compare as moments do.
 */
export type Instant = string

/** Undefined for what is no date. */
export function instantOf(value: unknown): Instant | undefined {
  if (typeof value !== 'string') return undefined
  const [, seconds, fraction = ''] = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z$/i.exec(value) ?? []
  const time = Date.parse(seconds === undefined ? value : `${seconds}Z`)
  if (Number.isNaN(time)) return undefined
  if (seconds === undefined) return instantAt(time)
  return `${seconds.toUpperCase()}.${fraction.slice(0, 7).padEnd(7, '0')}Z`
}

/** Of milliseconds since the epoch. */
export function instantAt(milliseconds: number): Instant {
  return `${new Date(milliseconds).toISOString().slice(0, 23)}0000Z`
}

/** So many milliseconds before, its further digits kept. */
export function before(instant: Instant, milliseconds: number): Instant {
  const text = new Date(Date.parse(`${instant.slice(0, 23)}Z`) - milliseconds).toISOString()
  return `${text.slice(0, 23)}${instant.slice(23)}`
}

export function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b
}

export function later(a: Instant, b: Instant): Instant {
  return a > b ? a : b
}
