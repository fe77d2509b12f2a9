import type { Column } from './names.ts'
import type { Comparison, Condition, Source } from './rule.ts'

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

/**
 * The variables of one table's function: a local for each column and envelope key, for what is derived from them
 * (lower case, date, address, parsed JSON) and for conditions. Each is written once, at first use. What the table
 * cannot have is known at compile time, and leaves no trace in the code.
 */
export class Scope {
  /** Maps and sets that the code refers to as `T[n]`. */
  readonly tables: unknown[] = []
  readonly table: string
  readonly columns: readonly { readonly column: Column; readonly local: string }[]
  readonly envelope: readonly { readonly column: Column; readonly local: string }[]
  readonly #locals = new Map<string, { column: Column; local: string }>()
  readonly #keys = new Map<string, string>()
  readonly #derived = new Map<string, string>()
  readonly #conditions = new Map<Condition, Folded>()
  readonly #lines: string[] = []
  #count = 0

  constructor(table: string, columns: readonly Column[], envelope: readonly Column[]) {
    this.table = table
    this.envelope = envelope.map(column => ({ column, local: this.#read('e', 'm', column) }))
    this.columns = columns.map(column => ({ column, local: this.#read('p', 'n', column) }))
    for (const { column, local } of this.envelope) this.#keys.set(column.column, local)
    for (const entry of this.columns) this.#locals.set(entry.column.column, entry)
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

  /** The local that holds a column, a key inside of it, or an envelope key; undefined when the table has none. */
  source(source: Exclude<Source, { kind: 'field' }>): string | undefined {
    if (source.kind === 'envelope') return this.#keys.get(source.key) ?? this.#frame(source.key)
    const entry = this.#locals.get(source.column)
    if (entry === undefined || source.key === undefined) return entry?.local
    return this.#derive(`X.member(${this.json(entry.local)}, ${quote(source.key)})`)
  }

  column(name: string): Column | undefined {
    return this.#locals.get(name)?.column
  }

  /** A column's value as parsed JSON, whether it came as text or as it is. */
  json(local: string): string {
    return this.#derive(`${local} === undefined ? undefined : X.json(${local}, run)`)
  }

  /** A conversion that several places want of one local: worked out once. */
  converted(name: string, local: string): string {
    if (name === 'date')
      return this.#derive(
        `${this.utc(local)} ? X.cutUtc(${local}) : ${local} === undefined ? undefined : X.as.date(${local})`,
      )
    return this.#derive(`${local} === undefined ? undefined : X.as.${name}(${local})`)
  }

  /** Whether a text is a date in the usual form; false for none. */
  utc(local: string): string {
    return this.#derive(`${local} !== undefined && X.isUtc(${local})`)
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
    const local = source.kind === 'field' ? undefined : this.source(source)
    return local === undefined ? false : `${local} !== undefined`
  }

  #compare(source: Source, comparison: Comparison, values: readonly string[]): Folded {
    const local = source.kind === 'field' ? undefined : this.source(source)
    if (local === undefined) return false
    if (comparison === 'list_has') return `X.listHas(${local}, ${this.constant(new Set(values))})`
    const lower = this.#derive(`${local} === undefined ? "" : X.lower(${local})`)
    if (comparison === 'one_of') return `${this.constant(new Set(values))}.has(${lower})`
    const method = { is: '', contains: 'includes', starts: 'startsWith', ends: 'endsWith' }[comparison]
    const tests = values.map(value =>
      method === '' ? `${lower} === ${quote(value)}` : `${lower}.${method}(${quote(value)})`,
    )
    return `(${tests.join(' || ')})`
  }

  #frame(key: string): string | undefined {
    const expression = Object.hasOwn(frame, key) ? frame[key] : undefined
    return expression === undefined ? undefined : this.#derive(expression)
  }

  #derive(expression: string): string {
    const known = this.#derived.get(expression)
    if (known !== undefined) return known
    const local = this.fresh()
    this.#lines.push(`const ${local} = ${expression};`)
    this.#derived.set(expression, local)
    return local
  }

  #read(holder: string, counter: string, column: Column): string {
    const local = this.fresh()
    const read = `let ${local} = ${holder}[${quote(column.column)}];`
    const empty = `if (${local} === null || ${local} === "") ${local} = undefined;`
    this.#lines.push(
      `${read} if (${local} !== undefined) { ${counter}++; ${empty} else { ${normalise(local, column)} } }`,
    )
    return local
  }
}

/** Makes the forms of a type one; see `reads`. */
function normalise(local: string, { column, label, type, fieldType }: Column): string {
  if (type === 'dynamic') return `${local} = X.dynamic(${local}, ${quote(label)}, run);`
  if (type === 'long' || type === 'int') return `if (!Number.isSafeInteger(${local})) ${local} = X.number(${local});`
  if (type === 'real') return `if (typeof ${local} !== "number") ${local} = X.real(${local});`
  if (type === 'bool') return `if (typeof ${local} !== "boolean") ${local} = X.boolean(${local});`
  const text = `if (typeof ${local} !== "string") ${local} = X.text(${local}, ${quote(label)}, run);`
  // In an address column a hyphen says that there is none.
  const isAddress = fieldType === 'ip' || column === 'MacAddress'
  return isAddress ? `${text} if (${local} === "-") ${local} = undefined;` : text
}
