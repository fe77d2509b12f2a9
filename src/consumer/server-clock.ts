/**
 * The storage account's clock, from the `Date` of its answers (hazard H5). Built on the monotonic clock, so a jump of
 * this machine's clock changes nothing: ages of ownerships are differences of the account's own times.
 */
export class ServerClock {
  /** Server time minus monotonic time, in milliseconds; at most the truth, since answers take time and dates are cut to seconds. */
  #offset: number | undefined
  readonly #monotonic: () => number

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
  }

  /** Learns from an answer that has just come. */
  sample(date: number | undefined): void {
    if (date === undefined) return
    const offset = date - this.#monotonic()
    // The highest sample is the closest to the truth; it fades a little, because clocks do not run equally fast.
    const known = this.#offset === undefined ? offset : Math.max(offset, this.#offset - 10)
    // One far below means that the account's clock was set back.
    this.#offset = offset < known - 5000 ? offset : known
  }

  /** Milliseconds since the epoch by the account's clock; by this machine's until the first answer. */
  now(): number {
    return this.#offset === undefined ? Date.now() : this.#monotonic() + this.#offset
  }
}
