/**
 * What stands at a member of a record, as far as its bytes tell. The order is used: above `empty` there is a value, and
 * from `plain` to `text` it is a text whose bytes are what JSON.stringify would write for it.
 */
export const kind = {
  absent: 0,
  /** null or "". */
  empty: 1,
  /** A text of ASCII without escapes. */
  plain: 2,
  /** A text of ASCII with escaped backslashes, and no other escapes. */
  path: 3,
  /** With other escapes, or beyond ASCII. */
  text: 4,
  /** An integer of up to 15 digits, which a double holds and gives back. */
  integer: 5,
  /** An integer of 16 to 18 digits, which 64 bits hold. */
  long: 6,
  truth: 7,
  falsity: 8,
  /** A text that JSON.stringify would write in another way: `\/`, `\u0041`. */
  escaped: 9,
  /** Any other number. */
  number: 10,
  /** An object or list. */
  nested: 11,
  /** No bytes: the value was worked out, and has the form of its column's type. */
  worked: 12,
  /** No bytes: the value as JSON.parse gave it. */
  parsed: 13,
  /** A text whose bytes are a part of another text's, or of a number's: there are no quotes around it. */
  part: 14,
  /** JSON that was written before; `worked` has it. */
  written: 15,
} as const

/** A bit for each of these kinds. */
export function bits(...kinds: readonly number[]): number {
  return kinds.reduce((all, each) => all | (1 << each), 0)
}

/** Texts whose bytes, quotes included, are what JSON.stringify would write. */
export const texts = bits(kind.plain, kind.path, kind.text)
