import { skipSpace, skipString, skipValue, startOfText } from '../../core/json-slices.ts'

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

export interface Member {
  readonly key: string
  /** With key and value as they came: a view. */
  readonly whole: Buffer
  readonly value: Buffer
}

/** The members of a JSON object, their values not parsed. Undefined when it is none, or breaks off. */
export function membersOf(bytes: Buffer): Member[] | undefined {
  const members: Member[] = []
  let at = skipSpace(bytes, startOfText(bytes))
  if (bytes[at] !== openBrace) return undefined
  at = skipSpace(bytes, at + 1)
  if (bytes[at] === closeBrace) return members
  for (;;) {
    if (bytes[at] !== quote) return undefined
    const keyEnd = skipString(bytes, at)
    const colonAt = skipSpace(bytes, keyEnd)
    if (bytes[colonAt] !== colon) return undefined
    const from = skipSpace(bytes, colonAt + 1)
    const to = skipValue(bytes, from)
    const key = textOf(bytes.subarray(at, keyEnd))
    if (key === undefined) return undefined
    members.push({ key, whole: bytes.subarray(at, to), value: bytes.subarray(from, to) })
    const next = skipSpace(bytes, to)
    if (bytes[next] === closeBrace) return members
    if (bytes[next] !== comma) return undefined
    at = skipSpace(bytes, next + 1)
  }
}

/** Where the elements of a JSON array are: element i is `[bounds[2 * i], bounds[2 * i + 1])`. Undefined as above. */
export function elementBounds(bytes: Buffer): Uint32Array | undefined {
  const bounds: number[] = []
  if (bytes[0] !== openBracket) return undefined
  let at = skipSpace(bytes, 1)
  if (bytes[at] === closeBracket) return new Uint32Array()
  for (;;) {
    const end = skipValue(bytes, at)
    bounds.push(at, end)
    const next = skipSpace(bytes, end)
    if (bytes[next] === closeBracket) return Uint32Array.from(bounds)
    if (bytes[next] !== comma) return undefined
    at = skipSpace(bytes, next + 1)
  }
}

/** The elements that `elementBounds` found; views, not copies. */
export function* elementsOf(array: Buffer, bounds: Uint32Array): Generator<Buffer, void> {
  for (let at = 0; at < bounds.length; at += 2) yield array.subarray(bounds[at], bounds[at + 1])
}

/** Of a JSON text; undefined for anything else. */
export function textOf(bytes: Buffer): string | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString())
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}
