import type { Drift } from '../../core/types.ts'

/** Names of columns come from records, so their number and length are bounded. */
const mostEntries = 1000
const longestName = 200
const others = '*'

/** Counts what the schemas do not know, until it is asked for. */
export class DriftCounter {
  #counts = new Map<string, Drift & { count: number }>()

  add(kind: Drift['kind'], table: string, column: string, detail: string): void {
    const [where, what, how] = [table, column, detail].map(text => text.slice(0, longestName)) as [
      string,
      string,
      string,
    ]
    const key = JSON.stringify([kind, where, what, how])
    const entry = this.#counts.get(key) ?? this.#open(key, kind, where, what, how)
    entry.count++
  }

  /** What was counted since the last call. */
  take(): Drift[] {
    const drift = [...this.#counts.values()]
    this.#counts = new Map()
    return drift
  }

  #open(key: string, kind: Drift['kind'], table: string, column: string, detail: string): Drift & { count: number } {
    const room = this.#counts.size < mostEntries
    const name = room ? key : kind
    const entry = this.#counts.get(name) ?? {
      kind,
      table: room ? table : others,
      column: room ? column : others,
      detail: room ? detail : `more than ${mostEntries} different ones`,
      count: 0,
    }
    this.#counts.set(name, entry)
    return entry
  }
}
