/**
 * The largest body that is made: a hub takes messages of 1 MiB, AMQP's own bytes included; the service stays below.
 */
export const maxBodyBytes = 1_000_000

const opening = '{"records":['
const closing = ']}'
const encoder = new TextEncoder()

/** Puts records together to the body of a message: `{"records":[…]}`. */
export class MessagePacker {
  readonly #buffer = new Uint8Array(maxBodyBytes)
  #length = 0
  #records = 0

  constructor() {
    this.#reset()
  }

  get records(): number {
    return this.#records
  }

  /** Takes a record's JSON text; false when it would make the message too large, which then stays as it was. */
  add(record: string): boolean {
    const start = this.#records === 0 ? this.#length : this.#length + 1
    const room = this.#buffer.subarray(start, maxBodyBytes - closing.length)
    const { read, written } = encoder.encodeInto(record, room)
    if (read < record.length) return false
    if (this.#records > 0) this.#buffer[this.#length] = 0x2c
    this.#length = start + written
    this.#records++
    return true
  }

  /** The message so far; the packer is empty again. */
  take(): Uint8Array {
    const end = this.#length + encoder.encodeInto(closing, this.#buffer.subarray(this.#length)).written
    const body = this.#buffer.slice(0, end)
    this.#reset()
    return body
  }

  #reset(): void {
    this.#length = encoder.encodeInto(opening, this.#buffer).written
    this.#records = 0
  }
}
