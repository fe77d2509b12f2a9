import type { Origin } from './types.ts'

/**
 * Finds the bytes of single records inside a message body without parsing them. The body has been parsed before, or
 * will be: only valid JSON gets a meaningful answer, anything else some answer or none, never a throw or a stall.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/** The key of the array that holds a body's records. */
export type RecordsKey = 'records' | 'value'

/** Bodies of a hub's messages have `records`, those of an API `value`. */
export function recordsKey({ dataset = 'event' }: Pick<Origin, 'dataset'>): RecordsKey {
  return dataset === 'event' ? 'records' : 'value'
}

/** The bytes of element `index` of the body's array, without surrounding white space; a view, not a copy. */
export function recordSlice(body: Uint8Array, index: number, key?: RecordsKey): Uint8Array | undefined {
  const bounds = recordBounds(body, key)
  if (bounds === undefined || index < 0 || index * 2 >= bounds.length) return undefined
  return body.subarray(bounds[index * 2], bounds[index * 2 + 1])
}

/**
 * Where all records are: record i is `body[bounds[2 * i] .. bounds[2 * i + 1])`. Undefined when the body is not an
 * object or its `records` is not an array. Of duplicate `records` keys the last one counts, as for JSON.parse.
 */
export function recordBounds(body: Uint8Array, key: RecordsKey = 'records'): Uint32Array | undefined {
  let bounds: Uint32Array | undefined
  let at = skipSpace(body, startOfText(body))
  if (body[at] !== openBrace) return undefined
  at = skipSpace(body, at + 1)
  while (body[at] === quote) {
    const keyEnd = skipString(body, at)
    const valueStart = skipSpace(body, skipSpace(body, keyEnd) + 1)
    const valueEnd = skipValue(body, valueStart)
    if (isKey(key, body, at, keyEnd)) {
      bounds = body[valueStart] === openBracket ? elementBounds(body, valueStart, valueEnd) : undefined
    }
    at = skipSpace(body, skipSpace(body, valueEnd) + 1)
  }
  return bounds
}

function elementBounds(body: Uint8Array, arrayStart: number, arrayEnd: number): Uint32Array {
  const bounds: number[] = []
  let at = skipSpace(body, arrayStart + 1)
  while (at < arrayEnd && body[at] !== closeBracket) {
    const end = skipValue(body, at)
    bounds.push(at, end)
    at = skipSpace(body, skipSpace(body, end) + 1)
  }
  return Uint32Array.from(bounds)
}

function isKey(key: string, body: Uint8Array, start: number, end: number): boolean {
  const text = Buffer.from(body.buffer, body.byteOffset + start, end - start).toString()
  if (text === `"${key}"`) return true
  // A key may be spelt with escapes: "\u0072ecords" is the same key.
  if (!text.includes('\\')) return false
  try {
    return JSON.parse(text) === key
  } catch {
    return false
  }
}

/** The position behind the value that starts at `at`. A loop and not a recursion: nesting may be 500,000 deep. */
export function skipValue(body: Uint8Array, at: number): number {
  let depth = 0
  let position = at
  while (position < body.length) {
    const byte = body[position]!
    if (byte === quote) {
      position = skipString(body, position)
    } else if (byte === openBrace || byte === openBracket) {
      depth++
      position++
      continue
    } else if (byte === closeBrace || byte === closeBracket) {
      // A closing bracket at depth 0 belongs to whatever holds this (empty) value.
      if (depth === 0) return position
      depth--
      position++
    } else if (depth === 0) {
      return skipScalar(body, position)
    } else {
      position++
      continue
    }
    if (depth === 0) return position
  }
  return position
}

function skipScalar(body: Uint8Array, at: number): number {
  let position = at
  while (position < body.length) {
    const byte = body[position]!
    if (byte === comma || byte === closeBracket || byte === closeBrace || isSpace(byte)) break
    position++
  }
  // At least one byte on: a stray comma must not stop the caller's loop from moving.
  return position === at ? at + 1 : position
}

/** Whether the body is an object that ends with its last byte: of one that was cut off, something is still open. */
export function isWholeObject(body: Uint8Array): boolean {
  let at = skipSpace(body, startOfText(body))
  if (body[at] !== openBrace) return false
  for (let depth = 0; at < body.length; ) {
    const byte = body[at]!
    if (byte === openBrace || byte === openBracket) depth++
    else if (byte === closeBrace || byte === closeBracket) depth--
    at = byte === quote ? skipString(body, at) : at + 1
    if (depth === 0) return skipSpace(body, at) === body.length
  }
  return false
}

/** The position behind the text whose first quote is at `at`. */
export function skipString(body: Uint8Array, at: number): number {
  let position = at + 1
  while (position < body.length) {
    const byte = body[position]!
    if (byte === backslash) position += 2
    else if (byte === quote) return position + 1
    else position++
  }
  return body.length
}

/** The first position from `at` on that is not white space. */
export function skipSpace(body: Uint8Array, at: number): number {
  let position = at
  while (position < body.length && isSpace(body[position]!)) position++
  return position
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** Behind a UTF-8 byte order mark, if there is one. */
export function startOfText(body: Uint8Array): number {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0
}
