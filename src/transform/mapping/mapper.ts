import type { Dataset, Drift } from '../../core/types.ts'
import type { DefenderRecord, Mapped, Mapper, MapperOptions } from '../record.ts'
import { checkRules } from './check-rules.ts'
import { compileTable, type TableFunction } from './compile.ts'
import { DriftCounter } from './drift.ts'
import { Evidence } from './evidence/evidence.ts'
import { readEvidenceFile } from './evidence/evidence-file.ts'
import { readEvidenceKeys } from './evidence/keys.ts'
import { type Column, loadNames, type Names } from './names.ts'
import type { Observer } from './observer.ts'
import { addOthers } from './others.ts'
import type { Rule, RuleFile } from './rule.ts'
import { loadRuleFiles } from './rule-files.ts'
import { Run } from './run.ts'
import { loadSchemas, type TableSchema } from './schemas.ts'
import { createValidator, type Finding, type Validator } from './validate.ts'
import { isEmpty, scalarText } from './values.ts'

/** A table as it is compiled at its first record. */
interface Table {
  readonly known: boolean
  readonly columns: readonly Column[]
  readonly validate: Validator
  readonly run: TableFunction
  readonly others: Parameters<TableFunction>[3]
}

/** Reads schemas and rules: make one per thread. Throws for a rule file that is wrong, with file and line. */
export function createMapper(options: MapperOptions, observer?: Observer, dataset: Dataset = 'event'): Mapper {
  return new RuleMapper(options, observer, dataset)
}

class RuleMapper implements Mapper {
  readonly #dataset: Dataset
  readonly #options: MapperOptions
  readonly #observer: Observer | undefined
  readonly #schemas: ReadonlyMap<string, TableSchema>
  readonly #files: readonly RuleFile[]
  readonly #names: Names
  readonly #envelope: readonly Column[]
  readonly #envelopeKeys: ReadonlySet<string>
  readonly #drift = new DriftCounter()
  readonly #run: Run
  readonly #tables = new Map<string, Table>()

  constructor(options: MapperOptions, observer: Observer | undefined, dataset: Dataset) {
    this.#dataset = dataset
    this.#observer = observer
    const schemas = loadSchemas(dataset)
    this.#options = options
    this.#schemas = new Map(schemas.map(schema => [schema.table.toLowerCase(), schema]))
    this.#files = loadRuleFiles(dataset)
    checkRules(this.#files, schemas)
    this.#names = loadNames(dataset, schemas)
    this.#envelope = this.#names.envelope()
    this.#envelopeKeys = new Set([...this.#envelope.map(({ column }) => column), 'properties'])
    this.#run = new Run(options.limits, options.strict, this.#drift, dataset)
  }

  map(record: DefenderRecord): Mapped {
    const table = this.#tables.get(record.table) ?? this.#table(record.table)
    const run = this.#run
    run.start(record.table, countKeys(record.properties), countKeys(record.envelope))
    if (!table.known) reportTable(record, table.columns, run)
    const findings = table.validate(record.properties)
    const properties = findings === undefined ? record.properties : repaired(record.properties, findings, run)
    const document = table.run(record, properties, run, table.others)
    return run.reject === undefined ? { document } : { document, reject: run.reject }
  }

  takeDrift(): Drift[] {
    return this.#drift.take()
  }

  /** Tables are told apart without regard to case. All unknown ones are one, so that their number cannot fill memory. */
  #table(name: string): Table {
    const schema = this.#schemas.get(name.toLowerCase())
    const key = schema?.table ?? ''
    const table = this.#tables.get(key) ?? this.#compile(key, schema)
    this.#tables.set(key, table)
    return table
  }

  #compile(name: string, schema: TableSchema | undefined): Table {
    const common = this.#files.filter(file => file.tables === 'all')
    const listed = this.#files.filter(file => Array.isArray(file.tables) && file.tables.includes(name))
    const own = listed.length > 0 ? listed : this.#files.filter(file => file.tables === 'others')
    const rules = [...own, ...common].flatMap(file => file.rules)
    const extra = own.flatMap(file => file.extraColumns.get(name) ?? [])
    const unlisted = schema === undefined ? columnsOf(rules) : extra
    const types = unlisted.map(column => [column, this.#names.elsewhere(column)?.type ?? 'string'] as const)
    const columns = this.#names.columns(name, new Map([...types, ...(schema?.columns ?? [])]))
    const plan = {
      dataset: this.#dataset,
      table: name,
      columns,
      envelope: this.#envelope,
      rules,
      preserveDuplicates: this.#options.preserveDuplicateCustomFields || own.some(file => file.keepCopies),
    }
    const known = {
      columns: new Set(columns.map(({ column }) => column)),
      keys: this.#envelopeKeys,
    }
    return {
      known: schema !== undefined,
      columns,
      others: (record, vendor) => addOthers(vendor, record, known, this.#names, this.#run, this.#observer),
      validate: createValidator(schema?.schema, columns),
      run: compileTable(plan, this.#observer, this.#evidence(columns)),
    }
  }

  #evidence(columns: readonly Column[]): Evidence | undefined {
    const column = columns.find(({ fieldType }) => fieldType === 'evidence')
    if (column === undefined) return undefined
    const options = {
      dataset: this.#dataset === 'incident' ? ('incident' as const) : ('alert' as const),
      column,
      preserveDuplicates: this.#options.preserveDuplicateCustomFields,
    }
    const file = readEvidenceFile()
    return new Evidence(file, readEvidenceKeys(file), options, this.#observer)
  }
}

/** Of an unknown table: the columns that the rules for such tables read. */
function columnsOf(rules: readonly Rule[]): string[] {
  return rules.flatMap(rule => rule.sources.flatMap(source => (source.kind === 'column' ? [source.column] : [])))
}

/** An unknown table, and those of its columns that the rules for such tables read; the others follow as new columns. */
function reportTable({ properties }: DefenderRecord, columns: readonly Column[], run: Run): void {
  run.newTable()
  for (const { column, name } of columns) {
    if (!Object.hasOwn(properties, column)) continue
    const value = properties[column]
    run.newColumn(column, value, isEmpty(value) ? '' : `${run.root}.${name}`)
  }
}

/** The properties without what fits no field; that is kept beside. What converts without loss stays. */
function repaired(
  properties: DefenderRecord['properties'],
  findings: readonly Finding[],
  run: Run,
): DefenderRecord['properties'] {
  const rest = { ...properties }
  for (const { column, name, expected, found } of findings) {
    if (expected === 'string' && scalarText(rest[column]) !== undefined) {
      run.converted(column, rest[column], { expected, found, field: `${run.root}.${name}` })
    } else {
      run.keepWithin(column, rest[column], expected, found)
      delete rest[column]
      run.columns--
    }
  }
  return rest
}

/** Both come from JSON.parse: they inherit nothing that could be enumerated. */
function countKeys(record: object): number {
  let count = 0
  for (const _key in record) count++
  return count
}
