import type { Log } from './log.ts'
import type { Drift } from './types.ts'

/** Lines of each kind within `window` milliseconds: a flood of columns must not hide a new table, nor one hour the next. */
const mostLines = 50
const window = 3_600_000
/** Names in a line that stands for several. */
const mostNames = 5
/** As a table: what was too much to be counted by name. */
export const others = '*'

interface Spent {
  readonly since: number
  lines: number
}

/** Says in the log what drift is new: one line for what is alike in a batch. */
export class DriftLog {
  readonly #log: Log
  readonly #spent = new Map<Drift['kind'], Spent>()

  constructor(log: Log) {
    this.#log = log
  }

  /** What a batch has that was never seen before. */
  say(fresh: readonly Drift[]): void {
    for (const alike of Map.groupBy(fresh, subjectOf).values()) this.#line(alike)
  }

  #line(alike: readonly Drift[]): void {
    const [{ kind, table, column }, ...more] = alike as [Drift, ...Drift[]]
    const lines = this.#spend(kind)
    if (lines > mostLines + 1) return
    const isLast = lines > mostLines
    const text = isLast
      ? `more than ${mostLines} lines within an hour on drift of kind ${kind}: no more of them`
      : of(alike)
    this.#log.warn(`${text}; see xdrelay drift`, {
      'event.action': 'schema_drift',
      'labels.kind': kind,
      ...(!isLast && more.length > 0 && { 'labels.count': alike.length }),
      ...(!isLast && (more.length === 0 || kind !== 'new_table') && { 'labels.table': table }),
      ...(!isLast && more.length === 0 && { 'labels.column': column }),
    })
  }

  /** The lines of this kind within the hour, this one included. */
  #spend(kind: Drift['kind']): number {
    const now = performance.now()
    const known = this.#spent.get(kind)
    const spent = known !== undefined && now - known.since < window ? known : { since: now, lines: 0 }
    this.#spent.set(kind, spent)
    return ++spent.lines
  }
}

/** The same for what goes into one line. */
function subjectOf({ kind, table }: Drift): string {
  return JSON.stringify([kind, kind === 'new_table' && table !== others ? '' : table])
}

function of(alike: readonly Drift[]): string {
  const [first] = alike as [Drift, ...Drift[]]
  if (alike.length === 1) return sentence(first)
  const { kind, table } = first
  const names = alike.slice(0, mostNames).map(each => (kind === 'new_table' ? each.table : each.column))
  const rest = alike.length > mostNames ? ` and ${alike.length - mostNames} more` : ''
  return `${alike.length} ${plural(kind, table)}: ${names.join(', ')}${rest}`
}

function plural(kind: Drift['kind'], table: string): string {
  if (kind === 'new_table') return 'new tables'
  return kind === 'new_column' ? `new columns of ${table}` : `columns of ${table} are not as expected`
}

function sentence({ kind, table, column, expected, field, forms }: Drift): string {
  if (table === others) return `many kinds of drift at once (${kind})`
  const found = Object.keys(forms).join(', ')
  const place = field === '' ? '' : `, kept as ${field}`
  if (kind === 'new_table') return `new table ${table}${place}.*`
  if (kind === 'new_column') return `new column ${table}.${column} (${found})${place}`
  return `column ${table}.${column} is ${found} where ${expected} is expected${place}`
}
