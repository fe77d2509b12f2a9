/** What one partition may have under way, on the wire and in the SDK's queue together: messages, and their bytes. */
export interface Share {
  readonly messages: number
  readonly bytes: number
}

/** The service takes nothing larger by default. */
const largestMessage = 1024 * 1024

/** Bytes that the SDK's objects around a message take, however small its body is. */
const messageOverhead = 4096

/** Keeps the prefetched bytes of all partitions together within an allowance, by the size of messages seen so far. */
export class PrefetchAllowance {
  readonly #bytes: number
  #meanSize: number | undefined
  #owned = 1
  /** Partitions of the hub. All may become ours, one after the other, and credit that was given stays given. */
  expected = 1

  constructor(bytes: number) {
    this.#bytes = bytes
  }

  own(partitions: number): void {
    this.#owned = partitions
  }

  /** Follows growth at once and decline slowly: a wrong guess upwards costs speed, one downwards memory. */
  observe(messages: number, bytes: number): void {
    const mean = bytes / messages
    const before = this.#meanSize ?? mean
    this.#meanSize = mean > before ? mean : before + (mean - before) * 0.2
  }

  /** At least one message, whatever its size. */
  get share(): Share {
    const bytes = this.#bytes / Math.max(1, this.#owned, this.expected)
    const size = (this.#meanSize ?? largestMessage) + messageOverhead
    return { messages: Math.max(1, Math.floor(bytes / size)), bytes }
  }
}
