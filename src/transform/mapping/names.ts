import type { Dataset } from '../../core/types.ts'
import { namesFile } from './datasets.ts'
import type { Place } from './rule.ts'
import type { ColumnType, TableSchema } from './schemas.ts'
import { snakeCase } from './snake-case.ts'
import { isObject, readYaml, ruleError, type YamlFile } from './yaml-file.ts'

/** How a vendor field is indexed, and so which values may go there. `lower` is a keyword in lower case. */
export type FieldType =
  | 'keyword'
  | 'lower'
  | 'long'
  | 'double'
  | 'boolean'
  | 'date'
  | 'ip'
  | 'flattened'
  | 'keywords'
  | 'uri'
  | 'evidence'

/** A column of one table and the vendor field that keeps it. */
export interface Column {
  readonly column: string
  /** What drift and notes call it: the column, or `envelope.time` for a key beside the columns. */
  readonly label: string
  /** As documented; dynamic too where JSON is kept, since the service sends that as text or as it is. */
  readonly type: ColumnType
  /** Below the vendor root of the dataset. */
  readonly name: string
  readonly fieldType: FieldType
  /** The copy may go when an ECS field has the value. */
  readonly duplicate: boolean
  /** Shares its name with another column of the table; where both are present and differ, this one is `otherwise`. */
  readonly second?: { readonly to: string; readonly otherwise: string }
}

/** A row of names.yaml, where it is more than a name. */
export interface NameEntry {
  readonly name?: string
  readonly type?: FieldType
  readonly duplicate?: boolean
  readonly second_to?: string
  readonly otherwise?: string
}

/** How a column is indexed when names.yaml does not say. */
export const usualFieldType: Record<ColumnType, FieldType> = {
  string: 'keyword',
  datetime: 'date',
  long: 'long',
  int: 'long',
  real: 'double',
  bool: 'boolean',
  dynamic: 'flattened',
}
const fieldTypes = new Set<string>([...Object.values(usualFieldType), 'lower', 'ip', 'keywords', 'uri', 'evidence'])
const entryKeys = new Set(['name', 'type', 'duplicate', 'second_to', 'otherwise'])

/** What a field may be called: longer or stranger names are no use in an index, and some it refuses. */
const longestName = 100
const fieldName = /^[a-z][a-z0-9_]*$/

/** The vendor names and types of all columns of a dataset. */
export class Names {
  readonly #columns: Map<string, NameEntry>
  readonly #tables: Map<string, Map<string, NameEntry>>
  readonly #envelope: Map<string, NameEntry>
  /** Columns of any table, or only listed: for one that turns up in a table whose schema lacks it. */
  readonly #elsewhere: ReadonlyMap<string, Column>
  /** Names that have others below them, `device` for `device.id`: nothing may be written there. */
  readonly #branches = new Set<string>()
  readonly #types = new Map<string, FieldType>()
  /** Objects whose keys are columns, `alerts` for `alerts.title`, and the name that those are kept below. */
  readonly #below: ReadonlyMap<string, string>
  readonly #envelopeNames: ReadonlySet<string>

  constructor(schemas: readonly TableSchema[], yaml: YamlFile = readYaml(namesFile('event'))) {
    this.#below = readBelow(yaml)
    this.#columns = readEntries(yaml.data.columns, yaml, 'columns')
    this.#envelope = readEntries(yaml.data.envelope ?? {}, yaml, 'envelope')
    const tables = yaml.data.tables ?? {}
    if (!isObject(tables)) throw ruleError(yaml.place('tables'), 'tables is a mapping')
    this.#tables = new Map(
      Object.entries(tables).map(([table, rows]) => [table, readEntries(rows, yaml, 'tables', table)]),
    )
    const listed = [...this.#columns.keys()].map((column): [string, ColumnType] => [column, 'string'])
    const documented = new Map([...listed, ...schemas.flatMap(({ columns }) => [...columns])])
    this.#elsewhere = new Map(this.columns('', documented).map(column => [column.column, column]))
    const all = schemas.flatMap(schema => this.columns(schema.table, schema.columns))
    const envelope = this.envelope()
    this.#envelopeNames = new Set(envelope.map(({ name }) => name))
    for (const { name, fieldType } of [...this.#elsewhere.values(), ...all, ...envelope]) {
      for (const branch of branches(name)) this.#branches.add(branch)
      this.#types.set(name, fieldType)
    }
    check(schemas, this, yaml)
  }

  columns(table: string, columns: ReadonlyMap<string, ColumnType>): Column[] {
    return [...columns].map(([column, type]) => {
      const entry = this.#tables.get(table)?.get(column) ?? this.#columns.get(column) ?? {}
      const { second_to: to, otherwise } = entry
      const fieldType = entry.type ?? usualFieldType[type]
      return {
        column,
        label: column,
        type: fieldType === 'flattened' || fieldType === 'keywords' ? 'dynamic' : type,
        name: entry.name ?? this.#nameOf(column).join(''),
        fieldType,
        duplicate: entry.duplicate === true,
        ...(to !== undefined && otherwise !== undefined && columns.has(to) ? { second: { to, otherwise } } : {}),
      }
    })
  }

  /** A column that the table's schema lacks: as in the tables that have it, otherwise undefined. */
  elsewhere(column: string): Column | undefined {
    return this.#elsewhere.get(column)
  }

  /** The keys of the envelope that have a name; texts all of them. */
  envelope(): Column[] {
    return [...this.#envelope].map(([column, entry]) => {
      const fieldType = entry.type ?? 'keyword'
      const type = fieldType === 'date' ? 'datetime' : 'string'
      const name = entry.name ?? snakeCase(column)
      return { column, label: `envelope.${column}`, type, name, fieldType, duplicate: false }
    })
  }

