import { DriftLog, others } from './drift-log.ts'
import type { Log } from './log.ts'
import type { Drift, Form } from './types.ts'

const mostEntries = 2000
/** New tables that are still said once the entries are used up. */
const mostFurther = 500

/** What `GET /api/v1/drift` answers. Names and forms, never values. */
export interface DriftReport {
  /** Since when drift is counted; ISO 8601, as all times here. */
  readonly since: string
  readonly drift: readonly ReportedDrift[]
}

export interface ReportedDrift extends Drift {
  readonly first_seen: string
  readonly last_seen: string
}

interface Entry extends Drift {
  field: string
  count: number
  readonly forms: Partial<Record<Form, number>>
  readonly first: number
  last: number
}

/** All drift since its start, bounded: what is beyond is counted as table `*`. Says in the log what is new. */
export class DriftRegister {
  readonly #log: DriftLog
  readonly #since = Date.now()
  readonly #entries = new Map<string, Entry>()
  readonly #further = new Set<string>()

  constructor(log: Log) {
    this.#log = new DriftLog(log)
  }

  /** The drift of one batch. */
  add(drift: readonly Drift[]): void {
    this.#log.say(drift.filter(found => this.#add(found)))
  }

  report(): DriftReport {
    const drift = [...this.#entries.values()].map(({ first, last, ...entry }) => ({
      ...entry,
      first_seen: new Date(first).toISOString(),
      last_seen: new Date(last).toISOString(),
    }))
    return { since: new Date(this.#since).toISOString(), drift }
  }

  /** True for what is to be said. */
  #add(found: Drift): boolean {
    const known = this.#entries.get(keyOf(found))
    const isFresh = known === undefined && this.#isFresh(found)
    this.#count(known ?? this.#open(found), found)
    return isFresh
  }

  /** Of what has no entry yet. */
  #isFresh(found: Drift): boolean {
    if (isColumnOfNewTable(found)) return false
    if (this.#entries.size < mostEntries) return true
    const { kind, table } = found
    if (kind !== 'new_table' || this.#further.size >= mostFurther || this.#further.has(table)) return false
    this.#further.add(table)
    return true
  }

  #count(entry: Entry, found: Drift): void {
    entry.count += found.count
    entry.last = Date.now()
    if (entry.table === others) return
    if (entry.field === '') entry.field = found.field
    for (const [form, count] of Object.entries(found.forms) as [Form, number][])
      entry.forms[form] = (entry.forms[form] ?? 0) + count
  }

  #open(found: Drift): Entry {
    const isNew = this.#entries.size < mostEntries
    const column = found.column === '' ? '' : others
    const drift = isNew ? found : { kind: found.kind, table: others, column, expected: '', field: '' }
    const key = keyOf(drift)
    const now = Date.now()
    const entry = this.#entries.get(key) ?? { ...drift, count: 0, forms: {}, first: now, last: now }
    this.#entries.set(key, entry)
    return entry
  }
}

/** A new table is said and counted once, with its columns as details. */
export function isColumnOfNewTable({ kind, column }: Drift): boolean {
  return kind === 'new_table' && column !== ''
}

function keyOf({ kind, table, column, expected }: Omit<Drift, 'count' | 'forms' | 'field'>): string {
  return JSON.stringify([kind, table, column, expected])
}
