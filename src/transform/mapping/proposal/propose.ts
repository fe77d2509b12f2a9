import type { Drift, Form } from '../../../core/types.ts'
import { collected } from '../datasets.ts'
import type { NameEntry } from '../names.ts'
import { schemaFile } from '../schema-file.ts'
import { snakeCase } from '../snake-case.ts'
import { proposeChange, proposeColumn } from './column.ts'
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
/** What is beyond the bounds is counted under this name. */
const others = '*'
/** Each costs a look at all names of all tables. */
const mostColumns = 500

const comment = 'Proposed by `xdrelay drift` from the forms of values that were seen; the documentation knows better.'

/** Reads schemas and rules. Drift of the same column may come in several entries. */
export function propose(drift: readonly Drift[]): Proposal {
  const draft = new Draft()
  const remarks: string[] = []
  const isKey = ({ kind, column }: Drift) => kind === 'new_column' && column.startsWith(envelopePrefix)
  const columns = drift.filter(found => !isKey(found) && found.table !== others)
  if (columns.length > mostColumns) remarks.push(`proposals stop after ${mostColumns} columns`)
  const tables = byTable(columns.slice(0, mostColumns)).flatMap(([table, found]) => {
    if ((collected as readonly string[]).includes(table)) {
      remarks.push(`${table}: proposals are for the tables of events; this stays where it is`)
      return []
    }
    const known = draft.schema(table)?.table
    if (known !== undefined || isTable(table)) return [proposeTable(draft, known ?? table, found)]
    remarks.push(`${table}: not a name for a table, so there is no proposal`)
    return []
  })
  return { tables, envelope: proposeEnvelope(draft, drift.filter(isKey), remarks), remarks }
}

/** Without regard to case, as the transform tells tables apart; the first spelling counts. */
function byTable(drift: readonly Drift[]): (readonly [table: string, found: readonly Drift[]])[] {
  const groups = Map.groupBy(drift, ({ table }) => table.toLowerCase())
  return [...groups.values()].map(found => [found[0]!.table, found] as const)
}

function proposeTable(draft: Draft, table: string, found: readonly Drift[]): TableProposal {
  const isNew = draft.schema(table) === undefined
  if (isNew) draft.addTable(table)
  const parts: Parts = { properties: {}, names: { columns: {}, table: {} }, rules: [], remarks: [] }
  const inColumns = found.filter(({ column }) => column !== '')
  const columns = Map.groupBy(inColumns, ({ column }) => column)
  // Each row carries it, documented or not.
  if (isNew && !columns.has('MachineGroup')) columns.set('MachineGroup', [])
  for (const [column, entries] of columns) addColumn(parts, draft, table, column, entries)
  const { properties, ...rest } = parts
  return { table, isNew, schema: isNew ? schemaFile(table, comment, properties) : { properties }, ...rest }
}

/** What a table's proposal is put together from, column by column. */
interface Parts {
  readonly properties: Record<string, object>
  readonly names: { readonly columns: Record<string, NameEntry>; readonly table: Record<string, NameEntry> }
  readonly rules: ProposedRule[]
  readonly remarks: string[]
}

function addColumn(parts: Parts, draft: Draft, table: string, column: string, found: readonly Drift[]): void {
  const say = (remark: string) => void parts.remarks.push(`${column}: ${remark}`)
  if (!isPlain(column)) {
    say('not a name for a column, so there is no proposal')
    return
  }
  const forms = found.flatMap(each => Object.keys(each.forms) as Form[])
  const isChange = found.length > 0 && found.every(({ kind }) => kind === 'type_change')
  const proposed = (isChange ? proposeChange : proposeColumn)(draft, table, column, forms)
  if (proposed.remark !== undefined) say(proposed.remark)
  if (proposed.property === undefined) return
  parts.properties[column] = proposed.property
  if (proposed.row !== undefined) parts.names[proposed.rowFor === 'all' ? 'columns' : 'table'][column] = proposed.row
  if (isChange) return
  const { fields, rules } = adviseRules(draft, table, column)
  if (fields.length > 0) say(`rules of the table read it: ${fields.join(', ')}`)
  parts.rules.push(...rules)
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

/** `envelope.json` is no table's file. */
function isTable(name: string): boolean {
  return isPlain(name) && name.toLowerCase() !== 'envelope'
}

/** What every object has, `constructor` say, would be found in records that lack it. */
function isPlain(name: string, pattern = plainName): boolean {
  return pattern.test(name) && !(name in {})
}
