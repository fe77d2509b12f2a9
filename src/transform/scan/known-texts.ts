import { copyOf, hashOf, isSame, textOf } from './bytes.ts'

/** Longer texts are not kept. */
const longest = 100

interface Entry<T> {
  readonly bytes: DataView
  readonly length: number
  readonly value: T
}

/**
 * What belongs to texts of which there are few, such as categories and action types, found by their bytes: each is
 * decoded once, into a string in one piece that may be kept.
 */
export class KnownTexts<T> {
  readonly #entries: (Entry<T> | undefined)[]
  readonly #mask: number
  readonly #most: number
  readonly #make: (text: string) => T
  #count = 0

  /** No more than `most` texts are kept: who sends more of them does not mean well. */
  constructor(most: number, make: (text: string) => T) {
    const slots = 2 ** Math.ceil(Math.log2(most * 2))
    this.#entries = new Array(slots)
    this.#mask = slots - 1
    this.#most = most
    this.#make = make
  }

  /** Of a text of ASCII without escapes; undefined for one that is not kept. */
  find(view: DataView, from: number, to: number): T | undefined {
    const length = to - from
    if (length < 4 || length > longest) return undefined
    for (let slot = hashOf(view, from, to) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#entries[slot]
      if (entry === undefined) return this.#add(slot, view, from, to)
      if (entry.length === length && isSame(entry.bytes, 0, view, from, length)) return entry.value
    }
  }

  #add(slot: number, view: DataView, from: number, to: number): T | undefined {
    if (this.#count === this.#most) return undefined
    this.#count++
    const value = this.#make(textOf(view, from, to))
    this.#entries[slot] = { bytes: copyOf(view, from, to), length: to - from, value }
    return value
  }
}
