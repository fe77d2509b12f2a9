import { subset } from '../core/chunk.ts'
import type { Chunk } from '../core/types.ts'

/** When a batch is cut: by bytes, by count, or by the age of its oldest document in milliseconds. */
export interface QueuePolicy {
  readonly bytes: number
  readonly count: number
  readonly age: number
}

interface Queued {
  readonly chunk: Chunk
  readonly since: number
}

/** Pieces in order, and where to cut batches from them. Pieces are never split here: see `portions`. */
export class Queue<Piece extends Queued> {
  readonly #policy: QueuePolicy
  #pieces: Piece[] = []
  #bytes = 0
  #count = 0

  constructor(policy: QueuePolicy) {
    this.#policy = policy
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0
  }

  push(piece: Piece): void {
    this.#pieces.push(piece)
    this.#tally(piece, 1)
  }

  /** Puts pieces before all others, in their order. */
  unshift(pieces: readonly Piece[]): void {
    this.#pieces.unshift(...pieces)
    for (const piece of pieces) this.#tally(piece, 1)
  }

  /** A batch is ready when it is full, when its oldest document has waited long enough, or when nothing is to wait. */
  isReady(now: number, draining: boolean): boolean {
    return !this.isEmpty && (this.#isFull() || this.untilDue(now, draining) <= 0)
  }

  /** Milliseconds until the oldest document has waited long enough. */
  untilDue(now: number, draining: boolean): number {
    return draining || this.isEmpty ? 0 : this.#pieces[0]!.since + this.#policy.age - now
  }

  /** Takes the pieces of the next batch, at least one. */
  cut(): Piece[] {
    let bytes = 0
    let count = 0
    const end = this.#pieces.findIndex(({ chunk }, index) => {
      bytes += chunk.lines.length
      count += chunk.ids.length
      return index > 0 && (bytes > this.#policy.bytes || count > this.#policy.count)
    })
    const batch = this.#pieces.splice(0, end === -1 ? this.#pieces.length : end)
    for (const piece of batch) this.#tally(piece, -1)
    return batch
  }

  clear(): void {
    this.#pieces = []
    this.#bytes = 0
    this.#count = 0
  }

  #isFull(): boolean {
    return this.#bytes >= this.#policy.bytes || this.#count >= this.#policy.count
  }

  #tally({ chunk }: Piece, sign: 1 | -1): void {
    this.#bytes += sign * chunk.lines.length
    this.#count += sign * chunk.ids.length
  }
}

/**
 * The chunk itself when it fits into a batch, otherwise chunks that do; a single document that is larger than a batch
 * still travels, alone.
 */
export function portions(chunk: Chunk, { bytes, count }: QueuePolicy): Chunk[] {
  if (chunk.lines.length <= bytes && chunk.ids.length <= count) return [chunk]
  const parts: Chunk[] = []
  for (let from = 0; from < chunk.ids.length; ) {
    const start = from === 0 ? 0 : chunk.ends[from - 1]!
    let to = from + 1
    while (to < chunk.ids.length && to - from < count && chunk.ends[to]! - start <= bytes) to++
    const first = from
    parts.push(
      subset(
        chunk,
        Array.from({ length: to - from }, (_, index) => first + index),
      ),
    )
    from = to
  }
  return parts
}
