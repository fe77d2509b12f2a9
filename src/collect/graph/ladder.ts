import type { Pace } from '../api/pace.ts'

/** How much is asked for at once. */
export interface Rung {
  /** Items of a page. */
  readonly top: number
  /** With the alerts inside each incident. */
  readonly expand: boolean
}

/** When it is tried again with more: after so many pages that went well, or so many milliseconds after the last step down. */
export type Recovery = { readonly pages: number } | { readonly milliseconds: number }

/** Failures on one rung before the next one down is taken. */
const enough = 2

/** Asks for less where the server cannot serve it, and for more again later. */
export class Ladder {
  readonly #rungs: readonly Rung[]
  readonly #recovery: Recovery
  readonly #pace: Pace
  #at = 0
  #failures = 0
  #isShaky = false
  #good = 0
  /** Milliseconds since the epoch. */
  #steppedDown = 0
  /** The most that the server takes at all, once it said so. */
  #most = Number.POSITIVE_INFINITY

  constructor(rungs: readonly Rung[], recovery: Recovery, pace: Pace) {
    this.#rungs = rungs
    this.#recovery = recovery
    this.#pace = pace
  }

  get rung(): Rung {
    const { milliseconds = Number.POSITIVE_INFINITY } = this.#recovery as { readonly milliseconds?: number }
    if (this.#at > 0 && this.#pace.now() - this.#steppedDown >= milliseconds) this.#step(0)
    const { top, expand } = this.#rungs[this.#at]!
    return { top: Math.min(top, this.#most), expand }
  }

  get isLowest(): boolean {
    return this.#at === this.#rungs.length - 1
  }

  /** The last request failed, on this rung or on the one above. */
  get isShaky(): boolean {
    return this.#isShaky
  }

  succeeded(): void {
    const { pages = Number.POSITIVE_INFINITY } = this.#recovery as { readonly pages?: number }
    this.#failures = 0
    this.#isShaky = false
    if (this.#at > 0 && ++this.#good >= pages) this.#step(this.#at - 1)
  }

  /** Whether less is asked for from now on. */
  failed(): boolean {
    this.#isShaky = true
    if (this.isLowest || ++this.#failures < enough) return false
    this.#step(this.#at + 1)
    this.#steppedDown = this.#pace.now()
    return true
  }

  /** The server takes no more than `most` items. Whether that is less than was asked for. */
  limit(most: number): boolean {
    const isLess = most >= 1 && most < this.rung.top
    if (isLess) this.#most = most
    return isLess
  }

  #step(to: number): void {
    this.#at = to
    this.#failures = 0
    this.#good = 0
  }
}
