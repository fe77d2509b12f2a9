/**
 * Milliseconds that a `Retry-After` asks to wait: seconds, or a date by the clock that says it is `now`. Not above zero
 * for a date that has passed; undefined for anything else.
 */
export function retryAfterOf(header: unknown, now: number): number | undefined {
  if (typeof header !== 'string') return undefined
  const wait = /^\d+(?:\.\d+)?$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now
  return Number.isFinite(wait) ? wait : undefined
}
