export interface PacePolicy {
  /** Most writes at once. */
  readonly concurrency: number
  /** First and longest wait before a retry, in milliseconds. */
  readonly minRetry: number
  readonly maxRetry: number
}

/** A target that asks for more than this is taken at its word only so far. */
const longestRetryAfter = 5 * 60_000

/**
 * How many writes may run at once, and when the next one may start: additive increase with every good write, halved
 * when the target throttles, down to one probe at a time while it is out.
 *
 * Writes that run side by side meet the same trouble together. Each carries the epoch it started in, and only the
 * first to report changes anything; the others would count one outage several times.
 */
export class Pace {
  readonly #policy: PacePolicy
  #limit: number
  #failures = 0
  #resumeAt = 0
  #epoch = 0

  constructor(policy: PacePolicy) {
    this.#policy = policy
    this.#limit = policy.concurrency
  }

  get limit(): number {
    return Math.floor(this.#limit)
  }

  get epoch(): number {
    return this.#epoch
  }

  /** Milliseconds until the next write may start; 0 or less: now. */
  pause(now: number): number {
    return this.#resumeAt - now
  }

  /** False when the write began before the last trouble: it says nothing about now. */
  good(epoch: number): boolean {
    if (epoch !== this.#epoch) return false
    this.#failures = 0
    this.#limit = Math.min(this.#policy.concurrency, this.#limit + 1 / this.#limit)
    return true
  }

  throttled(epoch: number): void {
    if (epoch !== this.#epoch) return
    this.#epoch++
    this.#failures = 0
    this.#limit = Math.max(1, this.#limit / 2)
  }

  failed(epoch: number, now: number, retryAfter?: number): void {
    if (epoch !== this.#epoch) return
    this.#epoch++
    this.#failures++
    this.#limit = 1
    this.#resumeAt = now + this.wait(this.#failures, retryAfter)
  }

  /** Ends a pause early, once: for a drain, which has no time to wait out a long one. */
  hurry(): void {
    this.#failures = 0
    this.#resumeAt = 0
  }

  /** Exponential with full jitter; on top of what the target asked for, so that its clients do not return all at once. */
  wait(attempt: number, retryAfter = 0): number {
    const { minRetry, maxRetry } = this.#policy
    const jitter = Math.random() * Math.min(maxRetry, minRetry * 2 ** Math.min(attempt - 1, 30))
    return Math.min(retryAfter, longestRetryAfter) + jitter
  }
}
