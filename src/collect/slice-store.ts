const slabSize = 1 << 20
/** What an entry costs beside its bytes: its key, and its place in the index. */
const entryCost = 160

/**
 * JSON texts by id, without regard to case, in few large buffers and within a budget of bytes: a tenant's machines and
 * a catalogue of hundreds of thousands of entries must not take the memory they would take as objects.
 */
export class SliceStore {
  readonly #budget: number
  readonly #places = new Map<string, readonly [slab: number, from: number, to: number]>()
  #slabs: Buffer[] = []
  #filled = slabSize
  #bytes = 0

  constructor(budget: number) {
    this.#budget = budget
  }

  /** Copies the bytes. The newest of an id counts; one that has no room is left out. */
  set(id: string, bytes: Uint8Array): void {
    const cost = bytes.length + entryCost
    if (bytes.length > slabSize || this.#bytes + cost > this.#budget) return
    this.#bytes += cost
    if (this.#filled + bytes.length > slabSize) this.#open()
    const slab = this.#slabs.length - 1
    this.#slabs[slab]!.set(bytes, this.#filled)
    this.#places.set(id.toLowerCase(), [slab, this.#filled, this.#filled + bytes.length])
    this.#filled += bytes.length
  }

  get(id: string): Uint8Array | undefined {
    const place = this.#places.get(id.toLowerCase())
    if (place === undefined) return undefined
    const [slab, from, to] = place
    return this.#slabs[slab]!.subarray(from, to)
  }

  #open(): void {
    this.#slabs.push(Buffer.allocUnsafeSlow(slabSize))
    this.#filled = 0
  }
}
