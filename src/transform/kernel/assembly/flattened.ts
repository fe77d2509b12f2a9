import { scratchAt } from '../layout'
import { hashOf, isDigit } from './bytes'
import { withoutEscapes } from './texts'

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

/** How many keys and elements there may be. */
let left = 0

/** Where the object ends that the text between these places is, and that stands at `textAt` then; 0 for anything else. */
export function endOfObject(from: usize, to: usize, depth: i32, keys: i32): usize {
  const end = withoutEscapes(from, to, textAt)
  if (end === 0) return 0
  // Ends every search.
  store<u8>(end, 0)
  left = keys
  if (load<u8>(textAt) !== 0x7b) return 0
  return readContainer(textAt, 0, depth < mostDepth ? depth : mostDepth) === end ? end : 0
}

/** The place behind the object or list that begins at `at`; 0 where it is not certain. */
function readContainer(at: usize, level: i32, depth: i32): usize {
  if (level === depth) return 0
  const isObject = load<u8>(at) === 0x7b
  const close: u32 = isObject ? 0x7d : 0x5d
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
  } while (load<u8>(at) === 0x2c)
  return load<u8>(at) === close ? at + 1 : 0
}

/** The place behind a key and its colon. No other key of the object may have the same hash, nor look like a number. */
function readKey(at: usize, row: usize): usize {
  const end = readString(at)
  if (end === 0 || isDigit(load<u8>(at, 1)) || load<u8>(end) !== 0x3a) return 0
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
  if (first === 0x22) {
    const end = readString(at)
    // An empty one would be left out.
    return end === at + 2 ? 0 : end
  }
  if (first === 0x7b || first === 0x5b) return readContainer(at, level + 1, depth)
  if (first === 0x74) return load<u32>(at) === 0x65757274 ? at + 4 : 0
  if (first === 0x66) return load<u32>(at, 1) === 0x65736c61 ? at + 5 : 0
  return readInteger(at)
}

/** The place behind a text. */
function readString(at: usize): usize {
  if (load<u8>(at) !== 0x22) return 0
  at++
  for (;;) {
    const byte: u32 = load<u8>(at)
    if (byte === 0x22) break
    if (byte < 0x20) return 0
    if (byte === 0x5c) {
      at++
      const escaped: u32 = load<u8>(at)
      const isShort =
        escaped === 0x22 ||
        escaped === 0x5c ||
        escaped === 0x62 ||
        escaped === 0x66 ||
        escaped === 0x6e ||
        escaped === 0x72 ||
        escaped === 0x74
      if (!isShort) return 0
    }
    at++
  }
  return at + 1
}

/** The place behind an integer of up to 15 digits. */
function readInteger(at: usize): usize {
  const isNegative = load<u8>(at) === 0x2d
  const first = isNegative ? at + 1 : at
  let end = first
  while (isDigit(load<u8>(end))) end++
  const digits = end - first
  if (digits === 0 || digits > 15) return 0
  return load<u8>(first) === 0x30 && (digits > 1 || isNegative) ? 0 : end
}
