import { XdrelayError } from '../../../core/errors.ts'
import { checkRules } from '../check-rules.ts'
import { type Column, type NameEntry, Names } from '../names.ts'
import { readRule } from '../read-rule.ts'
import type { RuleFile } from '../rule.ts'
import { loadRuleFiles } from '../rule-files.ts'
import { type ColumnType, loadSchemas, type TableSchema } from '../schemas.ts'
import { readYaml, type YamlFile } from '../yaml-file.ts'

type Rows = Record<string, NameEntry | string>
interface NameRows {
  readonly columns: Rows
  readonly tables: Record<string, Rows>
  readonly envelope: Rows
}

/** One column of a table as it could be: with a row of names.yaml for all tables or for this one. */
export interface Candidate {
  readonly table: string
  readonly column: string
  readonly type: ColumnType
  readonly row?: NameEntry
  readonly rowFor?: 'all' | 'table'
}

/** Schemas, names and rules as they are, and as they would be: each change is taken only if the start would accept it. */
export class Draft {
  /** The rows of each rule file as they stand there. */
  readonly rules: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>
  readonly #yaml: YamlFile = readYaml('names.yaml')
  #schemas: readonly TableSchema[] = loadSchemas()
  #rows = this.#yaml.data as unknown as NameRows
  #files: readonly RuleFile[] = loadRuleFiles()
  #names = new Names(this.#schemas, this.#yaml)

  constructor() {
    this.rules = new Map(this.#files.map(({ file }) => [file, readYaml(file).data.rules as Record<string, unknown>[]]))
  }

  get names(): Names {
    return this.#names
  }

  get files(): readonly RuleFile[] {
    return this.#files
  }

  schema(table: string): TableSchema | undefined {
    return this.#schemas.find(schema => schema.table.toLowerCase() === table.toLowerCase())
  }

  /** The documented type of a column in the tables that have it; as for `Names`, the last one counts. */
  documentedType(column: string): ColumnType | undefined {
    return this.#schemas.findLast(({ columns }) => columns.has(column))?.columns.get(column)
  }

  hasRow(column: string): boolean {
    return Object.hasOwn(this.#rows.columns, column)
  }

  addTable(table: string): void {
    const schema = { table, columns: new Map(), schema: { properties: {} } }
    this.#schemas = [...this.#schemas, schema]
  }

  /** The column as it will be; undefined, and nothing changed, where the names would clash. */
  tryColumn({ table, column, type, row, rowFor }: Candidate): Column | undefined {
    const schemas = this.#schemas.map(schema =>
      schema.table === table ? { ...schema, columns: new Map([...schema.columns, [column, type]]) } : schema,
    )
    const rows =
      row === undefined || rowFor === undefined ? this.#rows : withRow(this.#rows, rowFor, table, column, row)
    if (!this.#tryNames(schemas, rows)) return undefined
    const { columns } = this.schema(table)!
    return this.#names.columns(table, columns).find(each => each.column === column)
  }

  tryEnvelope(key: string, row: NameEntry): boolean {
    return this.#tryNames(this.#schemas, { ...this.#rows, envelope: { ...this.#rows.envelope, [key]: row } })
  }

  tryRule(fileName: string, row: object): boolean {
    return accepted(() => {
      const files = this.#files.map(file => {
        if (file.file !== fileName) return file
        const rule = readRule(row, { file: fileName, line: 0 }, new Map(), 'event')
        return { ...file, rules: [...file.rules, rule] }
      })
      checkRules(files, this.#schemas)
      this.#files = files
    })
  }

  #tryNames(schemas: readonly TableSchema[], rows: NameRows): boolean {
    return accepted(() => {
      this.#names = new Names(schemas, { ...this.#yaml, data: { ...rows } })
      this.#schemas = schemas
      this.#rows = rows
    })
  }
}

function withRow(rows: NameRows, rowFor: 'all' | 'table', table: string, column: string, row: NameEntry): NameRows {
  if (rowFor === 'all') return { ...rows, columns: { ...rows.columns, [column]: row } }
  return { ...rows, tables: { ...rows.tables, [table]: { ...rows.tables[table], [column]: row } } }
}

function accepted(change: () => void): boolean {
  try {
    change()
    return true
  } catch (error) {
    if (error instanceof XdrelayError) return false
    throw error
  }
}
