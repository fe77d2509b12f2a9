import type { Cursor } from '../core/types.ts'

interface Entry {
  readonly cursor: Cursor
  readonly messages: number
  settled: boolean
}

/**
 * What has been read but is not settled, per stream and in order. Batches settle in any order; `commit` is called with
 * the newest cursor below which everything is settled, and never runs ahead of an unsettled batch.
 */
export class Ledger {
  #streams = new Map<string, Entry[]>()
  #drained: PromiseWithResolvers<void> | undefined
  readonly #commit: (stream: string, cursor: Cursor) => void

  constructor(commit: (stream: string, cursor: Cursor) => void) {
    this.#commit = commit
  }

  /** Returns the function that settles this batch; a second call does nothing. */
  track(stream: string, cursor: Cursor, messages: number): () => void {
    const entries = this.#streams.get(stream) ?? []
    this.#streams.set(stream, entries)
    const entry: Entry = { cursor, messages, settled: false }
    entries.push(entry)
    return () => this.#settle(stream, entries, entry)
  }

  /** Drops a stream that is no longer ours: batches of it that settle later commit nothing. */
  forget(stream: string): void {
    this.#streams.delete(stream)
    this.#wake()
  }

  /** Messages not settled, of one stream or of all. */
  unsettled(stream?: string): number {
    const entries = stream === undefined ? [...this.#streams.values()].flat() : (this.#streams.get(stream) ?? [])
    return entries.reduce((sum, entry) => sum + (entry.settled ? 0 : entry.messages), 0)
  }

  /** Resolves when nothing is unsettled; waits as long as it takes. */
  drained(): Promise<void> {
    if (this.#isEmpty()) return Promise.resolve()
    this.#drained ??= Promise.withResolvers()
    return this.#drained.promise
  }

  #settle(stream: string, entries: Entry[], entry: Entry): void {
    entry.settled = true
    // After `forget` the stream may be ours again, with a new list: only the list of its own time counts.
    if (this.#streams.get(stream) !== entries) return
    const firstOpen = entries.findIndex(each => !each.settled)
    const prefix = entries.splice(0, firstOpen < 0 ? entries.length : firstOpen)
    const last = prefix.at(-1)
    if (last) this.#commit(stream, last.cursor)
    this.#wake()
  }

  #isEmpty(): boolean {
    for (const entries of this.#streams.values()) if (entries.length > 0) return false
    return true
  }

  #wake(): void {
    if (!this.#drained || !this.#isEmpty()) return
    this.#drained.resolve()
    this.#drained = undefined
  }
}
