import { empty, escaped, falsity, integer, long, number, path, plain, text, truth } from '../kinds'
import { backslash, isDigit, minus, quote } from './characters'

/** The kind of the value that was read last, and where it starts and ends: of a text without the quotes. */
export let kind: i32 = 0
export let from: usize = 0
export let to: usize = 0

/** Reads a text, a number, `null`, `true` or `false`. Returns the place behind it; 0 for anything else. */
export function readScalar(at: usize): usize {
  const first: u32 = load<u8>(at)
  if (first === quote) return readText(at)
  return isDigit(first) || first === minus ? readNumber(at) : readWord(at)
}

/**
 * Reads the text whose first quote is at `at`. Returns the place behind it, or 0 when it does not end, is not JSON, or may
 * hold half a character, which is for others to mend. Behind the message are zeros, which no text may hold.
 */
export function readText(at: usize): usize {
  let end = at + 1
  let what: i32 = plain
  const quotes = i8x16.splat(quote as i8)
  const backslashes = i8x16.splat(backslash as i8)
  // Signed: what is beyond ASCII is below it, too.
  const blanks = i8x16.splat(0x20)
  for (;;) {
    const bytes = v128.load(end)
    const marks = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)), i8x16.lt_s(bytes, blanks)),
    )
    if (marks === 0) {
      end += 16
      continue
    }
    end += ctz(marks) as usize
    const byte: u32 = load<u8>(end)
    if (byte === quote) break
    if (byte === backslash) {
      const found = escapeAt(end)
      if (found === 0) return 0
      if (found > what) what = found
      end += found === escaped && load<u8>(end, 1) === 0x75 ? 6 : 2
    } else if (byte >= 0x80) {
      if (what < text) what = text
      while (load<u8>(end) >= 0x80) end++
    } else return 0
  }
  from = at + 1
  to = end
  kind = end === at + 1 ? empty : what
  return end + 1
}

/** What an escape makes of the text it is in; 0 where it is none, or half a character. */
function escapeAt(at: usize): i32 {
  const byte: u32 = load<u8>(at, 1)
  if (byte === backslash) return path
  if (byte === 0x75) return isCharacter(at + 2) ? escaped : 0
  if (byte === 0x2f) return escaped
  // Quote, b, f, n, r and t.
  return byte === quote || byte === 0x62 || byte === 0x66 || byte === 0x6e || byte === 0x72 || byte === 0x74 ? text : 0
}

/** Four digits of no half of a character: those are d800 to dfff. */
function isCharacter(at: usize): bool {
  if ((load<u8>(at) | 0x20) === 0x64) return false
  for (let place = at; place < at + 4; place++) {
    const byte: u32 = load<u8>(place)
    if (!isDigit(byte) && (byte | 0x20) - 0x61 > 5) return false
  }
  return true
}

function readNumber(at: usize): usize {
  const isNegative = load<u8>(at) === minus
  const first = isNegative ? at + 1 : at
  let end = digitsFrom(first)
  const digits = end - first
  const isZero = load<u8>(first) === 0x30
  if (digits === 0 || (digits > 1 && isZero)) return 0
  const next: u32 = load<u8>(end)
  // A double takes -0, and does not give it back.
  let what: i32 = (isNegative && isZero) || digits > 18 ? number : digits <= 15 ? integer : long
  if (next === 0x2e) {
    what = number
    const start = end + 1
    end = digitsFrom(start)
    if (end === start) return 0
  }
  if ((load<u8>(end) | 0x20) === 0x65) {
    what = number
    let start = end + 1
    const sign = load<u8>(start)
    if (sign === 0x2b || sign === 0x2d) start++
    end = digitsFrom(start)
    if (end === start) return 0
  }
  from = at
  to = end
  kind = what
  return end
}

function digitsFrom(at: usize): usize {
  while (isDigit(load<u8>(at))) at++
  return at
}

const nullWord: u32 = 0x6c6c756e
const trueWord: u32 = 0x65757274
const alseWord: u32 = 0x65736c61

function readWord(at: usize): usize {
  const word = load<u32>(at)
  from = at
  to = at + 4
  if (word === nullWord) kind = empty
  else if (word === trueWord) kind = truth
  else if (load<u8>(at) === 0x66 && load<u32>(at, 1) === alseWord) {
    kind = falsity
    to = at + 5
  } else return 0
  return to
}
