import { dateRefs, setRefs } from '../layout'
import { countOf, elementOf, refOf, setOf } from './cells'
import { end, find, findSlot, isAscii, start } from './spans'

export const isNowhere = 0
export const isThere = 1
/** Somebody has to look who knows letters beyond ASCII, and all values. */
export const isUnclear = 2

/** What the column has, where it can be compared. */
let from: usize = 0
let to: usize = 0

/** Whether one of these fields has the column's value already, case aside. */
export function isElsewhere(fields: usize, count: i32, slot: i32): i32 {
  for (let n = 0; n < count; n++) if (refOf(fieldAt(fields, n)) === slot + 1) return isThere
  const isClear = findSlot(slot) && isAscii()
  from = start
  to = end
  let all = isNowhere
  for (let n = 0; n < count; n++) {
    const ref = refOf(fieldAt(fields, n))
    if (ref === 0) continue
    const found = ref < setRefs ? has(ref, slot, isClear) : hasElement(setOf(ref), slot, isClear)
    if (found === isThere) return isThere
    if (found === isUnclear) all = isUnclear
  }
  return all
}

function fieldAt(fields: usize, n: i32): i32 {
  return load<i32>(fields + (n << 2))
}

function hasElement(set: i32, slot: i32, isClear: bool): i32 {
  const count = countOf(set)
  let all = isNowhere
  for (let n = 0; n < count; n++) {
    const found = has(elementOf(set, n), slot, isClear)
    if (found === isThere) return isThere
    if (found === isUnclear) all = isUnclear
  }
  return all
}

/** Whether the value of the reference is that of the column. */
function has(ref: i32, slot: i32, isClear: bool): i32 {
  if (ref === slot + 1) return isThere
  if (!isClear) return isUnclear
  // Cut, a date is another text than the column's, but for one that had three digits.
  if (ref > dateRefs) return to - from === 24 ? isUnclear : isNowhere
  if (!find(ref) || !isAscii()) return isUnclear
  if (end - start !== to - from) return isNowhere
  for (let at = start, other = from; at < end; at++, other++) {
    const byte: u32 = load<u8>(at)
    const change = byte ^ load<u8>(other)
    if (change !== 0 && (change !== 0x20 || (byte | 0x20) - 0x61 > 25)) return isNowhere
  }
  return isThere
}
