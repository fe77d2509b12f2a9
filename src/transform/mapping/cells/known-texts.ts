import type { Kernel } from '../../kernel/kernel.ts'

/** Longer texts are not kept. */
const longest = 100

interface Entry<T> {
  readonly at: number
  readonly length: number
  readonly value: T
}

/**
 * What belongs to texts of which there are few, such as action types, found by their bytes: each is decoded once, into a
 * string in one piece that may be kept.
 */
export class KnownTexts<T> {
  readonly #kernel: Kernel
  readonly #entries: (Entry<T> | undefined)[]
  readonly #mask: number
  readonly #most: number
  readonly #make: (text: string) => T
  #count = 0

  /** No more than `most` texts are kept: who sends more of them does not mean well. */
  constructor(kernel: Kernel, most: number, make: (text: string) => T) {
    const slots = 2 ** Math.ceil(Math.log2(most * 2))
    this.#kernel = kernel
    this.#entries = new Array(slots)
    this.#mask = slots - 1
    this.#most = most
    this.#make = make
  }

  /** Of a text of ASCII without escapes, which stands there; undefined for one that is not kept. */
  find(from: number, to: number): T | undefined {
    const length = to - from
    if (length > longest) return undefined
    const { run } = this.#kernel
    for (let slot = run.hash(from, to) & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const entry = this.#entries[slot]
      if (entry === undefined) return this.#add(slot, from, to)
      if (entry.length === length && run.same(entry.at, from, length) !== 0) return entry.value
    }
  }

  #add(slot: number, from: number, to: number): T | undefined {
    if (this.#count === this.#most) return undefined
    this.#count++
    const text = this.#kernel.bytes.subarray(from, to)
    const value = this.#make(text.toString('latin1'))
    this.#entries[slot] = { at: this.#kernel.put(text), length: to - from, value }
    return value
  }
}
