import type { ColumnCoverage, TableCoverage } from './measure.ts'

/** What `coverage:tables` prints: `text` for standard output, `missing` for whoever has to mend it. */
export interface Report {
  readonly text: string
  /** `Table`, `Table.Column` or `Table.Column as JSON text`. */
  readonly missing: readonly string[]
}

/** All tables, one a line, and the sums. */
export function summary(tables: readonly TableCoverage[]): Report {
  const rows = tables.map(({ table, columns }) => [
    table,
    number(columns.length),
    number(columns.filter(({ ecs }) => ecs.length > 0).length),
    number(columns.filter(({ vendor }) => vendor.length > 0).length),
    asText(columns),
  ])
  const head = ['table', 'columns', 'in ECS fields', 'in vendor fields', 'as JSON text']
  return { text: `${lines([head, ...rows])}\n\n${totals(tables)}`, missing: missingOf(tables) }
}

/** One table: each column with the fields it reached. */
export function details({ table, columns }: TableCoverage): Report {
  const rows = columns.map(({ column, type, ecs, vendor }) => [
    column,
    type,
    [...ecs, ...vendor].join(', ') || 'MISSING',
  ])
  const one = [{ table, columns, reached: true }]
  return { text: lines([['column', 'type', 'fields'], ...rows], 3), missing: missingOf(one) }
}

function totals(tables: readonly TableCoverage[]): string {
  const columns = tables.flatMap(table => table.columns)
  const reached = columns.filter(column => column.reached).length
  const tablesReached = tables.filter(table => table.reached).length
  return [
    `dynamic columns that reach it as JSON text too: ${asText(columns)}`,
    `${tablesReached} of ${tables.length} tables, ${number(reached)} of ${number(columns.length)} columns reach the document`,
  ].join('\n')
}

function asText(columns: readonly ColumnCoverage[]): string {
  const dynamic = columns.filter(({ reachedAsText }) => reachedAsText !== undefined)
  if (dynamic.length === 0) return ''
  return `${dynamic.filter(({ reachedAsText }) => reachedAsText).length} of ${dynamic.length}`
}

function missingOf(tables: readonly TableCoverage[]): string[] {
  return tables.flatMap(({ table, reached, columns }) => [
    ...(reached ? [] : [table]),
    ...columns.filter(column => !column.reached).map(({ column }) => `${table}.${column}`),
    ...columns
      .filter(({ reachedAsText }) => reachedAsText === false)
      .map(({ column }) => `${table}.${column} as JSON text`),
  ])
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}

/** Columns as wide as their widest cell: the first `left` ones start at the left, the others end at the right. */
function lines(rows: readonly (readonly string[])[], left = 1): string {
  const widths = rows[0]!.map((_cell, place) => Math.max(...rows.map(row => row[place]!.length)))
  const padded = (cell: string, place: number) =>
    place < left ? cell.padEnd(widths[place]!) : cell.padStart(widths[place]!)
  return rows.map(row => row.map(padded).join('  ').trimEnd()).join('\n')
}
