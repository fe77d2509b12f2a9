import { mostElements, setRefs } from '../layout'
import { isSame } from './bytes'
import { addElement, countOf, elementOf, refOf, setOf } from './cells'
import { end, find, isText, start } from './spans'

/** Adds what the reference stands for to the set that the field is. False: it is for the caller to do, all of it. */
export function collect(field: i32, ref: i32): bool {
  if (ref < setRefs) return collectOne(field, ref)
  const other = setOf(ref)
  const count = countOf(other)
  for (let n = 0; n < count; n++) if (!collectOne(field, elementOf(other, n))) return false
  return true
}

function collectOne(field: i32, ref: i32): bool {
  if (ref === 0) return true
  const before = refOf(field)
  // One that is a list already.
  if (before !== 0 && before < setRefs) return false
  const count = before === 0 ? 0 : countOf(field)
  for (let n = 0; n < count; n++) if (elementOf(field, n) === ref) return true
  if (count === mostElements || !find(ref)) return false
  const from = start
  const length = (end - start) as i32
  const isOfText = isText
  for (let n = 0; n < count; n++) {
    if (!find(elementOf(field, n))) return false
    if (isText === isOfText && ((end - start) as i32) === length && isSame(start, from, length)) return true
  }
  addElement(field, ref)
  return true
}
