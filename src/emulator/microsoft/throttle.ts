import { ApiError } from './reply.ts'

/** So many requests within so many milliseconds. */
export interface Limit {
  readonly requests: number
  readonly within: number
}

/** Requests of one caller and one group of paths within a period. */
export class Throttle {
  readonly #limits: readonly Limit[]
  readonly #longest: number
  readonly #requests = new Map<string, number[]>()

  constructor(...limits: readonly Limit[]) {
    this.#limits = limits
    this.#longest = Math.max(...limits.map(({ within }) => within))
  }

  /** Throws the service's 429 for a request too many; such a request does not count itself. */
  admit(caller: string, now: number): void {
    const recent = (this.#requests.get(caller) ?? []).filter(time => time > now - this.#longest)
    for (const { requests, within } of this.#limits) {
      const inPeriod = recent.filter(time => time > now - within)
      if (inPeriod.length < requests) continue
      const wait = Math.max(1, Math.ceil((inPeriod[0]! + within - now) / 1000))
      throw new ApiError(429, 'TooManyRequests', 'Too many requests.', { 'retry-after': String(wait) })
    }
    recent.push(now)
    this.#requests.set(caller, recent)
  }
}
