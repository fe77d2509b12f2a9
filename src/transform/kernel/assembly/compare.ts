import { falsity, integer, made, part, path, plain, truth, written } from '../kinds'
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
import { get } from './state'

export const isNowhere = 0
export const isThere = 1
export const isUnclear = 2

/** Where the text of a reference stands, without quotes. */
let start: usize = 0
let end: usize = 0

/** Whether one of these fields has the column's value already, case aside. Whatever is not plain is not clear. */
export function isElsewhere(fields: usize, count: i32, slot: i32): i32 {
  const ref = slot + 1
  for (let n = 0; n < count; n++) if (refOf(fields, n) === ref) return isThere
  let isSure = isPlain(slot)
  const from = start
  const to = end
  for (let n = 0; n < count; n++) {
    const other = refOf(fields, n)
    if (other === 0) continue
    if (other < setRefs) {
      const found = isSure ? isSame(other, from, to) : isUnclear
      if (found === isThere) return isThere
      if (found === isUnclear) isSure = false
      continue
    }
    const set = other - setRefs - 1
    const elements = load<i32>(countsAt + (set << 2))
    const first: usize = setsAt + ((set * mostElements) << 2)
    for (let element = 0; element < elements; element++) {
      const inner = load<i32>(first + (element << 2))
      if (inner === ref) return isThere
      const found = isSure ? isSame(inner, from, to) : isUnclear
      if (found === isThere) return isThere
      if (found === isUnclear) isSure = false
    }
  }
  return isSure ? isNowhere : hasOthers(fields, count) ? isUnclear : isNowhere
}

function refOf(fields: usize, n: i32): i32 {
  return load<i32>(refsAt + (load<i32>(fields + (n << 2)) << 2))
}

function hasOthers(fields: usize, count: i32): bool {
  for (let n = 0; n < count; n++) if (refOf(fields, n) !== 0) return true
  return false
}

/** Whether the value of the reference is the text between these places. */
function isSame(ref: i32, from: usize, to: usize): i32 {
  if (ref < 0) {
    const constant: usize = (get(stateConstants) as usize) + ((-1 - ref) << 3)
    start = load<u32>(constant)
    end = load<u32>(constant, 4)
    if (!isBare()) return isUnclear
  } else if (ref > dateRefs) {
    // Cut, it is another text than the column's, but for one that had three digits.
    return to - from === 24 ? isUnclear : isNowhere
  } else if (!isPlain(ref - 1)) return isUnclear
  if (end - start !== to - from) return isNowhere
  for (let at = start, other = from; at < end; at++, other++) {
    const byte: u32 = load<u8>(at)
    const change = byte ^ load<u8>(other)
    if (change !== 0 && (change !== 0x20 || (byte | 0x20) - 0x61 > 25)) return isNowhere
  }
  return isThere
}

/** Whether bytes can be compared: they are ASCII, and escaped in one way only. Tells where they are. */
function isPlain(slot: i32): bool {
  const what: i32 = load<u8>(kindsAt + slot)
  start = load<u32>(fromAt + (slot << 2))
  end = load<u32>(toAt + (slot << 2))
  if (what === plain || what === path || what === integer || what === truth || what === falsity || what === part)
    return true
  return (what === made || what === written) && isBare()
}

/** JSON that is a text of plain ASCII or a scalar; then without its quotes. */
function isBare(): bool {
  const first: u32 = load<u8>(start)
  if (first === 0x5b || first === 0x7b) return false
  if (first !== 0x22) return true
  start++
  end--
  for (let at = start; at < end; at++) {
    const byte: u32 = load<u8>(at)
    if (byte < 0x20 || byte > 0x7f) return false
    if (byte !== 0x5c) continue
    // A backslash or a quote; others are better left alone.
    at++
    if (load<u8>(at) !== 0x5c && load<u8>(at) !== 0x22) return false
  }
  return true
}
