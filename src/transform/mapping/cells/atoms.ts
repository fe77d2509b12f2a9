import { copyOf, hashOf, isSame } from '../../scan/bytes.ts'

/** Texts that are longer than this, or come after so many others, are not kept. */
const longest = 100
const most = 4000
const slots = 1 << 13

/**
 * Few-valued texts, such as action types, by their bytes: each is decoded and lowered once. The answer is always the
 * same string, in one piece, so that looking for it in a map is quick.
 */
export class Atoms {
  readonly #entries: ({ readonly bytes: DataView; readonly lower: string } | undefined)[] = new Array(slots)
  #count = 0

  /** The text of ASCII in lower case. Undefined for one that is not kept. */
  lowered(view: DataView, from: number, to: number): string | undefined {
    const length = to - from
    if (length > longest || length < 4) return undefined
    for (let slot = hashOf(view, from, to) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const entry = this.#entries[slot]
      if (entry === undefined) return this.#add(slot, view, from, to)
      if (entry.lower.length === length && isSame(entry.bytes, 0, view, from, length)) return entry.lower
    }
  }

  #add(slot: number, view: DataView, from: number, to: number): string | undefined {
    if (this.#count === most) return undefined
    this.#count++
    const bytes = copyOf(view, from, to)
    const lower = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').toLowerCase()
    this.#entries[slot] = { bytes, lower }
    return lower
  }
}
