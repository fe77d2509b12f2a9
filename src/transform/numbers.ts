import { isDistorted } from './digits.ts'

/**
 * Finds, in the bytes of a JSON text, the numbers that JSON.parse would distort. Answers are flat lists of positions:
 * start and end of the first number, start and end of the second, ascending.
 */

/** Reads every byte; right for every JSON text. In a text that is not JSON it may find fewer numbers, never a wrong one. */
export function allNumbers(body: Buffer): number[] {
  const found: number[] = []
  let at = 0
  while (at < body.length) {
    const byte = body[at]!
    if (byte === 0x22) {
      at = endOfString(body, at)
    } else if (isDigit(byte) || byte === 0x2d) {
      const end = endOfNumberBytes(body, at)
      if (isDistorted(body.toString('latin1', at, end)) && !isKey(body, end)) found.push(at, end)
      at = end
    } else {
      at++
    }
  }
  return found
}

/**
 * The numbers with 16 digits and more, found without reading every byte: 16 bytes in a row cover three aligned words of
 * four bytes, so one word of three is looked at. As right as `allNumbers`, for these.
 */
export function longNumbers(body: Buffer): number[] {
  const found: number[] = []
  if (body.length < 16) return found
  const shift = -body.byteOffset & 3
  const words = new Int32Array(body.buffer, body.byteOffset + shift, (body.length - shift) >> 2)
  // Where the last look ended, and whether that is inside of a text.
  let done = 0
  let inText = false
  for (let word = 2; word < words.length; word += 3) {
    if (!isDense(words[word]) || !hasDenseNeighbours(words, word)) continue
    const at = word * 4 + shift
    if (at < done || !isDigitOrPoint(body[at]!)) continue
    let start = at
    let end = at
    while (start > done && isDigitOrPoint(body[start - 1]!)) start--
    while (end < body.length && isDigitOrPoint(body[end]!)) end++
    if (end - start < 16) continue
    while (start > done && isNumberByte(body[start - 1])) start--
    end = endOfNumberBytes(body, end)
    // Digits where no number can begin are a part of a text.
    inText = !mayPrecedeNumber(body[start - 1]) || isInText(body, start, done, inText)
    done = end
    if (!inText && isLong(body, start, end)) found.push(start, end)
  }
  return found
}

/** All four bytes between space and `?`: digits, the point, and little else. */
function isDense(word: number | undefined): boolean {
  return word !== undefined && (word & 0xe0e0e0e0) === 0x20202020
}

function hasDenseNeighbours(words: Int32Array, word: number): boolean {
  if (isDense(words[word - 1])) return isDense(words[word + 1]) || isDense(words[word - 2])
  return isDense(words[word + 1]) && isDense(words[word + 2])
}

function isLong(body: Buffer, start: number, end: number): boolean {
  return (isLongInteger(body, start, end) || isDistorted(body.toString('latin1', start, end))) && !isKey(body, end)
}

/** The normal case of `isDistorted`, told from the bytes. */
function isLongInteger(body: Buffer, start: number, end: number): boolean {
  if (end - start < 17 || body[start] === 0x30) return false
  for (let at = start; at < end; at++) if (!isDigit(body[at]!)) return false
  return true
}

/**
 * Whether `at` is inside of a text, told by the quotes before it as far back as `done`, of which it is known. A quote
 * opens a text when nothing that may follow a text follows it, and closes one when nothing that may precede a text
 * precedes it; where both might be, the next one before it tells, turned round.
 */
function isInText(body: Buffer, at: number, done: number, doneInText: boolean): boolean {
  let turned = false
  for (let quote = at - 1; quote >= done; quote--) {
    if (body[quote] !== 0x22 || isEscaped(body, quote)) continue
    if (!mayFollowText(body[quote + 1])) return !turned
    if (!mayPrecedeText(body[quote - 1])) return turned
    turned = !turned
  }
  return doneInText !== turned
}

function mayPrecedeNumber(byte: number | undefined): boolean {
  return byte === 0x3a || byte === 0x2c || byte === 0x5b || isSpace(byte)
}

function mayPrecedeText(byte: number | undefined): boolean {
  return mayPrecedeNumber(byte) || byte === 0x7b
}

function mayFollowText(byte: number | undefined): boolean {
  return byte === 0x3a || byte === 0x2c || byte === 0x5d || byte === 0x7d || isSpace(byte)
}

function isEscaped(body: Buffer, at: number): boolean {
  let backslashes = 0
  while (body[at - 1 - backslashes] === 0x5c) backslashes++
  return backslashes % 2 === 1
}

/** `{12345678901234567: 1}` is not JSON and must not become it. */
function isKey(body: Buffer, end: number): boolean {
  let at = end
  while (isSpace(body[at])) at++
  return body[at] === 0x3a
}

function endOfString(body: Buffer, start: number): number {
  let at = start + 1
  while (at < body.length && body[at] !== 0x22) at += body[at] === 0x5c ? 2 : 1
  return at + 1
}

/** Behind all bytes that may be in a number. */
function endOfNumberBytes(body: Buffer, start: number): number {
  let at = start
  while (isNumberByte(body[at])) at++
  return at
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** The slash between them is let through: it makes one comparison of two, and no number contains it. */
function isDigitOrPoint(byte: number): boolean {
  return byte >= 0x2e && byte <= 0x39
}

function isNumberByte(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return isDigit(byte) || byte === 0x2d || byte === 0x2e || byte === 0x65 || byte === 0x45 || byte === 0x2b
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}
