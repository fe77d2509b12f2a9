import type { Pace } from './pace.ts'

const minute = 60_000

/**
 * At most so many requests in any period, of sixty seconds unless said. A bucket that fills up while nothing is asked
 * would allow twice that.
 */
export class RequestBudget {
  readonly #pace: Pace
  readonly #most: number
  readonly #period: number
  /** When the latest requests were made, oldest first; never more than fit in a period. */
  readonly #times: number[] = []

  /** `period` in milliseconds. */
  constructor(most: number, pace: Pace, period = minute) {
    this.#most = most
    this.#pace = pace
    this.#period = period
  }

  /** Resolves once a request may be made, and counts it. */
  async take(signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.#pace.now()
      while (this.#times.length > 0 && this.#times[0]! <= now - this.#period) this.#times.shift()
      if (this.#times.length < this.#most) {
        this.#times.push(now)
        return
      }
      await this.#pace.sleep(this.#times[0]! + this.#period - now, signal)
    }
  }
}
