import type { Instant } from '../instant.ts'
import type { GraphItem } from './page.ts'

/** Walks over one moment, after which it is left whatever they gave. */
const mostWalks = 10

/**
 * The items of one moment where they fill more than a page, so that links have to be followed through them. An item
 * that changes leaves the moment, and the link that is followed next then leaves another one out. None comes in, the
 * moment being past: when two walks give the same items, none changed in between, and none was left out.
 */
export class OneMoment {
  readonly #instant: Instant
  readonly #before: ReadonlySet<string> | undefined
  readonly #walk: number
  readonly #keys = new Set<string>()
  #pages = 0

  constructor(instant: Instant, before?: ReadonlySet<string>, walk = 1) {
    this.#instant = instant
    this.#before = before
    this.#walk = walk
  }

  add(items: readonly GraphItem[]): void {
    this.#pages++
    for (const { instant, key } of items) if (instant === this.#instant) this.#keys.add(key)
  }

  isCertain(): boolean {
    // A later walk that has one page only may be a page that came again.
    if (this.#walk >= mostWalks && this.#pages > 1) return true
    return this.#before === undefined ? this.#pages === 1 : isSame(this.#before, this.#keys)
  }

  /** For the next walk over the same moment. */
  again(): OneMoment {
    return new OneMoment(this.#instant, this.#keys, this.#walk + 1)
  }
}

function isSame(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every(key => b.has(key))
}
