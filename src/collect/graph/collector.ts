import type { Pace } from '../api/pace.ts'
import type { Collector, Page } from '../collector.ts'
import { before, type Instant, instantAt, later } from '../instant.ts'
import type { GraphList } from './list.ts'
import type { GraphItem } from './page.ts'
import { decode, type Piece, type Position, Progress, startOf } from './progress.ts'
import { Seen } from './seen.ts'

/** Whether a version has not been handed on yet. */
export type IsNew = (key: string, instant: Instant | undefined) => boolean

export interface GraphCollection {
  readonly dataset: Collector['dataset']
  readonly list: GraphList
  readonly pace: Pace
  /** Milliseconds before the first start that are looked at. */
  readonly since: number
  /** Milliseconds before the cursor that are looked at again, for what the service shows late. */
  readonly overlap: number
  readonly probe: (signal: AbortSignal) => Promise<string>
  /** What is new of some items, in their order. */
  readonly pieces: (items: readonly GraphItem[], isNew: IsNew, signal: AbortSignal) => AsyncIterable<Piece>
}

/** Milliseconds between two looks at the overlap: passes that follow each other faster look at what is new only. */
const overlapEvery = 10_000

/** Alerts or incidents, by the moment of their last update. */
export class GraphCollector implements Collector {
  readonly #collection: GraphCollection
  /** What the last page's state stands for, with all the keys that found no room in it. */
  #last: { readonly state: string; readonly position: Position } | undefined
  /** When the last pass began that looked at all of the overlap: milliseconds since the epoch. */
  #overlapped = Number.NEGATIVE_INFINITY

  constructor(collection: GraphCollection) {
    this.#collection = collection
  }

  get dataset(): Collector['dataset'] {
    return this.#collection.dataset
  }

  probe(signal: AbortSignal): Promise<string> {
    return this.#collection.probe(signal)
  }

  async *pass(from: string | undefined, signal: AbortSignal, until?: string): AsyncGenerator<Page, void> {
    const { list, overlap, pieces, pace } = this.#collection
    const position = this.#positionOf(from, until)
    const lateFrom = startOf(position, overlap)
    position.seen.forgetBefore(lateFrom)
    const began = pace.now()
    const isFirst = from === undefined
    const isOverlapDue = this.#isOverlapDue(from, until)
    const start = isOverlapDue ? lateFrom : position.cursor
    const end = until === undefined ? undefined : decode(until)
    const progress = new Progress(position, isFirst, end, isFirst || isOverlapDue ? overlap : undefined)
    // What is older than the window was not asked for: a page that came once more, of which the keys are forgotten.
    const isNew: IsNew = (key, instant) => (instant ?? start) >= start && progress.isNew(key, instant)
    const handOn = (page: Page): Page => {
      if (until === undefined) this.#last = { state: page.state, position }
      return page
    }
    let time = began
    for await (const batch of list.walk({ from: start, to: end && later(end.cursor, end.seen.newest ?? '') }, signal)) {
      for await (const piece of pieces(batch.items, isNew, signal)) {
        const full = progress.add(piece, batch)
        if (full !== undefined) yield handOn(full)
      }
      const rest = progress.complete(batch)
      if (rest !== undefined) yield handOn(rest)
      time = batch.date
    }
    if (isOverlapDue && until === undefined) this.#overlapped = began
    const last = progress.end(time)
    if (last !== undefined) yield handOn(last)
  }

  #isOverlapDue(from: string | undefined, until: string | undefined): boolean {
    const isNext = until === undefined && this.#last?.state === from
    const isRecent = this.#collection.pace.now() - this.#overlapped < overlapEvery
    return from !== undefined && !(isNext && isRecent)
  }

  #positionOf(from: string | undefined, until: string | undefined): Position {
    const { since, pace } = this.#collection
    if (from === undefined) return { cursor: before(instantAt(pace.now()), since), seen: new Seen() }
    // A pass that catches up goes its own way; what is remembered is for the one that goes on.
    if (until === undefined && this.#last?.state === from) return this.#last.position
    return decode(from)
  }
}
