const slabSize = 1 << 20
/** Bytes before an entry that tell its length. */
const header = 4
/** Bytes that an entry costs beside its own: its length, its id and its place in the index. */
const entryCost = 110

/**
 * JSON texts by id, without regard to case, in few large buffers and within a budget of bytes: a tenant's machines and
 * a catalogue of hundreds of thousands of entries must not take the memory they would take as objects.
 */
export class SliceStore {
  readonly #budget: number
  /** Slab number times its size, and the place within it: small integers, which cost nothing more. */
  readonly #places = new Map<string, number>()
  readonly #slabs: Buffer[] = []
  #filled = slabSize
  #bytes = 0

  constructor(budget: number) {
    this.#budget = budget
  }

  /** Copies the bytes. The newest of an id counts; one that has no room is left out. */
  set(id: string, bytes: Uint8Array): void {
    const size = header + bytes.length
    const cost = bytes.length + entryCost
    if (size > slabSize || this.#bytes + cost > this.#budget) return
    this.#bytes += cost
    if (this.#filled + size > slabSize) this.#open()
    const slab = this.#slabs.at(-1)!
    slab.writeUInt32LE(bytes.length, this.#filled)
    slab.set(bytes, this.#filled + header)
    this.#places.set(id.toLowerCase(), (this.#slabs.length - 1) * slabSize + this.#filled)
    this.#filled += size
  }

  get(id: string): Uint8Array | undefined {
    const place = this.#places.get(id.toLowerCase())
    if (place === undefined) return undefined
    const slab = this.#slabs[Math.floor(place / slabSize)]!
    const at = place % slabSize
    return slab.subarray(at + header, at + header + slab.readUInt32LE(at))
  }

  #open(): void {
    this.#slabs.push(Buffer.allocUnsafeSlow(slabSize))
    this.#filled = 0
  }
}
