import { escaped, falsity, integer, texts, truth } from '../kinds'
import { scratchAt } from '../layout'
import { hashOf } from './bytes'
import { closeBrace, closeBracket, colon, comma, isDigit, openBrace, openBracket, quote } from './characters'
import { withoutEscapes } from './texts'
import { kind, readScalar, readText } from './values'

/**
 * JSON that came as the text of a column and stands in the document as it would be written anew: without white space, in
 * the one way of writing texts and numbers, with nothing empty in it, and no key that would come elsewhere. Whatever is not
 * certain is left to whoever parses it.
 */

/** With more members in one object each would have to be compared with too many, and deeper nesting is rare. */
const mostMembers = 24
const mostDepth = 16

/** For each container that is open, how many keys it has and their hashes. Behind that is the text. */
const rowsAt: usize = scratchAt
const rowBytes = (mostMembers + 1) * 4
export const textAt: usize = rowsAt + (((mostDepth + 1) * rowBytes) as usize)

/** Kinds that are written in one way only, and are not empty. */
const certain = texts | (1 << integer) | (1 << truth) | (1 << falsity)

/** How many keys and elements there may be. */
let left = 0

/** Where the object ends that the text between these places is, and that stands at `textAt` then; 0 for anything else. */
export function endOfObject(from: usize, to: usize, depth: i32, keys: i32): usize {
  const end = withoutEscapes(from, to, textAt)
  if (end === 0) return 0
  // Ends every search.
  store<u8>(end, 0)
  left = keys
  if (load<u8>(textAt) !== openBrace) return 0
  return readContainer(textAt, 0, depth < mostDepth ? depth : mostDepth) === end ? end : 0
}

/** The place behind the object or list that begins at `at`; 0 where it is not certain. */
function readContainer(at: usize, level: i32, depth: i32): usize {
  if (level === depth) return 0
  const isObject = load<u8>(at) === openBrace
  const close: u32 = isObject ? closeBrace : closeBracket
  const row = rowsAt + ((level * rowBytes) as usize)
  store<i32>(row, 0)
  do {
    if (--left < 0) return 0
    at++
    if (isObject) {
      at = readKey(at, row)
      if (at === 0) return 0
    }
    at = readValue(at, level, depth)
    if (at === 0) return 0
  } while (load<u8>(at) === comma)
  return load<u8>(at) === close ? at + 1 : 0
}

/** The place behind a key and its colon. No other key of the object may have the same hash, nor look like a number. */
function readKey(at: usize, row: usize): usize {
  const end = load<u8>(at) === quote ? readText(at) : 0
  if (end === 0 || kind === escaped || isDigit(load<u8>(at, 1)) || load<u8>(end) !== colon) return 0
  const count = load<i32>(row)
  if (count === mostMembers) return 0
  const hash = hashOf(at, end)
  for (let n = 1; n <= count; n++) if (load<u32>(row + (n << 2)) === hash) return 0
  store<i32>(row, count + 1)
  store<u32>(row + ((count + 1) << 2), hash)
  return end + 1
}

function readValue(at: usize, level: i32, depth: i32): usize {
  const first: u32 = load<u8>(at)
  if (first === openBrace || first === openBracket) return readContainer(at, level + 1, depth)
  const end = readScalar(at)
  return end !== 0 && ((certain >> kind) & 1) !== 0 ? end : 0
}
