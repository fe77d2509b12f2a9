/**
 * What stands at a member of a record, as far as its bytes tell. The order is used: above `empty` there is a value, and
 * from `plain` to `text` it is a text whose bytes are what JSON.stringify would write for it. Read by the kernel, too.
 */
export const absent = 0
/** null or "". */
export const empty = 1
/** A text of ASCII without escapes. */
export const plain = 2
/** A text of ASCII with escaped backslashes, and no other escapes. */
export const path = 3
/** With other escapes, or beyond ASCII. */
export const text = 4
/** A bit for each of these three. */
export const texts = (1 << plain) | (1 << path) | (1 << text)
/** An integer of up to 15 digits, which a double holds and gives back. */
export const integer = 5
/** An integer of 16 to 18 digits, which 64 bits hold. */
export const long = 6
export const truth = 7
export const falsity = 8
/** A text that JSON.stringify would write in another way: `\/`, `\u0041`. */
export const escaped = 9
/** Any other number. */
export const number = 10
/** An object or list. */
export const nested = 11
/** No bytes: the value was worked out, and has the form of its column's type. */
export const worked = 12
/** No bytes: the value as JSON.parse gave it. */
export const parsed = 13
/** A text whose bytes are a part of another text's, or of a number's: there are no quotes around it. */
export const part = 14
/** JSON that was written before, and stays where it is. */
export const written = 15
/** A worked out text of ASCII, or number, that stands as JSON in the memory that each record has anew. */
export const made = 16
/** An object or list within JSON that came as text. */
export const inner = 17
