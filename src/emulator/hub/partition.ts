import { type Publication, type StoredEvent, store } from './event.ts'

export interface Retention {
  /** Milliseconds; events older than this go. Infinite by default. */
  readonly age?: number
  /** Bytes per partition; beyond them the oldest events go. Infinite by default. */
  readonly bytes?: number
}

/** Where a receiver starts: at the first event that satisfies it. */
export type Start =
  | 'earliest'
  | 'latest'
  | { readonly by: 'offset' | 'sequenceNumber' | 'enqueuedTime'; readonly value: number; readonly inclusive: boolean }

/** An append-only log with sequence numbers from 0 without gaps, whose oldest events go by age and by size. */
export class Partition {
  readonly id: string
  /** Called after events were appended; once per append, so it must be cheap. */
  readonly listeners = new Set<() => void>()
  readonly #retention: Retention
  readonly #now: () => number
  /** Events `#first` and later are there; those before are kept as holes until enough of them have gathered. */
  #events: (StoredEvent | undefined)[] = []
  #first = 0
  /** Sequence number of `#events[0]`. */
  #base = 0
  #bytes = 0
  #nextOffset = 0
  #last: StoredEvent | undefined

  constructor(id: string, retention: Retention, now: () => number) {
    this.id = id
    this.#retention = retention
    this.#now = now
  }

  /** Sequence number of the first event. */
  append(events: readonly Publication[], enqueuedTime = this.#now()): number {
    const sequenceNumber = this.end
    for (const event of events) {
      const stored = store(event, { sequenceNumber: this.end, offset: this.#nextOffset, enqueuedTime })
      this.#events.push(stored)
      this.#bytes += stored.bytes
      this.#nextOffset += stored.bytes
      this.#last = stored
    }
    this.expire()
    for (const listener of this.listeners) listener()
    return sequenceNumber
  }

  /** The sequence number the next event will get. */
  get end(): number {
    return this.#base + this.#events.length
  }

  /** Sequence number of the oldest event there is; `end` when there is none. */
  get begin(): number {
    this.expire()
    return this.#base + this.#first
  }

  get count(): number {
    return this.end - this.begin
  }

  get bytes(): number {
    this.expire()
    return this.#bytes
  }

  /** The newest event ever appended, also when it is gone. */
  get last(): StoredEvent | undefined {
    return this.#last
  }

  /** The event with this sequence number, or the oldest after it; undefined when it is still to come. */
  read(sequenceNumber: number): StoredEvent | undefined {
    return this.#events[Math.max(sequenceNumber, this.begin) - this.#base]
  }

  /** The sequence number to start at. */
  seek(start: Start): number {
    if (start === 'latest') return this.end
    if (start === 'earliest') return this.begin
    const { by, value, inclusive } = start
    if (by === 'sequenceNumber') return Math.max(inclusive ? value : value + 1, this.begin)
    for (let at = this.begin; at < this.end; at++) {
      const event = this.#events[at - this.#base]!
      if (event[by] > value || (inclusive && event[by] === value)) return at
    }
    return this.end
  }

  expire(): void {
    const { age = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = this.#retention
    const oldest = this.#now() - age
    while (this.#first < this.#events.length) {
      const event = this.#events[this.#first]!
      if (event.enqueuedTime >= oldest && this.#bytes <= bytes) break
      this.#events[this.#first++] = undefined
      this.#bytes -= event.bytes
    }
    if (this.#first > 1000 && this.#first > this.#events.length / 2) {
      this.#events.splice(0, this.#first)
      this.#base += this.#first
      this.#first = 0
    }
  }
}
