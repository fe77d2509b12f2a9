import { falsity, integer, made, part, truth, written } from '../kinds'
import { dateRefs } from '../layout'
import { isAnyOf } from './bytes'
import { constantOf, fromOf, isText as isTextKind, kindOf, toOf } from './cells'
import { openBrace, openBracket, quote } from './characters'

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
    const constant = constantOf(ref)
    start = load<u32>(constant)
    end = load<u32>(constant, 4)
    return isScalar()
  }
  return ref < dateRefs && findSlot(ref - 1)
}

/** The same for what a slot holds. */
export function findSlot(slot: i32): bool {
  const what = kindOf(slot)
  start = fromOf(slot)
  end = toOf(slot)
  isText = isTextKind(what) || what === part
  if (isText || what === integer || what === truth || what === falsity) return true
  return (what === made || what === written) && isScalar()
}

/** JSON of one value; of a text the quotes are left out. */
function isScalar(): bool {
  const first: u32 = load<u8>(start)
  isText = first === quote
  if (isText) {
    start++
    end--
  }
  return first !== openBracket && first !== openBrace
}

/** Whether what was found is ASCII. */
export function isAscii(): bool {
  for (let at = start; at < end; at += 16) {
    if (isAnyOf(i8x16.bitmask(v128.load(at)), (end - at) as i32)) return false
  }
  return true
}
