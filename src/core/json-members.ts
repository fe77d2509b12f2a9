import { skipSpace, skipString, skipValue } from './json-slices.ts'

const quote = 0x22
const closeBracket = 0x5d

/** A key and its value inside an object: `object[keyStart .. valueEnd)` is the text of both. */
export interface Member {
  readonly key: string
  readonly keyStart: number
  readonly valueStart: number
  readonly valueEnd: number
}

/** The members of an object that starts with the first byte, in their order. Only valid JSON gets a meaningful answer. */
export function* membersOf(object: Uint8Array): Generator<Member, void> {
  let at = skipSpace(object, 1)
  while (object[at] === quote) {
    const keyEnd = skipString(object, at)
    const valueStart = skipSpace(object, skipSpace(object, keyEnd) + 1)
    const valueEnd = skipValue(object, valueStart)
    yield { key: textOf(object.subarray(at, keyEnd)), keyStart: at, valueStart, valueEnd }
    at = skipSpace(object, skipSpace(object, valueEnd) + 1)
  }
}

/** The elements of an array that starts with the first byte; views, not copies. */
export function* elementsOf(array: Uint8Array): Generator<Uint8Array, void> {
  let at = skipSpace(array, 1)
  while (at < array.length && array[at] !== closeBracket) {
    const end = skipValue(array, at)
    yield array.subarray(at, end)
    at = skipSpace(array, skipSpace(array, end) + 1)
  }
}

function textOf(bytes: Uint8Array): string {
  return String(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString()))
}
