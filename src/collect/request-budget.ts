import type { Pace } from './pace.ts'

const minute = 60_000

/** At most so many requests in any sixty seconds. A bucket that fills up while nothing is asked would allow twice that. */
export class RequestBudget {
  readonly #pace: Pace
  readonly #perMinute: number
  /** When the latest requests were made, oldest first; never more than fit in a minute. */
  readonly #times: number[] = []

  constructor(perMinute: number, pace: Pace) {
    this.#perMinute = perMinute
    this.#pace = pace
  }

  /** Resolves once a request may be made, and counts it. */
  async take(signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.#pace.now()
      while (this.#times.length > 0 && this.#times[0]! <= now - minute) this.#times.shift()
      if (this.#times.length < this.#perMinute) {
        this.#times.push(now)
        return
      }
      await this.#pace.sleep(this.#times[0]! + minute - now, signal)
    }
  }
}
