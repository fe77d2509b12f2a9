import type { Drift, Form } from '../../../core/types.ts'
import type { NameEntry } from '../names.ts'
import { schemaFile } from '../schema-file.ts'
import { snakeCase } from '../snake-case.ts'
import { type ColumnProposal, proposeChange, proposeColumn } from './column.ts'
import { Draft } from './draft.ts'
import { adviseRules, type ProposedRule } from './rules.ts'

/** What would end the drift. Each part is accepted at a start, together with all others. */
export interface Proposal {
  readonly tables: readonly TableProposal[]
  /** Rows for `envelope` in names.yaml. */
  readonly envelope: Readonly<Record<string, NameEntry>>
  /** A sentence for each thing that has no proposal. */
  readonly remarks: readonly string[]
}

export interface TableProposal {
  readonly table: string
  readonly isNew: boolean
  /** Of a new table: the whole schema file. Otherwise only the properties to add, or to put in the place of others. */
  readonly schema: { readonly properties: Readonly<Record<string, object>> }
  /** Rows for names.yaml: under `columns`, and under `tables` for this table alone. */
  readonly names: {
    readonly columns: Readonly<Record<string, NameEntry>>
    readonly table: Readonly<Record<string, NameEntry>>
  }
  readonly rules: readonly ProposedRule[]
  readonly remarks: readonly string[]
}

/** Names that tables and columns can have. Others have no schema: as a file, as a field or in rules they would do harm. */
const plainName = /^[A-Za-z][A-Za-z0-9_]{0,99}$/
const plainKey = /^_?[A-Za-z][A-Za-z0-9_]{0,99}$/
const envelopePrefix = 'envelope.'
/** Each costs a look at all names of all tables. */
const mostColumns = 500

const comment = 'Proposed by `xdrelay drift` from the forms of values that were seen; the documentation knows better.'

/** Reads schemas and rules. Drift of the same column may come in several entries. */
export function propose(drift: readonly Drift[]): Proposal {
  const draft = new Draft()
  const remarks: string[] = []
  const isKey = ({ kind, column }: Drift) => kind === 'new_column' && column.startsWith(envelopePrefix)
  const byTable = Map.groupBy(
    drift.filter(found => !isKey(found)).slice(0, mostColumns),
    ({ table }) => draft.schema(table)?.table ?? table,
  )
  if (drift.length > mostColumns) remarks.push(`proposals stop after ${mostColumns} columns`)
  const tables = [...byTable].flatMap(([table, found]) => proposeTable(draft, table, found, remarks))
  return { tables, envelope: proposeEnvelope(draft, drift.filter(isKey), remarks), remarks }
}

function proposeTable(draft: Draft, table: string, found: readonly Drift[], remarks: string[]): TableProposal[] {
  const isNew = draft.schema(table) === undefined
  if (isNew && (!isPlain(table) || table.toLowerCase() === 'envelope')) {
    remarks.push(`${table}: no table is called so, so there is no proposal`)
    return []
  }
  if (isNew) draft.addTable(table)
  const properties: Record<string, object> = {}
  const names: { columns: Record<string, NameEntry>; table: Record<string, NameEntry> } = { columns: {}, table: {} }
  const [rules, own]: [ProposedRule[], string[]] = [[], []]
  const add = (column: string, { property, row, rowFor, remark }: ColumnProposal) => {
    if (remark !== undefined) own.push(`${column}: ${remark}`)
    if (property !== undefined) properties[column] = property
    if (row !== undefined) names[rowFor === 'all' ? 'columns' : 'table'][column] = row
  }
  const columns = Map.groupBy(
    found.filter(({ column }) => column !== ''),
    ({ column }) => column,
  )
  // Each row carries it, documented or not.
  if (isNew && !columns.has('MachineGroup')) columns.set('MachineGroup', [])
  for (const [column, entries] of columns) {
    if (!isPlain(column)) {
      own.push(`${column}: no column is called so, so there is no proposal`)
      continue
    }
    const forms = entries.flatMap(each => Object.keys(each.forms) as Form[])
    const isChange = entries.length > 0 && entries.every(({ kind }) => kind === 'type_change')
    add(column, isChange ? proposeChange(draft, table, column, forms) : proposeColumn(draft, table, column, forms))
    if (isChange || properties[column] === undefined) continue
    const advice = adviseRules(draft, table, column)
    if (advice.fields.length > 0) own.push(`${column}: rules of the table read it: ${advice.fields.join(', ')}`)
    rules.push(...advice.rules)
  }
  const schema = isNew ? schemaFile(table, comment, properties) : { properties }
  return [{ table, isNew, schema, names, rules, remarks: own }]
}

/** The keys of the envelope are texts or dates; objects have no place there and stay where they are. */
function proposeEnvelope(draft: Draft, drift: readonly Drift[], remarks: string[]): Record<string, NameEntry> {
  const rows: Record<string, NameEntry> = {}
  for (const [column, entries] of Map.groupBy(drift, found => found.column)) {
    const key = column.slice(envelopePrefix.length)
    const forms = new Set(entries.flatMap(({ forms }) => Object.keys(forms) as Form[]))
    const type = [...forms].every(form => form === 'date' || form === 'empty') && forms.has('date') ? 'date' : undefined
    const name = snakeCase(key).replace(/^_+/, '')
    const row = [name, `envelope_${name}`]
      .map((each): NameEntry => ({ name: each, ...(type && { type }) }))
      .find(each => isScalar(forms) && isPlain(key, plainKey) && draft.tryEnvelope(key, each))
    if (row) rows[key] = row
    else remarks.push(`${column}: only texts and dates can be named in the envelope; it stays where it is`)
  }
  return rows
}

function isScalar(forms: ReadonlySet<Form>): boolean {
  return ![...forms].some(form => !form.endsWith(' as text') && /object|list/.test(form))
}

/** What every object has, `constructor` say, would be found in records that lack it. */
function isPlain(name: string, pattern = plainName): boolean {
  return pattern.test(name) && !(name in {})
}
