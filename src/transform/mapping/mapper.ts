import type { Dataset, Drift } from '../../core/types.ts'
import { JsonWriter } from '../json-writer.ts'
import { Kernel } from '../kernel/kernel.ts'
import { stateMostDepth, stateMostKeys } from '../kernel/layout.ts'
import type { DefenderRecord, Mapper, MapperOptions, Unmapped } from '../record.ts'
import { createKeys, type Keys } from '../scan/keys.ts'
import { Scanner } from '../scan/scan.ts'
import { Cells } from './cells/cells.ts'
import { loadParsed } from './cells/load-parsed.ts'
import { settle } from './cells/settle.ts'
import { createSlots, type Slots } from './cells/slots.ts'
import { checkRules } from './check-rules.ts'
import { type CompiledTable, compileTable } from './compile.ts'
import { writeDocument } from './document/write-document.ts'
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
import { createValidator, type Validator } from './validate.ts'
import { isEmpty } from './values.ts'

/** A table as it is compiled at its first record. */
interface Table extends CompiledTable {
  readonly known: boolean
  readonly slots: Slots
  readonly validate: Validator
  readonly others: (vendor: Record<string, unknown>, record: DefenderRecord) => void
}

/** Reads schemas and rules: make one per thread. Throws for a rule file that is wrong, with file and line. */
export function createMapper(
  options: MapperOptions,
  observer?: Observer,
  dataset: Dataset = 'event',
  kernel = new Kernel(),
): Mapper {
  return new RuleMapper(options, observer, dataset, kernel)
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
  readonly #keys: Keys | undefined
  readonly scanner?: Scanner
  readonly #cells: Cells
  readonly out: JsonWriter

  constructor(options: MapperOptions, observer: Observer | undefined, dataset: Dataset, kernel: Kernel) {
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
    this.#cells = new Cells(kernel)
    kernel.state[stateMostDepth] = options.limits.depth
    kernel.state[stateMostKeys] = options.limits.keys
    this.out = new JsonWriter(kernel)
    // Who looks on is told values, and there are none on a tape.
    if (observer === undefined && dataset === 'event') {
      const columns = [...schemas.flatMap(schema => [...schema.columns.keys()]), ...extraColumns(this.#files)]
      this.#keys = createKeys(kernel, this.#envelopeKeys, columns)
      this.scanner = new Scanner(kernel)
    }
  }

  map(record: DefenderRecord): Unmapped | undefined {
    const table = this.#tables.get(record.table) ?? this.#table(record.table)
    const run = this.#run
    const cells = this.#cells
    const { slots } = table
    const { scanned } = record
    const without = scanned === undefined ? loadParsed(cells, table, record) : cells.load(table, scanned)
    run.start(record.table, cells.members)
    if (!table.known) reportTable(record, slots, run)
    settle(cells, slots, table.validate, run)
    table.fill(record, cells, run)
    const { out } = this
    const start = out.at
    const others = without === 0 ? undefined : (vendor: Record<string, unknown>) => table.others(vendor, record)
    writeDocument(table.form, cells, record, others, run, out)
    if (run.reject !== undefined) out.at = start
    return run.reject
  }

  holdDrift(): void {
    this.#drift.hold()
  }

  releaseDrift(counts: boolean): void {
    this.#drift.release(counts)
  }

  takeDrift(): Drift[] {
    // The job is over: nothing of its messages is needed any more.
    this.#cells.clear()
    this.scanner?.close()
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
      ...compileTable(plan, this.#cells.kernel, this.#observer, this.#evidence(columns)),
      known: schema !== undefined,
      slots: createSlots(
        this.#envelope,
        columns,
        column => schema?.schema.properties[column] !== undefined,
        this.#cells.kernel,
        this.#keys,
      ),
      validate: createValidator(schema?.schema, columns),
      others: (vendor, record) => addOthers(vendor, record, known, this.#names, this.#run, this.#observer),
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

/** Columns that arrive although no schema has them. */
function extraColumns(files: readonly RuleFile[]): string[] {
  return files.flatMap(file => [...file.extraColumns.values()].flat())
}

/** An unknown table, and those of its columns that the rules for such tables read; the others follow as new columns. */
function reportTable({ properties }: DefenderRecord, slots: Slots, run: Run): void {
  run.newTable()
  for (const { column, name } of slots.columns.slice(slots.envelope)) {
    if (!Object.hasOwn(properties, column)) continue
    const value = properties[column]
    run.newColumn(column, value, isEmpty(value) ? '' : `${run.root}.${name}`)
  }
}
