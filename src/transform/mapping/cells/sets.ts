import { isSame } from '../../scan/bytes.ts'
import { bits, kind, texts } from '../../scan/kinds.ts'
import { type Cells, dateRefs, setRefs } from './cells.ts'

const copied = texts | bits(kind.part)

/** Up to here, comparing each with each is faster than anything else. */
const few = 32

/** Adds what the reference stands for, a value or the elements of a list, to the set that the field is. */
export function collect(cells: Cells, field: number, ref: number): void {
  if (ref > setRefs) {
    for (const element of cells.elements(ref)) collectOne(cells, field, element)
    return
  }
  const isMade = ref > 0 && ref < dateRefs && cells.kinds[ref - 1]! >= kind.worked
  const value = isMade ? cells.value(ref - 1) : undefined
  if (Array.isArray(value)) collectList(cells, field, value)
  else collectOne(cells, field, ref)
}

function collectList(cells: Cells, field: number, list: readonly unknown[]): void {
  if (list.length <= few) {
    for (const item of list) collectOne(cells, field, cells.worth(item))
  } else {
    join(cells, field, list)
  }
}

/** The set is one list from then on. */
function join(cells: Cells, field: number, list: readonly unknown[]): void {
  const before = cells.refs[field]!
  const known = before === 0 ? [] : (cells.of(before) as unknown[])
  cells.refs[field] = cells.worth([...new Set([...known, ...list])])
}

function collectOne(cells: Cells, field: number, ref: number): void {
  if (ref === 0) return
  const before = cells.refs[field]!
  if (before < setRefs) {
    if (before !== 0) {
      join(cells, field, [cells.of(ref)])
      return
    }
    cells.counts[field] = 0
    cells.refs[field] = setRefs + field + 1
  }
  const set = cells.sets[field]!
  const count = cells.counts[field]!
  for (let index = 0; index < count; index++) if (isEqual(cells, set[index]!, ref)) return
  set[count] = ref
  cells.counts[field] = count + 1
}

/** Whether `ref`, or an element of the set that it is, is this column as it came. */
export function isSlot(cells: Cells, ref: number, slot: number): boolean {
  return ref === slot + 1 || (ref > setRefs && cells.elements(ref).includes(slot + 1))
}

function isEqual(cells: Cells, a: number, b: number): boolean {
  if (a === b) return true
  if (!isCopied(cells, a) || !isCopied(cells, b)) return cells.of(a) === cells.of(b)
  const { from, to, view } = cells
  const length = to[a - 1]! - from[a - 1]!
  return length === to[b - 1]! - from[b - 1]! && isSame(view, from[a - 1]!, view, from[b - 1]!, length)
}

/** Whether it refers to bytes of the record. */
function isCopied(cells: Cells, ref: number): boolean {
  return ref > 0 && ref < dateRefs && ((copied >> cells.kinds[ref - 1]!) & 1) !== 0
}
