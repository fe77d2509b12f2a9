import type { Dataset, Drift } from '../../core/types.ts'
import type { Limits, Unmapped } from '../record.ts'
import { vendorRoot } from './datasets.ts'
import type { DriftCounter } from './drift.ts'
import { formOf } from './forms.ts'
import { exceeds, jsonText } from './values.ts'

const mostNotes = 16
/** Characters of a name under which a value is kept. */
const mostName = 1024

interface Note {
  readonly column: string
  readonly expected: string
  readonly found: string
}

/** What the schema expects of a column, what was found, and the field that has it now. */
interface Misfit {
  readonly expected: string
  readonly found: string
  readonly field: string
}

/** What comes up while one record is mapped. One object per mapper, reset for each record: none is made per record. */
export class Run {
  readonly dataset: Dataset
  /** Of the vendor fields. */
  readonly root: string
  /** Where the columns lie in a record, as a JSON pointer, and how many levels that takes. */
  readonly #columnsAt: string
  readonly #levels: number
  readonly #limits: Limits
  readonly #strict: boolean
  readonly #drift: DriftCounter
  #table = ''
  #newColumns: Drift['kind'] = 'new_column'
  #keysLeft = 0
  #kept: Record<string, string> | undefined
  #collisions = 0
  #notes: Note[] | undefined
  /** Whether a schema says what the column at hand is; what none knows never costs the record. */
  documented = true
  reject: Unmapped | undefined

  constructor(limits: Limits, strict: boolean, drift: DriftCounter, dataset: Dataset = 'event') {
    this.dataset = dataset
    this.root = vendorRoot(dataset)
    const isEnveloped = dataset === 'event'
    this.#columnsAt = isEnveloped ? '/properties' : ''
    this.#levels = isEnveloped ? 2 : 1
    this.#limits = limits
    this.#strict = strict
    this.#drift = drift
  }

  /** `keys`: how many the properties and the envelope have. */
  start(table: string, keys: number): void {
    this.#table = table
    this.#newColumns = 'new_column'
    this.#keysLeft = this.#limits.keys - keys
    this.#kept = undefined
    this.#collisions = 0
    this.#notes = undefined
    this.reject = undefined
    this.documented = true
    if (this.#keysLeft < 0) this.#tooLarge('')
    if (this.#limits.depth < this.#levels) this.#tooDeep(this.#columnsAt)
  }

  /** A native object or list: false, and a reject, when it goes beyond the limits. */
  allows(value: object, pointer: string): boolean {
    const bounds = { depth: this.#limits.depth - this.#levels, keys: this.#keysLeft }
    const broken = exceeds(value, bounds)
    this.#keysLeft = bounds.keys
    if (broken === 'depth') this.#tooDeep(pointer)
    if (broken === 'keys') this.#tooLarge(pointer)
    return broken === undefined
  }

  /** JSON that came as text is bounded as well, but stays text when it is beyond. */
  allowsText(value: object): boolean {
    return exceeds(value, { depth: this.#limits.depth, keys: this.#limits.keys }) === undefined
  }

  /** The column's value is not what its schema says, but nothing is lost by writing it differently. */
  converted(column: string, value: unknown, { expected, found, field }: Misfit): void {
    const form = formOf(value)
    this.#drift.add({ kind: 'type_change', table: this.#table, column, expected, field, form })
    // An address is documented as text, so one that cannot be indexed as an address still fits the schema.
    if (this.#strict && this.documented && expected !== 'ip') this.#invalid(column, expected, found)
  }

  /** As `keep`, for a value whose size nothing has looked at. */
  keepWithin(column: string, value: unknown, expected: string, found: string): void {
    if (typeof value === 'object' && value !== null && !this.allows(value, this.#pointerOf(column))) return
    this.keep(column, value, expected, found)
  }

  /** The value fits no field of this column: its JSON text is kept beside, with a note. */
  keep(column: string, value: unknown, expected: string, found: string): void {
    this.note(column, value, { expected, found, field: keptAs(column) })
    this.stow(column, value)
  }

  /** The value fits no type, but `field` takes it all the same. */
  note(column: string, value: unknown, misfit: Misfit): void {
    this.converted(column, value, misfit)
    const { expected, found } = misfit
    this.#notes ??= []
    if (this.#notes.length < mostNotes) this.#notes.push({ column, expected, found })
  }

  /** Keeps a value whose name no field can have. */
  stow(name: string, value: unknown): void {
    this.#kept ??= Object.create(null) as Record<string, string>
    // A name is a term of the index, which has its limit: of a long one, the whole is a part of what is kept.
    const isLong = name.length > mostName
    // Elasticsearch reserves the NUL character in the keys of `flattened`.
    const short = isLong ? `${name.slice(0, mostName).toWellFormed()}…` : name
    const wanted = short.replaceAll('\0', '\ufffd') || '_'
    const text = isLong ? JSON.stringify({ [name]: value }) : jsonText(value)
    let key = wanted
    // Another name may have become the same one. The count only grows, or thousands of such names would take for ever.
    while ((this.#kept[key] ?? text) !== text) key = `${wanted}_${++this.#collisions}`
    this.#kept[key] = text
  }

  /** `field` has the value now; empty for none. */
  newColumn(column: string, value: unknown, field: string): void {
    this.#drift.add({ kind: this.#newColumns, table: this.#table, column, field, form: formOf(value) })
  }

  /** Columns of this record that are new from here on belong to the new table. */
  newTable(): void {
    this.documented = false
    this.#newColumns = 'new_table'
    this.#drift.add({ kind: 'new_table', table: this.#table, column: '', field: this.root })
  }

  /** Whether there is anything to tell in the `xdrelay` object of the document. */
  hasRemarks(sanitized: boolean): boolean {
    return sanitized || this.#kept !== undefined || this.#notes !== undefined
  }

  /** That object. */
  remarks(sanitized: boolean): object {
    return { kept: this.#kept, notes: this.#notes, sanitized: sanitized ? true : undefined }
  }

  /** JSON pointer to a column, relative to the record. */
  pointerTo(column: string): string {
    return `${this.#columnsAt}/${pointerPart(column)}`
  }

  /** Of a column by its label. */
  #pointerOf(label: string): string {
    const [, key] = /^envelope\.(.*)$/s.exec(label) ?? []
    return key === undefined ? this.pointerTo(label) : `/${pointerPart(key)}`
  }

  #invalid(column: string, expected: string, found: string): void {
    const detail = `${column} is documented as ${expected}, found ${found}`
    this.reject ??= { reason: 'invalid', detail, pointer: this.#pointerOf(column) }
  }

  #tooDeep(pointer: string): void {
    this.reject ??= { reason: 'too_deep', detail: `nested deeper than ${this.#limits.depth} levels`, pointer }
  }

  #tooLarge(pointer: string): void {
    this.reject ??= { reason: 'too_large', detail: `more than ${this.#limits.keys} keys and elements`, pointer }
  }
}

/** Where `keep` and `stow` put a value. */
export function keptAs(name: string): string {
  return `xdrelay.kept.${name}`
}

export function pointerPart(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}

export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
