import { ApiError } from './reply.ts'

/** Requests of one caller and one group of paths within a minute. */
export class Throttle {
  readonly #perMinute: number
  readonly #requests = new Map<string, number[]>()

  constructor(perMinute: number) {
    this.#perMinute = perMinute
  }

  /** Throws the service's 429 for a request too many; such a request does not count itself. */
  admit(caller: string, now: number): void {
    const recent = (this.#requests.get(caller) ?? []).filter(time => time > now - 60_000)
    if (recent.length >= this.#perMinute) {
      const wait = Math.max(1, Math.ceil((recent[0]! + 60_000 - now) / 1000))
      throw new ApiError(429, 'TooManyRequests', 'Too many requests.', { 'retry-after': String(wait) })
    }
    recent.push(now)
    this.#requests.set(caller, recent)
  }
}
