import type { Random } from './random.ts'

const recentLimit = 256
/** How often a table that has told everything makes up another one, for the others to tell later. */
const fresh = 0.1

/**
 * Things that several tables tell of (an alert, a mail): each table takes them in order, so that what one table told
 * is soon told by the others too; a table that is ahead of the others mostly repeats recent ones.
 */
export class Shared<T> {
  readonly #random: Random
  readonly #create: () => T
  readonly #recent: T[] = []
  readonly #told = new Map<string, number>()
  #created = 0

  constructor(random: Random, create: () => T) {
    this.#random = random
    this.#create = create
  }

  /** For the table that introduces them: each is told once. */
  introduce(table: string): T {
    return this.#untold(table, () => true) ?? this.#add(table)
  }

  /** For the tables that add to them. */
  follow(table: string, fits: (item: T) => boolean = () => true): T {
    const item = this.#untold(table, fits)
    if (item !== undefined) return item
    const known = this.#random.chance(fresh) ? [] : this.#recent.filter(fits)
    if (known.length > 0) return this.#random.pick(known)
    for (;;) {
      const added = this.#add(table)
      if (fits(added)) return added
    }
  }

  #untold(table: string, fits: (item: T) => boolean): T | undefined {
    let index = Math.max(this.#told.get(table) ?? 0, this.#created - recentLimit)
    while (index < this.#created && !fits(this.#recent[index % recentLimit]!)) index++
    this.#told.set(table, Math.min(index + 1, this.#created))
    return index < this.#created ? this.#recent[index % recentLimit] : undefined
  }

  #add(table: string): T {
    const item = this.#create()
    this.#recent[this.#created % recentLimit] = item
    this.#created++
    this.#told.set(table, this.#created)
    return item
  }
}
