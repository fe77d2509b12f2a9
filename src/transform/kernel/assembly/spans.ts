import { falsity, integer, made, part, path, plain, text, truth, written } from '../kinds'
import { dateRefs, fromAt, kindsAt, stateConstants, toAt } from '../layout'
import { get } from './state'

/** Where the bytes stand that were found last, of a text without its quotes, and whether it is one. */
export let start: usize = 0
export let end: usize = 0
export let isText = false

/**
 * Finds the bytes that a reference stands for: equal values have equal ones. False for what has none, for a date, which is
 * cut, and for what is no single value.
 */
export function find(ref: i32): bool {
  if (ref < 0) {
    const constant: usize = (get(stateConstants) as usize) + ((-1 - ref) << 3)
    start = load<u32>(constant)
    end = load<u32>(constant, 4)
    return isScalar()
  }
  return ref < dateRefs && findSlot(ref - 1)
}

/** The same for what a slot holds. */
export function findSlot(slot: i32): bool {
  const what: i32 = load<u8>(kindsAt + slot)
  start = load<u32>(fromAt + (slot << 2))
  end = load<u32>(toAt + (slot << 2))
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

/** Whether what was found is ASCII. */
export function isAscii(): bool {
  for (let at = start; at < end; at += 16) {
    const others = i8x16.bitmask(v128.load(at))
    const rest = (end - at) as i32
    if (others !== 0 && (rest >= 16 || (others & ((1 << rest) - 1)) !== 0)) return false
  }
  return true
}
