import type { DefenderRecord } from '../record.ts'
import type { Names } from './names.ts'
import { pointerPart, type Run } from './run.ts'
import { snakeCase } from './snake-case.ts'
import { clean, isEmpty } from './values.ts'
import { reads, toFlattened, toKeywords, vendorValue } from './vendor.ts'

interface Known {
  readonly columns: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
  /** Whether unknown columns are news: in an unknown table they all are. */
  readonly report: boolean
}

/** What a field may be called: longer or stranger names are no use in an index, and some it refuses. */
const longestName = 100
const fieldName = /^[a-z][a-z0-9_]*$/

/** Puts columns and envelope keys that nothing names into the vendor fields, never over another value. */
export function addOthers(
  vendor: Record<string, unknown>,
  record: DefenderRecord,
  known: Known,
  names: Names,
  run: Run,
): void {
  for (const [column, value] of Object.entries(record.properties)) {
    if (known.columns.has(column)) continue
    if (known.report) run.newColumn(column)
    addColumn(vendor, column, value, names, run)
  }
  for (const [key, value] of Object.entries(record.envelope)) {
    if (known.keys.has(key)) continue
    run.newColumn(`envelope.${key}`)
    addUnknown(vendor, key, value, `/${pointerPart(key)}`, names, run)
  }
}

/** A column that other tables have is kept as there. */
function addColumn(vendor: Record<string, unknown>, column: string, value: unknown, names: Names, run: Run): void {
  const elsewhere = names.elsewhere(column)
  if (elsewhere === undefined) {
    addUnknown(vendor, column, value, `/properties/${pointerPart(column)}`, names, run)
    return
  }
  const read = reads.dynamic(value, column, run)
  if (read === undefined) return
  const kept = vendorValue(read, elsewhere, run)
  if (kept !== undefined && !put(vendor, kept.name, kept.value)) run.stow(column, value)
}

function addUnknown(
  vendor: Record<string, unknown>,
  key: string,
  value: unknown,
  pointer: string,
  names: Names,
  run: Run,
): void {
  if (typeof value === 'object' && value !== null && !run.allows(value, pointer)) return
  const cleaned = clean(value)
  if (cleaned === undefined || isEmpty(cleaned)) return
  // A list is of texts or of objects; Elasticsearch takes no mixture.
  const kept = Array.isArray(cleaned) && toKeywords(cleaned) === undefined ? toFlattened(cleaned) : cleaned
  const name = key.length > longestName ? '' : snakeCase(key).replace(/^_+/, '')
  const candidates = names.isBranch(name) ? [`properties_${name}`] : [name, `properties_${name}`]
  const placed = fieldName.test(name) && candidates.some(candidate => put(vendor, candidate, kept))
  if (!placed) run.stow(key, kept)
}

/** False when the place is taken. Names are given with dots for objects below. */
function put(vendor: Record<string, unknown>, path: string, value: unknown): boolean {
  const parts = path.split('.')
  const leaf = parts.pop()!
  let holder = vendor
  for (const part of parts) {
    const inner = Object.hasOwn(holder, part) ? (holder[part] ?? {}) : {}
    if (typeof inner !== 'object') return false
    holder[part] = inner
    holder = inner as Record<string, unknown>
  }
  if (Object.hasOwn(holder, leaf) && holder[leaf] !== undefined) return false
  holder[leaf] = value
  return true
}
