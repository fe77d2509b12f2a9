import type { Log } from './log.ts'
import type { Drift, Form } from './types.ts'

const mostEntries = 2000
const mostLines = 100
const others = '*'

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

/** All drift since its start, bounded: what is beyond is counted as table `*`. Says each once in the log. */
export class DriftRegister {
  readonly #log: Log
  readonly #since = Date.now()
  readonly #entries = new Map<string, Entry>()
  #lines = 0

  constructor(log: Log) {
    this.#log = log
  }

  add(drift: readonly Drift[]): void {
    for (const found of drift) this.#add(found)
  }

  report(): DriftReport {
    const drift = [...this.#entries.values()].map(({ first, last, ...entry }) => ({
      ...entry,
      first_seen: new Date(first).toISOString(),
      last_seen: new Date(last).toISOString(),
    }))
    return { since: new Date(this.#since).toISOString(), drift }
  }

  #add(found: Drift): void {
    const entry = this.#entries.get(keyOf(found)) ?? this.#open(found)
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
    if (isNew && !isColumnOfNewTable(found)) this.#say(found)
    return entry
  }

  #say(found: Drift): void {
    if (this.#lines > mostLines) return
    const isLast = this.#lines++ === mostLines
    const text = isLast ? `more than ${mostLines} kinds of drift: no more of them are logged` : sentence(found)
    this.#log.warn(`${text}; see xdrelay drift`, {
      'event.action': 'schema_drift',
      ...(isLast ? {} : { 'labels.kind': found.kind, 'labels.table': found.table, 'labels.column': found.column }),
    })
  }
}

/** A new table is said and counted once, with its columns as details. */
export function isColumnOfNewTable({ kind, column }: Drift): boolean {
  return kind === 'new_table' && column !== ''
}

function sentence({ kind, table, column, expected, field, forms }: Drift): string {
  if (table === others) return `many kinds of drift at once (${kind})`
  const found = Object.keys(forms).join(', ')
  const place = field === '' ? '' : `, kept as ${field}`
  if (kind === 'new_table') return `new table ${table}${place}.*`
  if (kind === 'new_column') return `new column ${table}.${column} (${found})${place}`
  return `column ${table}.${column} is ${found} where ${expected} is expected${place}`
}

function keyOf({ kind, table, column, expected }: Omit<Drift, 'count' | 'forms' | 'field'>): string {
  return JSON.stringify([kind, table, column, expected])
}
