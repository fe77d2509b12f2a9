import type { Chunk } from '../core/types.ts'

/** What a feed needs of the lane behind it. */
export interface FedLane {
  readonly name: string
  readonly state: 'up' | 'retrying' | 'down'
  submit(chunk: Chunk): Promise<void>
  idle(): Promise<void>
}

export interface FeedDeps {
  /** Bytes that may wait for the lane, messages included, before it counts as fallen behind. */
  readonly share: number
  /** Milliseconds a catch-up may hold the other outputs back, and the least time between two. */
  readonly slice: number
}

/**
 * Decides what an optional output gets. While it keeps up it gets everything. Once more than its share waits in its
 * lane it has fallen behind: it gets nothing more, so that it costs no memory and holds nobody back; when its lane
 * has emptied, the source is asked to read again from its position, and until it has caught up, or for one slice of
 * time at the most, reading goes at its pace.
 */
export class Feed {
  readonly lane: FedLane
  #behind = false
  #catchUpEnds = Number.POSITIVE_INFINITY
  #nextCatchUp = Number.NEGATIVE_INFINITY
  #held = 0
  #under = new Set<Promise<void>>()
  readonly #deps: FeedDeps

  constructor(lane: FedLane, deps: FeedDeps) {
    this.lane = lane
    this.#deps = deps
  }

  get behind(): boolean {
    return this.#behind
  }

  /** True when the lane has emptied, so that what it missed can be read again. */
  get wantsCatchUp(): boolean {
    return this.#behind && this.#held === 0 && performance.now() >= this.#nextCatchUp
  }

  /** The source reads again from this output's position: it gets everything once more. */
  catchUp(): void {
    this.#behind = false
    this.#catchUpEnds = performance.now() + this.#deps.slice
    this.#nextCatchUp = this.#catchUpEnds + this.#deps.slice
  }

  /**
   * Gives the chunk to the lane and returns the promise of its settlement, or undefined when it was left out.
   * `bytes` are held in memory until then. `old` says that the other outputs have this chunk already, so that waiting
   * costs them only the time of a slice.
   */
  async offer(chunk: Chunk, bytes: number, old: boolean): Promise<{ settled: Promise<void> } | undefined> {
    while (old && this.#isFull(bytes) && this.lane.state !== 'down' && performance.now() < this.#catchUpEnds) {
      await Promise.race([...this.#under, tick()])
    }
    if (!this.#behind && this.#isFull(bytes)) this.#behind = true
    if (this.#behind) return undefined
    const settled = this.lane.submit(chunk)
    const done: Promise<void> = settled
      .catch(() => {})
      .then(() => {
        this.#under.delete(done)
        this.#held -= bytes
      })
    this.#under.add(done)
    this.#held += bytes
    return { settled }
  }

  /** One chunk is always taken, however large. */
  #isFull(bytes: number): boolean {
    return this.#held > 0 && this.#held + bytes > this.#deps.share
  }
}

/** A write that hangs settles nothing, so the wait looks again by itself now and then. */
function tick(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 250).unref())
}
