/** Less than this a server takes, whatever it says: one that does not is out of order. */
export const leastLimit = 64 * 1024
/** Requests near the limit that have to go well before a larger one is tried. */
const enough = 16

/** Bytes that a request may have, as far as answers 413 have told, and until they tell otherwise. */
export class RequestLimit {
  #bytes = Number.POSITIVE_INFINITY
  #good = 0

  get bytes(): number {
    return this.#bytes
  }

  /** A request of so many bytes was too large. */
  refused(bytes: number): void {
    this.#bytes = Math.max(leastLimit, Math.min(this.#bytes, bytes / 2))
    this.#good = 0
  }

  /** A request of so many bytes was taken: a small one says nothing of larger ones. */
  taken(bytes: number): void {
    if (bytes * 4 < this.#bytes || ++this.#good < enough) return
    this.#bytes *= 2
    this.#good = 0
  }
}
