import { falsity, integer, made, part, path, plain, text, truth, written } from '../kinds'
import {
  countsAt,
  dateRefs,
  fromAt,
  kindsAt,
  mostElements,
  refsAt,
  setRefs,
  setsAt,
  stateConstants,
  toAt,
} from '../layout'
import { isSame } from './bytes'
import { get } from './state'

/** What a reference stands for: where its bytes are, without quotes, and whether it is a text. */
let start: usize = 0
let end: usize = 0
let isText = false

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

/** False for what has no bytes, may have several forms, or is a list. */
function find(ref: i32): bool {
  if (ref < 0) {
    const constant: usize = (get(stateConstants) as usize) + ((-1 - ref) << 3)
    start = load<u32>(constant)
    end = load<u32>(constant, 4)
    return isScalar()
  }
  if (ref > dateRefs) return false
  const what: i32 = load<u8>(kindsAt + ref - 1)
  start = load<u32>(fromAt + ((ref - 1) << 2))
  end = load<u32>(toAt + ((ref - 1) << 2))
  isText = what === plain || what === path || what === text || what === part
  if (isText || what === integer || what === truth || what === falsity) return true
  return (what === made || what === written) && isScalar()
}

/** JSON of one value; of a text the quotes are left out. */
function isScalar(): bool {
  const first: u32 = load<u8>(start)
  isText = first === 0x22
  if (isText) {
    start++
    end--
  }
  return first !== 0x5b && first !== 0x7b
}
