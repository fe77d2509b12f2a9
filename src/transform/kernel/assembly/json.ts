import { empty, escaped, falsity, inner, integer, long, part, texts, truth } from '../kinds'
import { scratchAt } from '../layout'
import { hashOf } from './bytes'
import { put } from './cells'
import { closeBrace, closeBracket, colon, comma, isDigit, openBrace, openBracket, quote } from './characters'
import { idOf } from './keys'
import { from, kind, readScalar, readText, to } from './values'

/**
 * Reads JSON whose text came in a column and has no escapes any more: ASCII with a zero behind it. Whatever is not
 * certain is left to whoever parses it, such as white space.
 */

/** With more members in one object each would have to be compared with too many, and deeper nesting is rare. */
const mostMembers = 24
const mostDepth = 16

/** Bytes of a key and its quotes: so many of them, one inside of the other, are no path that is too long for a term. */
const mostKey: usize = 160

/** For each container that is open, how many keys it has and their hashes. Behind that is room for the text. */
const rowsAt: usize = scratchAt
const rowBytes = (mostMembers + 1) * 4
export const textAt: usize = rowsAt + (((mostDepth + 1) * rowBytes) as usize)

/** Kinds that are written in one way only, and are not empty. */
const strict = texts | (1 << integer) | (1 << truth) | (1 << falsity)
const any = -1
/** Of those that rules read as text: as they are, and by their digits or letters. */
const asTheyAre = texts | (1 << empty)
const asText = (1 << integer) | (1 << long) | (1 << truth) | (1 << falsity)

/** Kinds that values may have. */
let kinds = 0
/** The dictionary of the names that are looked for, and the slot of each, 16 bits. */
let names: usize = 0
let slots: usize = 0
/** How many keys and elements there may be. */
let left = 0
let most = 0

/** Of what `isAsWritten` found last: a list of texts, and not an object or a list of objects. */
export let areWords = false

/**
 * Whether the object, the list of objects or that of texts stands there as it would be written anew: in the one way of
 * writing texts and numbers, with nothing empty in it, and no key that would come twice or elsewhere.
 */
export function isAsWritten(at: usize, end: usize, depth: i32, keys: i32): bool {
  begin(strict, depth, keys)
  const isList = load<u8>(at) === openBracket
  areWords = isList && load<u8>(at, 1) === quote
  if (isList) return readList(at) === end
  return load<u8>(at) === openBrace && readContainer(at, 0) === end
}

/** The same as `readContainer`, of a list at the top whose elements are all objects, or all texts. */
function readList(at: usize): usize {
  do {
    if (--left < 0) return 0
    at++
    if (load<u8>(at) !== (areWords ? quote : openBrace)) return 0
    at = readValue(at, 0)
    if (at === 0) return 0
  } while (load<u8>(at) === comma)
  return load<u8>(at) === closeBracket ? at + 1 : 0
}

/** Gives the members of these names their slots; false where the object has to be parsed, whatever was given by then. */
export function takeMembers(at: usize, end: usize, depth: i32, keys: i32, wanted: usize, itsSlots: usize): bool {
  begin(any, depth, keys)
  names = wanted
  slots = itsSlots
  return load<u8>(at) === openBrace && readContainer(at, 0) === end
}

function begin(itsKinds: i32, depth: i32, keys: i32): void {
  kinds = itsKinds
  most = depth < mostDepth ? depth : mostDepth
  left = keys
}

/** The place behind the object or list that begins at `at`; 0 where it is not certain. */
function readContainer(at: usize, level: i32): usize {
  if (level === most) return 0
  const hasKeys = load<u8>(at) === openBrace
  const close: u32 = hasKeys ? closeBrace : closeBracket
  if (kinds === any && load<u8>(at, 1) === close) return at + 2
  const row = rowsAt + ((level * rowBytes) as usize)
  store<i32>(row, 0)
  do {
    if (--left < 0) return 0
    at = hasKeys ? readMember(at + 1, row, level) : readValue(at + 1, level)
    if (at === 0) return 0
  } while (load<u8>(at) === comma)
  return load<u8>(at) === close ? at + 1 : 0
}

function readMember(at: usize, row: usize, level: i32): usize {
  const end = load<u8>(at) === quote ? readText(at) : 0
  if (end === 0 || kind === escaped || load<u8>(end) !== colon) return 0
  if (kinds === strict) return isNew(at, end, row) ? readValue(end + 1, level) : 0
  const id = level === 0 ? idOf(names, at + 1, end - 1) : -1
  return id < 0 ? readValue(end + 1, level) : readWanted(end + 1, load<i16>(slots + (id << 1)))
}

/** No other key of the object may have the same hash, and none look like a number or be very long. */
function isNew(at: usize, end: usize, row: usize): bool {
  const count = load<i32>(row)
  if (count === mostMembers || end - at > mostKey || isDigit(load<u8>(at, 1))) return false
  const hash = hashOf(at, end)
  for (let n = 1; n <= count; n++) if (load<u32>(row + (n << 2)) === hash) return false
  store<i32>(row, count + 1)
  store<u32>(row + ((count + 1) << 2), hash)
  return true
}

function readValue(at: usize, level: i32): usize {
  const first: u32 = load<u8>(at)
  if (first === openBrace || first === openBracket) return readContainer(at, level + 1)
  const end = readScalar(at)
  return end !== 0 && ((kinds >> kind) & 1) !== 0 ? end : 0
}

/** Of a name that comes twice, the last one counts. */
function readWanted(at: usize, slot: i32): usize {
  const first: u32 = load<u8>(at)
  if (first === openBrace || first === openBracket) {
    const behind = readContainer(at, 1)
    if (behind !== 0) put(slot, behind === at + 2 ? empty : inner, at, behind)
    return behind
  }
  const end = readScalar(at)
  if (end === 0) return 0
  if (((asText >> kind) & 1) !== 0) put(slot, part, from, to)
  else if (((asTheyAre >> kind) & 1) !== 0) put(slot, kind, from, to)
  else return 0
  return end
}
