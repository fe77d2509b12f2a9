import { Receiver } from 'rhea-promise'

/** Decides how many messages one partition may have under way, on the wire and in the SDK's queue together. */
export type CreditLimit = () => number

/** By the name of the replica, which the SDK writes into the target of its links. */
const limits = new Map<string, { readonly limit: CreditLimit; readonly prefetch: number }>()
const patched = Symbol.for('xdrelay.credit')

/**
 * Hazard A: with each empty receive the SDK adds credit for a full prefetch without subtracting what is outstanding, so
 * a quiet partition gathers thousands of credits and the next burst lands in memory all at once. Here a link is topped
 * up instead, and only to what the byte allowance of its replica permits. Applied once per process.
 */
export function limitCredit(replica: string, prefetch: number, limit: CreditLimit): () => void {
  patchOnce()
  limits.set(replica, { limit, prefetch })
  return () => limits.delete(replica)
}

function patchOnce(): void {
  const prototype = Receiver.prototype as Receiver & { [patched]?: true }
  if (prototype[patched]) return
  prototype[patched] = true
  const add = prototype.addCredit
  prototype.addCredit = function (this: Receiver, credit: number) {
    const rule = limits.get(this.target?.address ?? '')
    // The SDK asks for its prefetch minus what is queued, so the difference tells how much is queued.
    const queued = rule ? Math.max(0, rule.prefetch - credit) : 0
    const wanted = rule ? Math.max(1, Math.min(rule.limit(), rule.prefetch) - queued) : credit
    const missing = wanted - this.credit
    if (missing > 0) add.call(this, missing)
  }
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

  /** Messages that one partition may have under way. */
  get messages(): number {
    const partitions = Math.max(1, this.#owned, this.expected)
    const size = (this.#meanSize ?? largestMessage) + messageOverhead
    return Math.max(1, Math.floor(this.#bytes / partitions / size))
  }
}
