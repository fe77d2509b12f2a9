import type { ColumnType } from '../../src/transform/mapping/schemas.ts'

/** A value that stands nowhere else in its record, and how to know it again in a document. */
export interface Marker {
  readonly value: unknown
  /** Whether a text, number or boolean of a document, written in lower case, is the value or holds it. */
  isIn(leaf: string): boolean
}

/** Columns that are 0 or 1 in some tables and booleans in others; their field is a boolean. */
const numericFlags = new Set(['IsExternalUser', 'IsCompliant'])

/** A marker that fits the column; `index` is the column's place in its table. */
export function markerOf(column: string, type: ColumnType, index: number): Marker {
  if (type === 'bool') return { value: true, isIn: isTrue }
  if (numericFlags.has(column)) return { value: 1, isIn: isTrue }
  if (type === 'long' || type === 'int') return exactly(100_000 + index)
  if (type === 'real') return exactly(1000.5 + index)
  // Three digits of each part, so that no address is the beginning of another one.
  const [high, low] = [100 + (index >> 6), 100 + (index & 63)]
  if (/^IPv6Dhcp|IPv6$/.test(column)) return within(`2001:db8::${high}:${low}`)
  if (/^IPv4Dhcp|IPv4$|IP$|I[pP]Address$/.test(column)) return within(`10.1.${high}.${low}`)
  if (type === 'datetime') return moment(index)
  const word = `mark-${index}x`
  return type === 'dynamic' ? { ...within(word), value: { mark: word } } : within(word)
}

function exactly(value: number): Marker {
  return { value, isIn: leaf => leaf === String(value) }
}

function within(value: string): Marker {
  return { value, isIn: leaf => leaf.includes(value) }
}

/** Told by its minute and second, since fields differ in how much of the fraction they keep. */
function moment(index: number): Marker {
  const [minutes, seconds] = [Math.floor(index / 60), index % 60].map(part => String(part).padStart(2, '0'))
  const start = `2026-03-01T10:${minutes}:${seconds}`
  return { value: `${start}.0259986Z`, isIn: leaf => leaf.startsWith(start.toLowerCase()) }
}

/** The service's other forms of a boolean become one. */
function isTrue(leaf: string): boolean {
  return leaf === 'true' || leaf === '1'
}

/** Every text, number and boolean of a document by its path: names with dots, without the places in lists. */
export function leavesOf(document: unknown): Map<string, Set<string>> {
  const leaves = new Map<string, Set<string>>()
  collect(document, '', leaves)
  return leaves
}

function collect(value: unknown, path: string, leaves: Map<string, Set<string>>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, leaves)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) collect(inner, path === '' ? key : `${path}.${key}`, leaves)
  } else {
    const texts = leaves.get(path) ?? new Set()
    leaves.set(path, texts.add(String(value).toLowerCase()))
  }
}
