import type { DefenderRecord } from '../record.ts'
import type { Names } from './names.ts'
import type { Observer } from './observer.ts'
import { keptAs, pointerPart, type Run } from './run.ts'
import { clean, isEmpty } from './values.ts'
import { reads, toFlattened, toKeywords, vendorValue } from './vendor.ts'

interface Known {
  readonly columns: ReadonlySet<string>
  readonly keys: ReadonlySet<string>
}

/** Puts columns and envelope keys that nothing names into the vendor fields, never over another value. */
export function addOthers(
  vendor: Record<string, unknown>,
  record: DefenderRecord,
  known: Known,
  names: Names,
  run: Run,
  observer?: Observer,
): void {
  run.documented = false
  for (const [column, value] of Object.entries(record.properties)) {
    if (known.columns.has(column)) continue
    const field = addColumn(vendor, column, value, names, run)
    run.newColumn(column, value, field)
    observer?.other(column, 'properties', field)
  }
  for (const [key, value] of Object.entries(record.envelope)) {
    if (known.keys.has(key)) continue
    const field = addUnknown(vendor, key, value, `/${pointerPart(key)}`, names, run)
    run.newColumn(`envelope.${key}`, value, field)
    observer?.other(key, 'envelope', field)
  }
}

/** A column that other tables have is kept as there. Returns the field that has it; empty for none. */
function addColumn(vendor: Record<string, unknown>, column: string, value: unknown, names: Names, run: Run): string {
  const elsewhere = names.elsewhere(column)
  if (elsewhere === undefined) {
    return addUnknown(vendor, column, value, run.pointerTo(column), names, run)
  }
  const read = reads.dynamic(value, column, run)
  const kept = read === undefined ? undefined : vendorValue(read, elsewhere, run)
  if (kept === undefined) return ''
  if (put(vendor, kept.name, kept.value)) return `${run.root}.${kept.name}`
  run.stow(column, value)
  return keptAs(column)
}

/** Returns the field that has the value; empty for none. */
function addUnknown(
  vendor: Record<string, unknown>,
  key: string,
  value: unknown,
  pointer: string,
  names: Names,
  run: Run,
): string {
  if (typeof value === 'object' && value !== null && !run.allows(value, pointer)) return ''
  const cleaned = clean(value)
  if (cleaned === undefined || isEmpty(cleaned)) return ''
  // A list is of texts or of objects; Elasticsearch takes no mixture.
  const kept = Array.isArray(cleaned) && toKeywords(cleaned) === undefined ? toFlattened(cleaned) : cleaned
  const candidates = names.candidates(key).filter(candidate => isFree(candidate, kept, names))
  const placed = candidates.find(candidate => put(vendor, candidate, kept))
  if (placed !== undefined) return `${run.root}.${placed}`
  run.stow(key, kept)
  return keptAs(key)
}

/** Whether no column has the name, as one in another spelling may, or has it for values that are indexed alike. */
function isFree(name: string, value: unknown, names: Names): boolean {
  if (names.isReserved(name)) return false
  const type = names.typeOf(name)
  if (type === undefined) return true
  // These are objects with fields of their own.
  if (type === 'uri' || type === 'evidence') return false
  return type === 'flattened' ? toFlattened(value) === value : toKeywords(value) !== undefined
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
