import { Inner } from './cells/inner.ts'
import type { Column } from './names.ts'
import type { Comparison, Condition, Source } from './rule.ts'
import type { ColumnType } from './schemas.ts'

/** JavaScript text of a name or constant from a rule file. */
export const quote = (value: unknown): string => JSON.stringify(value)

/** Values that a rule reads under `$…` though the envelope does not hold them. */
const frame: Readonly<Record<string, string>> = {
  id: 'record.id',
  original: 'record.original',
  enqueued_time: 'record.position?.enqueuedTime',
  received_time: 'record.position?.receivedTime',
}

type Folded = string | boolean

/** A value that a rule reads, as code. */
export interface Value {
  /** Whether there is one. */
  readonly present: string
  /** The slot of the column that it is. */
  readonly slot?: number
  /** The number of the field that it is. */
  readonly field?: number
  /** A reference to it; see the class `Cells`. */
  readonly ref: string
  /** The value itself, which is made only where somebody reads it. */
  read(): string
}

/**
 * The variables of one table's function: a local for each column and envelope key whose value is read, for what is
 * derived from them (lower case, parsed JSON) and for conditions. Each is written once, at first use. What the table
 * cannot have is known at compile time, and leaves no trace in the code.
 */
export class Scope {
  /** Maps and sets that the code refers to as `T[n]`. */
  readonly tables: unknown[] = []
  readonly table: string
  readonly envelope: readonly Column[]
  readonly columns: readonly Column[]
  readonly #all: readonly Column[]
  /** By name; keys of the envelope with a dollar before it. */
  readonly #slots: ReadonlyMap<string, number>
  readonly #derived = new Map<string, string>()
  readonly #conditions = new Map<Condition, Folded>()
  readonly #lines: string[] = []
  readonly #inner = new Map<number, Inner>()
  /** How many slots behind those of the columns are taken. */
  innerSlots = 0
  #count = 0

  constructor(table: string, columns: readonly Column[], envelope: readonly Column[]) {
    this.table = table
    this.envelope = envelope
    this.columns = columns
    this.#all = [...envelope, ...columns]
    const names = [...envelope.map(({ column }) => `$${column}`), ...columns.map(({ column }) => column)]
    this.#slots = new Map(names.map((name, slot) => [name, slot]))
  }

  lines(): readonly string[] {
    return this.#lines
  }

  fresh(): string {
    return `v${this.#count++}`
  }

  /** A constant that has no literal form in the code. */
  constant(value: unknown): string {
    this.tables.push(value)
    return `T[${this.tables.length - 1}]`
  }

