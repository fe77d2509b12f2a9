import type { Dataset } from '../core/types.ts'

/** Some neighbouring items of a collection, and where to go on once they and all before them are settled. */
export interface Page {
  /**
   * `{"value": [...]}` in UTF-8, items as they came; other keys say what holds for all of them. It belongs to whoever gets
   * the page, who empties it when it is settled.
   */
  readonly body: Uint8Array
  /** How many items; pages without any only move the state. */
  readonly items: number
  /** When the service made them: milliseconds since the epoch, by its own clock. */
  readonly time: number
  /** Where a later pass goes on. A text of the collector's own, kept with the checkpoint; up to 64 KiB. */
  readonly state: string
}

/** The body of a page without items. */
export const noItems = Buffer.from('{"value":[]}')

/**
 * One collection of an API, read in passes. It knows requests and their order; when a pass is due, who may make it,
 * what has been settled and where that is kept is the poller's concern.
 */
export interface Collector {
  readonly dataset: Exclude<Dataset, 'event'>
  /** Proves that it can be read; says what was found. Throws an `XdrelayError` within seconds if not. */
  probe(signal: AbortSignal): Promise<string>
  /**
   * What there is since `from`, a state it gave before; undefined at the first start, which begins with a page without
   * items where it looks back: its state says from when, for outputs that take nothing yet. With `until`, another of its
   * states, only up to there: for outputs that lack what others have. Throws an `XdrelayError` when it cannot go on;
   * the next pass then starts from the state of the last page that was handed on.
   */
  pass(from: string | undefined, signal: AbortSignal, until?: string): AsyncGenerator<Page, void>
}
