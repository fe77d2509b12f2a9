import type { Drift, Form } from '../../core/types.ts'

/** Names of columns come from records, so their number and length are bounded. */
const mostEntries = 1000
const longestName = 200
const others = '*'

/** One occurrence. Without a form: of a table. */
interface Found {
  readonly kind: Drift['kind']
  readonly table: string
  readonly column: string
  readonly expected?: string
  readonly field: string
  readonly form?: Form
}

interface Entry extends Drift {
  field: string
  count: number
  readonly forms: Partial<Record<Form, number>>
}

/** Counts what the schemas do not know, until it is asked for. */
export class DriftCounter {
  /** By kind and table, then by expected type and column: no key has to be written out for each value. */
  #tables = new Map<string, Map<string, Entry>>()
  #size = 0
  #held: Found[] | undefined

  /** What is added from here on waits. */
  hold(): void {
    this.#held = []
  }

  release(counts: boolean): void {
    const held = this.#held ?? []
    this.#held = undefined
    if (counts) for (const found of held) this.add(found)
  }

  add(found: Found): void {
    if (this.#held !== undefined) {
      this.#held.push(found)
      return
    }
    const entry = this.#find(found) ?? this.#open(found)
    entry.count++
    if (entry.field === '') entry.field = shortened(found.field)
    if (found.form !== undefined && entry.table !== others) entry.forms[found.form] = (entry.forms[found.form] ?? 0) + 1
  }

  /** What was counted since the last call. */
  take(): Drift[] {
    if (this.#size === 0) return []
    const drift = [...this.#tables.values()].flatMap(columns => [...columns.values()])
    this.#tables = new Map()
    this.#size = 0
    return drift
  }

  #find({ kind, table, column, expected = '' }: Found): Entry | undefined {
    return this.#tables.get(`${kind} ${shortened(table)}`)?.get(`${expected} ${shortened(column)}`)
  }

  #open(found: Found): Entry {
    const room = this.#size < mostEntries
    const { kind, table, column, expected = '' } = room ? found : rest(found)
    const entry = { kind, table: shortened(table), column: shortened(column), expected, field: '', count: 0, forms: {} }
    const known = room ? undefined : this.#find(entry)
    if (known) return known
    const name = `${kind} ${entry.table}`
    const columns = this.#tables.get(name) ?? new Map<string, Entry>()
    this.#tables.set(name, columns.set(`${expected} ${entry.column}`, entry))
    this.#size++
    return entry
  }
}

/** Tables are counted apart from their columns. */
function rest({ kind, column }: Found): Found {
  return { kind, table: others, column: column === '' ? '' : others, field: '' }
}

function shortened(name: string): string {
  return name.length > longestName ? name.slice(0, longestName) : name
}