  /** A column, a key inside of it, or an envelope key; undefined when the table has none. */
  source(source: Exclude<Source, { kind: 'field' }>): Value | undefined {
    const isKey = source.kind === 'envelope'
    const slot = this.#slots.get(isKey ? `$${source.key}` : source.column)
    if (slot === undefined) return isKey ? this.#frame(source.key) : undefined
    if (!isKey && source.key !== undefined) {
      return this.slot(this.#innerSlot(slot, source.key))
    }
    return this.slot(slot)
  }

  slot(slot: number): Value {
    const present = `K[${slot}] > 1`
    return {
      present,
      slot,
      ref: String(slot + 1),
      read: () => this.#derive(`${present} ? c.value(${slot}) : undefined`),
    }
  }

  slotOf(column: string): number | undefined {
    return this.#slots.get(column)
  }

  column(name: string): Column | undefined {
    const slot = this.#slots.get(name)
    return slot === undefined ? undefined : this.#all[slot]
  }

  /** Members of JSON are read as texts. */
  typeOf(slot: number): ColumnType {
    return this.#all[slot]?.type ?? 'string'
  }

  /** A column's date as it stands in ECS fields. */
  date(slot: number): string {
    return this.#derive(`K[${slot}] > 1 ? c.of(X.ref.date(c, ${slot})) : undefined`)
  }

  /** The value in lower case, for comparing; an empty text for none. A field has one only from some rule on. */
  lower({ present, slot, field, read }: Value): string {
    if (field !== undefined) return `X.lower(${read()})`
    const lower = slot === undefined ? `X.lower(${read()})` : `c.lowered(${slot}) ?? X.lower(c.value(${slot}))`
    return this.#derive(`${present} ? ${lower} : ""`)
  }

  /** For members of the JSON in each column that rules read. */
  get inner(): Iterable<Inner> {
    return this.#inner.values()
  }

  /** An expression, or its value where the table alone decides. */
  condition(condition: Condition): Folded {
    const known = this.#conditions.get(condition)
    if (known !== undefined) return known
    const folded = this.#fold(condition)
    const short = typeof folded === 'boolean' || folded.length < 12 ? folded : this.#derive(folded)
    this.#conditions.set(condition, short)
    return short
  }

  /** All members of a column are looked for at once, when the first of them is read. */
  #innerSlot(column: number, name: string): number {
    let inner = this.#inner.get(column)
    if (inner === undefined) {
      inner = new Inner()
      this.#inner.set(column, inner)
      this.#lines.push(`if (K[${column}] > 1) c.loadInner(${column}, ${this.constant(inner)}, run);`)
    }
    const known = inner.names.indexOf(name)
    if (known !== -1) return inner.slots[known]!
    const slot = this.#all.length + this.innerSlots++
    inner.names.push(name)
    inner.slots.push(slot)
    return slot
  }

  #fold(condition: Condition): Folded {
    if ('table' in condition) return condition.table.includes(this.table)
    if ('has' in condition) return this.#has(condition.has)
    if ('not' in condition) {
      const inner = this.condition(condition.not)
      return typeof inner === 'boolean' ? !inner : `!(${inner})`
    }
    if ('all' in condition) return this.#join(condition.all, '&&', false)
    if ('any' in condition) return this.#join(condition.any, '||', true)
    return this.#compare(condition.source, condition.comparison, condition.values)
  }

  /** `decisive` is the value that settles the whole: false for "all", true for "any". */
  #join(parts: readonly Condition[], operator: string, decisive: boolean): Folded {
    const open: string[] = []
    for (const part of parts) {
      const folded = this.condition(part)
      if (folded === decisive) return decisive
      if (typeof folded === 'string') open.push(folded)
    }
    return open.length === 0 ? !decisive : `(${open.join(` ${operator} `)})`
  }

  #has(source: Source): Folded {
    const value = source.kind === 'field' ? undefined : this.source(source)
    return value === undefined ? false : value.present
  }

  #compare(source: Source, comparison: Comparison, values: readonly string[]): Folded {
    const value = source.kind === 'field' ? undefined : this.source(source)
    if (value === undefined) return false
    if (comparison === 'list_has') return `X.listHas(${value.read()}, ${this.constant(new Set(values))})`
    const lower = this.lower(value)
    if (comparison === 'one_of') return `${this.constant(new Set(values))}.has(${lower})`
    const method = { is: '', contains: 'includes', starts: 'startsWith', ends: 'endsWith' }[comparison]
    const tests = values.map(value =>
      method === '' ? `${lower} === ${quote(value)}` : `${lower}.${method}(${quote(value)})`,
    )
    return `(${tests.join(' || ')})`
  }

  #frame(key: string): Value | undefined {
    const expression = Object.hasOwn(frame, key) ? frame[key] : undefined
    return expression === undefined ? undefined : this.#local(this.#derive(expression))
  }

  #local(local: string): Value {
    return { present: `${local} !== undefined`, ref: `c.worth(${local})`, read: () => local }
  }

  #derive(expression: string): string {
    const known = this.#derived.get(expression)
    if (known !== undefined) return known
    const local = this.fresh()
    this.#lines.push(`const ${local} = ${expression};`)
    this.#derived.set(expression, local)
    return local
  }
}
