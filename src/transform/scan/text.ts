import { kind } from './kinds.ts'

/** What a text is by its bytes. All of it is valid UTF-8. */

const quote = 0x22
const backslash = 0x5c
const slash = 0x2f
const letterU = 0x75

/** Behind `\\`: quote, backslash, slash, b, f, n, r and t. */
const shortEscapes = new Set([quote, backslash, slash, 0x62, 0x66, 0x6e, 0x72, 0x74])

/**
 * Where a text ends whose first backslash is at `from`, times 16, and the kind that its escapes make of it. Undefined
 * when it does not end, is not JSON, or may hold half a character, which is for others to mend.
 */
export function endOfEscaped(body: Uint8Array, from: number): number | undefined {
  let what: number = kind.path
  for (let at = from; at < body.length; ) {
    const byte = body[at]!
    if (byte === quote) return at * 16 + what
    if (byte !== backslash) {
      at++
      continue
    }
    const escaped = body[at + 1]!
    if (escaped === backslash) {
      at += 2
    } else if (escaped === letterU) {
      // \ud800 to \udfff.
      if ((body[at + 2]! | 0x20) === 0x64 || !isHex(body, at + 2)) return undefined
      what = kind.escaped
      at += 6
    } else if (shortEscapes.has(escaped)) {
      if (escaped === slash) what = kind.escaped
      else if (what === kind.path) what = kind.text
      at += 2
    } else return undefined
  }
  return undefined
}

/** The next byte below 0x20 or above 0x7f, from `from` on; `limit` for none before that. */
export function nextSpecial(body: Uint8Array, view: DataView, from: number, limit: number): number {
  let at = from
  for (const last = limit - 4; at <= last; at += 4) {
    const word = view.getInt32(at, true)
    if ((((word - 0x20202020) | word) & 0x80808080) !== 0) break
  }
  while (at < limit && body[at]! >= 0x20 && body[at]! < 0x80) at++
  return at
}

function isHex(body: Uint8Array, at: number): boolean {
  for (let place = at; place < at + 4; place++) {
    const byte = body[place]!
    const isDigit = byte >= 0x30 && byte <= 0x39
    if (!isDigit && !((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)) return false
  }
  return true
}
