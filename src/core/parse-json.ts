import { randomBytes } from 'node:crypto'

/** As JSON.parse calls it; the third argument is in the language since ES2026, not yet in TypeScript's library. */
export type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown
const parse = JSON.parse as (text: string, reviver?: Reviver) => unknown

/**
 * JSON.parse without a fault of V8 (nodejs/node#63785, in Node 24 and 26): after an object with a key that holds a
 * backslash, a key written with an escape may come out as that other one, so `{"a":1,"\"":2}` as `{"a":1,"\\":2}`. Keys
 * with escapes are therefore given other names for as long as V8 reads the text. Texts without any are read as they are.
 *
 * A reviver sees these other names. Throws a SyntaxError for what is not JSON.
 */
export function parseJson(text: string, reviver?: Reviver): unknown {
  if (!text.includes('\\') || !escapedKey.test(text)) return parse(text, reviver)
  const holder = { root: parse(withPlainKeys(text), reviver) }
  giveKeysBack(holder)
  return holder.root
}

/** The last escape of a text that a colon follows. Linear; may find an end of a text that is none, but misses nothing. */
const escapedKey = /\\.[^"\\]*"[ \t\r\n]*:/

/** Stands before the code of a character that JSON would have to escape; unlike any text that a message can hold. */
const mark = `\x7f${randomBytes(12).toString('base64url')}`
const marked = new RegExp(`${mark}([0-9a-f]{2})`, 'g')

function withPlainKeys(text: string): string {
  let plain = ''
  let done = 0
  for (let at = text.indexOf('"'); at >= 0; ) {
    const end = endOfText(text, at)
    const key = text.slice(at, end)
    if (key.includes('\\') && isBeforeColon(text, end)) {
      plain += `${text.slice(done, at)}"${plainKey(JSON.parse(key) as string)}"`
      done = end
    }
    at = text.indexOf('"', end)
  }
  return plain + text.slice(done)
}

/** Behind the quote that ends the text, whose first quote is at `start`. */
function endOfText(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function isBeforeColon(text: string, end: number): boolean {
  colon.lastIndex = end
  return colon.test(text)
}

const colon = /[ \t\r\n]*:/y

function plainKey(key: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what JSON has to escape
  return key.replace(/["\\\x00-\x1f]/g, each => mark + each.charCodeAt(0).toString(16).padStart(2, '0'))
}

/** At any depth and without recursion. Members stay in their order. */
function giveKeysBack(root: object): void {
  const open: object[] = [root]
  for (let holder = open.pop(); holder !== undefined; holder = open.pop()) {
    for (const value of Object.values(holder)) if (typeof value === 'object' && value !== null) open.push(value)
    if (Object.keys(holder).some(key => key.includes(mark))) rename(holder as Record<string, unknown>)
  }
}

function rename(object: Record<string, unknown>): void {
  const members = Object.entries(object)
  for (const [key] of members) delete object[key]
  for (const [key, value] of members) {
    const name = key.replace(marked, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    // Not by assignment: `__proto__` is a member like any other.
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  }
}
