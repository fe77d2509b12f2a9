import * as kind from '../../kernel/kinds.ts'
import { dateRefs, mostElements, setRefs } from '../../kernel/layout.ts'
import type { Cells } from './cells.ts'

/** Adds what the reference stands for, a value or the elements of a list, to the set that the field is. */
export function collect(cells: Cells, field: number, ref: number): void {
  if (cells.kernel.run.collect(field, ref) === 0) collectValues(cells, field, ref)
}

/** The same for what is no bytes, or not in one form only. */
function collectValues(cells: Cells, field: number, ref: number): void {
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
  // Up to here, comparing each with each is faster than anything else.
  if (list.length <= mostElements) {
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
  const { refs, sets, counts } = cells.kernel
  const before = refs[field]!
  if (before < setRefs) {
    if (before !== 0) {
      join(cells, field, [cells.of(ref)])
      return
    }
    counts[field] = 0
    refs[field] = setRefs + field + 1
  }
  const start = field * mostElements
  const count = counts[field]!
  for (let index = start; index < start + count; index++) if (isEqual(cells, sets[index]!, ref)) return
  if (count === mostElements) {
    join(cells, field, [cells.of(ref)])
    return
  }
  sets[start + count] = ref
  counts[field] = count + 1
}

/** Whether `ref`, or an element of the set that it is, is this column as it came. */
export function isSlot(cells: Cells, ref: number, slot: number): boolean {
  return ref === slot + 1 || (ref > setRefs && cells.elements(ref).includes(slot + 1))
}

function isEqual(cells: Cells, a: number, b: number): boolean {
  return a === b || cells.of(a) === cells.of(b)
}
