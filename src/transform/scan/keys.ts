/**
 * Names that may be keys of an object, and what usually follows what: the service writes the columns of a table in one
 * order, so a key is compared with the one that came after the same key before, and looked up only when it is another.
 */
export class Keys {
  readonly count: number
  readonly #ids: ReadonlyMap<string, number>
  /** Of each name, `"name":` in words of four bytes; the last one overlaps the one before it. */
  readonly #words: Int32Array
  readonly #starts: Int32Array
  readonly #lengths: Int32Array

  /** At most 30,000 names. Those that JSON has to escape, or beyond ASCII, are left out: they are found by nobody. */
  constructor(names: Iterable<string>) {
    const usable = [...new Set(names)].filter(name => /^[\x20-\x7e]{1,200}$/.test(name) && !/["\\]/.test(name))
    this.count = usable.length
    this.#ids = new Map(usable.map((name, id) => [name, id]))
    const words: number[] = []
    this.#starts = new Int32Array(usable.length + 1)
    this.#lengths = new Int32Array(usable.length)
    for (const [id, name] of usable.entries()) {
      const bytes = Buffer.from(`"${name}":`)
      for (let at = 0; at + 4 <= bytes.length; at += 4) words.push(bytes.readInt32LE(at))
      if (bytes.length % 4 !== 0) words.push(bytes.readInt32LE(bytes.length - 4))
      this.#starts[id + 1] = words.length
      this.#lengths[id] = bytes.length
    }
    this.#words = Int32Array.from(words)
  }

  /** -1 for none. */
  idOf(name: string): number {
    return this.#ids.get(name) ?? -1
  }

  /** Bytes of `"name":`. */
  lengthOf(id: number): number {
    return this.#lengths[id]!
  }

  /** Whether `"name":` stands at `at`; false, too, at the very end of the body, where no value would fit. */
  isAt(body: DataView, length: number, at: number, id: number): boolean {
    const end = at + this.#lengths[id]!
    // To ask the view for its length would take longer than all the rest.
    if (end >= length) return false
    const last = this.#starts[id + 1]! - 1
    let word = this.#starts[id]!
    for (let place = at; word < last; word++, place += 4) {
      if (body.getInt32(place, true) !== this.#words[word]) return false
    }
    return body.getInt32(end - 4, true) === this.#words[last]
  }

  /** For each id, what followed it last; the first entry is for the start of an object, so an id is at its place + 1. */
  order(): Int16Array {
    return new Int16Array(this.count + 1).fill(-1)
  }
}
