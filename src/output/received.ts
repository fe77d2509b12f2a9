import { recordBounds, recordsKey } from '../core/json-slices.ts'
import type { Chunk, Message } from '../core/types.ts'

/** The records that a chunk's documents were made from, as they were received. A body is searched once, at first need. */
export class ReceivedRecords {
  readonly #chunk: Chunk
  readonly #bounds = new Map<Message, Uint32Array | undefined>()

  constructor(chunk: Chunk) {
    this.#chunk = chunk
  }

  /** The bytes of the record of document `index`, a view; the whole body where the record cannot be found in it. */
  bytes(index: number): Uint8Array {
    const message = this.#chunk.messages[this.#chunk.message[index]!]!
    const record = this.#chunk.record[index]!
    if (!this.#bounds.has(message)) {
      this.#bounds.set(message, recordBounds(message.body, recordsKey(this.#chunk.origin)))
    }
    const bounds = this.#bounds.get(message)
    if (bounds === undefined || record * 2 >= bounds.length) return message.body
    return message.body.subarray(bounds[record * 2], bounds[record * 2 + 1])
  }
}
