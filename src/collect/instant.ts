/**
 * A moment as the service writes it, with all its seven digits: `2026-03-01T08:15:50.0633333Z`. A text and no number,
 * because a number would lose digits; always of one length, so that texts compare as moments do.
 */
export type Instant = string

const form = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/i

/** Undefined for what is no date, or does not say its zone. */
export function instantOf(value: unknown): Instant | undefined {
  const [, seconds, fraction = '', zone] = form.exec(typeof value === 'string' ? value : '') ?? []
  const time = Date.parse(`${seconds}${zone}`)
  if (Number.isNaN(time)) return undefined
  return `${new Date(time).toISOString().slice(0, 19)}.${fraction.slice(0, 7).padEnd(7, '0')}Z`
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
