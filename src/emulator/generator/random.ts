const hexBytes = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/**
 * A small seeded generator of random numbers: sfc32 (Chris Doty-Humphrey's "small fast counter", 128 bits of state),
 * seeded with four FNV-1a hashes of the seed's text. Same seed, same numbers, on every machine. Not for secrets.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number | string) {
    const text = String(seed)
    this.#a = hash(text, 0x811c9dc5)
    this.#b = hash(text, 0x9e3779b9)
    this.#c = hash(text, 0x243f6a88)
    // The first numbers after seeding still resemble the seed.
    for (let round = 0; round < 15; round++) this.next()
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor((this.next() / 0x100000000) * limit)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 0x100000000
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** Lower-case hexadecimal digits; `length` is even. */
  hex(length: number): string {
    let text = ''
    while (text.length < length) text += hexBytes[this.next() >>> 24]
    return text
  }

  guid(): string {
    const digits = this.hex(32)
    const variant = '89ab'[this.below(4)]
    return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`
  }

  /** In place (Fisher and Yates). */
  shuffle<T>(list: T[]): T[] {
    for (let last = list.length - 1; last > 0; last--) {
      const other = this.below(last + 1)
      const kept = list[last]!
      list[last] = list[other]!
      list[other] = kept
    }
    return list
  }
}

function hash(text: string, offset: number): number {
  let value = offset
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  return value | 0
}

/** A whole number beyond 2^53, as text. */
export function bigDigits(random: Random): string {
  return `90072${10_000_000_000 + random.next()}`
}