  /** How the vendor field of this name is indexed; undefined where no column has it. */
  typeOf(name: string): FieldType | undefined {
    return this.#types.get(name)
  }

  /** Names for a key that is no column, the better one first; none for a key that cannot be one. */
  candidates(key: string): string[] {
    if (key.length > longestName) return []
    const [holder, name] = this.#nameOf(key)
    return fieldName.test(name) ? [holder + name, `${holder}properties_${name}`] : []
  }

  #nameOf(column: string): [holder: string, name: string] {
    const end = column.indexOf('.')
    const below = end === -1 ? undefined : this.#below.get(column.slice(0, end))
    const own = below === undefined ? column : column.slice(end + 1)
    // What OData says of a key stands beside it: `alerts@odata.count`.
    const name = snakeCase(own.replace('@odata.', '_odata_')).replace(/^_+/, '')
    return [below === undefined ? '' : `${below}.`, name]
  }

  /** Whether no other column or key may be written there: it has names below it, or is a key's of the envelope. */
  isReserved(name: string): boolean {
    return this.#branches.has(name) || this.#envelopeNames.has(name)
  }
}

function readEntries(rows: unknown, yaml: YamlFile, ...path: string[]): Map<string, NameEntry> {
  if (!isObject(rows)) throw ruleError(yaml.place(...path), `${path.join('.')} is a mapping`)
  return new Map(Object.entries(rows).map(([key, row]) => [key, readEntry(row, yaml.place(...path, key))]))
}

/** Those of a dataset, whose schemas these are. */
export function loadNames(dataset: Dataset, schemas: readonly TableSchema[]): Names {
  return new Names(schemas, readYaml(namesFile(dataset)))
}

function readBelow(yaml: YamlFile): Map<string, string> {
  const rows = yaml.data.below ?? {}
  const isNames = isObject(rows) && Object.values(rows).every(name => typeof name === 'string')
  if (!isNames) throw ruleError(yaml.place('below'), 'below has a name for each object')
  return new Map(Object.entries(rows as Record<string, string>))
}

function readEntry(row: unknown, place: Place): NameEntry {
  if (typeof row === 'string') return { name: row }
  if (!isObject(row)) throw ruleError(place, 'a name or a mapping is expected')
  const wrong = Object.keys(row).find(key => !entryKeys.has(key))
  if (wrong !== undefined) throw ruleError(place, `unknown key ${wrong}`)
  if (row.type !== undefined && !fieldTypes.has(String(row.type))) throw ruleError(place, `unknown type ${row.type}`)
  return row as NameEntry
}

function branches(name: string): string[] {
  const parts = name.split('.')
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join('.'))
}

/** One name per column of a table, one type per name over all tables, and no name above another. */
function check(schemas: readonly TableSchema[], names: Names, yaml: YamlFile): void {
  const types = new Map<string, { type: FieldType; table: string }>()
  for (const { table, columns } of schemas) {
    const seen = new Map(names.envelope().map(({ name, column }) => [name, column]))
    for (const { column, name, fieldType, second } of names.columns(table, columns)) {
      const other = seen.get(name)
      if (other !== undefined && other !== second?.to)
        throw ruleError(placeOf(yaml, column, other), `${table}: ${other} and ${column} are both ${name}`)
      seen.set(name, column)
      if (names.isReserved(name))
        throw ruleError(placeOf(yaml, column), `${table}.${column}: ${name} has fields below it`)
      const type = fieldType === 'lower' || fieldType === 'keywords' ? 'keyword' : fieldType
      const before = types.get(name)
      if (before && before.type !== type) {
        throw ruleError(placeOf(yaml, column), `${name} is ${before.type} in ${before.table} and ${type} in ${table}`)
      }
      types.set(name, { type, table })
    }
  }
}

/** Of the first of the columns that is listed. */
function placeOf(yaml: YamlFile, ...columns: (string | undefined)[]): Place {
  const listed = columns.find(
    column => isObject(yaml.data.columns) && column !== undefined && column in yaml.data.columns,
  )
  return listed === undefined ? yaml.place('columns') : yaml.place('columns', listed)
}
