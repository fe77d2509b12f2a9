import { XdrelayError } from '../core/errors.ts'
import { jsonObject } from './api/http.ts'
import { type Collector, noItems, type Page } from './collector.ts'

/** A part of the past. Milliseconds since the epoch, the end not included. */
export interface PastWindow {
  readonly since: number
  readonly until: number
  /** Milliseconds that are read at a time. */
  readonly slice: number
}

/** Between which of its states a collector reads a slice; without `until`, to the end of what there is. */
export type SliceStates = (since: number, until: number) => { readonly from: string; readonly until?: string }

interface Place {
  /** Where the slice under way begins; all before has been handed on. */
  readonly at: number
  /** Within the slice: a state of the collector. */
  readonly inside?: string
}

/** Reads a window of the past, slice by slice, with a collector that by itself reads on and on. */
export class SlicedCollector implements Collector {
  readonly #collector: Collector
  readonly #window: PastWindow
  readonly #states: SliceStates

  constructor(collector: Collector, window: PastWindow, states: SliceStates) {
    this.#collector = collector
    this.#window = window
    this.#states = states
  }

  get dataset(): Collector['dataset'] {
    return this.#collector.dataset
  }

  probe(signal: AbortSignal): Promise<string> {
    return this.#collector.probe(signal)
  }

  async *pass(from: string | undefined, signal: AbortSignal, until?: string): AsyncGenerator<Page, void> {
    const end = until === undefined ? { at: this.#window.until } : placeOf(until)
    let place = from === undefined ? { at: this.#window.since } : placeOf(from)
    while (place.at < end.at) {
      yield* this.#slice(place, undefined, signal)
      place = { at: this.#endOf(place.at) }
      yield { body: noItems, items: 0, time: Date.now(), state: JSON.stringify(place) }
    }
    if (end.inside !== undefined && place.at === end.at) yield* this.#slice(place, end.inside, signal)
  }

  async *#slice({ at, inside }: Place, until: string | undefined, signal: AbortSignal): AsyncGenerator<Page, void> {
    const states = this.#states(at, this.#endOf(at))
    for await (const page of this.#collector.pass(inside ?? states.from, signal, until ?? states.until)) {
      yield { ...page, state: JSON.stringify({ at, inside: page.state } satisfies Place) }
    }
  }

  #endOf(at: number): number {
    return Math.min(at + this.#window.slice, this.#window.until)
  }
}

/** Up to where a state of a `SlicedCollector` says that all slices are done: milliseconds since the epoch. */
export function doneUntil(state: string): number {
  return placeOf(state).at
}

function placeOf(state: string): Place {
  const { at, inside } = jsonObject(state)
  if (typeof at !== 'number' || !(inside === undefined || typeof inside === 'string'))
    throw new XdrelayError('checkpoint_unreadable', 'the checkpoint is none of a backfill')
  return { at, ...(inside !== undefined && { inside }) }
}
