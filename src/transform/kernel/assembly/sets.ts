import { countsAt, mostElements, refsAt, setRefs, setsAt } from '../layout'
import { isSame } from './bytes'
import { end, find, isText, start } from './spans'

/** Adds what the reference stands for to the set that the field is. False: it is for the caller to do, all of it. */
export function collect(field: i32, ref: i32): bool {
  if (ref < setRefs) return collectOne(field, ref)
  const other = ref - setRefs - 1
  const count = load<i32>(countsAt + (other << 2))
  for (let n = 0; n < count; n++) if (!collectOne(field, elementOf(other, n))) return false
  return true
}

function collectOne(field: i32, ref: i32): bool {
  if (ref === 0) return true
  const before = load<i32>(refsAt + (field << 2))
  if (before === 0) {
    if (!find(ref)) return false
    store<i32>(refsAt + (field << 2), setRefs + field + 1)
    store<i32>(countsAt + (field << 2), 1)
    store<i32>(setsAt + ((field * mostElements) << 2), ref)
    return true
  }
  if (before < setRefs) return false
  const count = load<i32>(countsAt + (field << 2))
  for (let n = 0; n < count; n++) if (elementOf(field, n) === ref) return true
  if (count === mostElements || !find(ref)) return false
  const from = start
  const length = (end - start) as i32
  const isOfText = isText
  for (let n = 0; n < count; n++) {
    if (!find(elementOf(field, n))) return false
    if (isText === isOfText && ((end - start) as i32) === length && isSame(start, from, length)) return true
  }
  store<i32>(setsAt + ((field * mostElements + count) << 2), ref)
  store<i32>(countsAt + (field << 2), count + 1)
  return true
}

function elementOf(field: i32, n: i32): i32 {
  return load<i32>(setsAt + ((field * mostElements + n) << 2))
}
