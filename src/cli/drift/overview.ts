import type { ReportedDrift } from '../../core/drift.ts'
import type { Drift, Form } from '../../core/types.ts'

/** Of an instance with times, of a file without. */
export interface Found {
  readonly since?: string
  readonly drift: readonly (Drift & Partial<Pick<ReportedDrift, 'first_seen' | 'last_seen'>>)[]
}

type Entry = Found['drift'][number]

/** What was found, a line each: a table, then its columns; keys of the envelope last, since they come in every table. */
export function overview({ since, drift }: Found): string[] {
  const time = since === undefined ? '' : ` since ${seconds(since)}`
  if (drift.length === 0) return [`no drift${time}`]
  const isKey = ({ kind, column }: Entry) => kind === 'new_column' && column.startsWith('envelope.')
  const isRest = ({ table }: Entry) => table === '*'
  const columns = drift.filter(entry => !isKey(entry) && !isRest(entry))
  const tables = Map.groupBy(columns, ({ table }) => table)
  const keys = Map.groupBy(drift.filter(isKey), ({ column }) => column)
  return [
    `drift${time}: ${summary(columns, keys.size)}`,
    ...[...tables].flatMap(([table, entries]) => ['', titleOf(table, entries), ...entries.flatMap(lineOf)]),
    ...(keys.size > 0 ? ['', 'envelope (beside the properties)'] : []),
    ...[...keys].map(([, entries]) => keyLine(entries)),
    ...drift
      .filter(isRest)
      .flatMap(({ kind, column, count }) => [
        '',
        `further ${kind === 'new_table' && column !== '' ? 'columns of new tables' : words[kind]}: ${times(count)}`,
      ]),
  ]
}

const words = { new_table: 'new tables', new_column: 'new columns', type_change: 'changed types' }

function summary(drift: readonly Entry[], keys: number): string {
  const count = (kind: Entry['kind']) => drift.filter(entry => entry.kind === kind).length
  const tables = drift.filter(({ kind, column }) => kind === 'new_table' && column === '').length
  const parts: [number, string][] = [
    [tables, 'new table'],
    [count('new_column'), 'new column'],
    [count('type_change'), 'changed type'],
    [keys, 'new key'],
  ]
  return parts
    .filter(([number]) => number > 0)
    .map(([number, name]) => `${number} ${name}${number === 1 ? '' : 's'}`)
    .join(', ')
}

function titleOf(table: string, entries: readonly Entry[]): string {
  const own = entries.find(({ kind, column }) => kind === 'new_table' && column === '')
  return own === undefined ? table : `${table}: new table, ${seen(own)}`
}

function lineOf(entry: Entry): string[] {
  if (entry.column === '') return []
  const { kind, column, expected } = entry
  const forms = formsOf([entry])
  // Of a new table's column the times are those of the table, more or less.
  if (kind === 'new_table') return [`  ${column}: ${forms}${placeOf(entry)}`]
  const what = kind === 'new_column' ? 'new column' : `changed type, ${expected} is expected`
  return [`  ${column}: ${what}, ${seen(entry)}; ${forms}${placeOf(entry)}`]
}

function keyLine(entries: readonly Entry[]): string {
  const [first] = entries
  const count = entries.reduce((sum, each) => sum + each.count, 0)
  const tables = entries.map(({ table }) => table)
  const shown = tables.length > 3 ? [...tables.slice(0, 3), `${tables.length - 3} more`] : tables
  const since = entries
    .map(each => each.first_seen)
    .filter(time => time !== undefined)
    .sort()[0]
  const key = first!.column.slice('envelope.'.length)
  const when = since === undefined ? '' : ` since ${seconds(since)}`
  return `  ${key}: new key, ${times(count)}${when} in ${shown.join(', ')}; ${formsOf(entries)}${placeOf(first!)}`
}

function seen({ count, first_seen: first, last_seen: last }: Entry): string {
  if (first === undefined || last === undefined) return times(count)
  return `${times(count)} from ${seconds(first)} to ${seconds(last)}`
}

function formsOf(entries: readonly Entry[]): string {
  const sums = new Map<string, number>()
  for (const { forms } of entries)
    for (const [form, count] of Object.entries(forms) as [Form, number][]) sums.set(form, (sums.get(form) ?? 0) + count)
  return [...sums].map(([form, count]) => `${form} ${count}`).join(', ')
}

function placeOf({ field }: Entry): string {
  return field === '' ? '' : `; kept in ${field}`
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}

function seconds(time: string): string {
  return time.replace(/\.\d+Z$/, 'Z')
}
