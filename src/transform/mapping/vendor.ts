import { exactDigits, isExactNumber, isRawJson, rawJson } from '../digits.ts'
import { toIp, toWords } from './convert.ts'
import { toDate } from './dates.ts'
import type { Column, FieldType } from './names.ts'
import { kindOf, type Run } from './run.ts'
import { splits } from './split.ts'
import { parseText } from './text-json.ts'
import { clean, isEmpty, jsonText, scalarText, toBoolean, toLong } from './values.ts'

/**
 * Reads of a column. What the compiled function works with afterwards: text for string and datetime, a number (or the
 * digits of one beyond 2^53) for long and int, a boolean, or any non-empty JSON value for dynamic.
 */
export const reads = {
  /** Columns are checked before; a key of the envelope may be anything. */
  text(value: unknown, column: string, run: Run): string | undefined {
    if (typeof value === 'object' && !isEmpty(value) && !isExactNumber(value))
      run.keepWithin(column, value, 'string', kindOf(value))
    return scalarText(value)
  },
  number(value: unknown): number | string | undefined {
    if (isExactNumber(value)) return exactDigits(value)
    const text = scalarText(value)
    if (text === undefined || !/^-?\d+$/.test(text)) return text
    const number = Number(text)
    return Number.isSafeInteger(number) && !Object.is(number, -0) ? number : text
  },
  real(value: unknown): unknown {
    if (typeof value === 'number') return value
    const text = scalarText(value)
    if (text === undefined) return undefined
    const number = Number(text)
    return String(number) === text ? number : /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text) ? rawNumber(text) : text
  },
  boolean: (value: unknown): unknown => toBoolean(value) ?? scalarText(value),
  dynamic(value: unknown, column: string, run: Run): unknown {
    if (typeof value !== 'object' || value === null) return value === '' || value === null ? undefined : value
    if (isEmpty(value)) return undefined
    return isExactNumber(value) || run.allows(value, run.pointerTo(column)) ? value : undefined
  },
  /** JSON given as text or as it is. */
  json(value: unknown, run: Run): unknown {
    if (typeof value !== 'string') return typeof value === 'object' && !isExactNumber(value) ? value : undefined
    const parsed = parseText(value)
    return parsed !== undefined && run.allowsText(parsed) ? parsed : undefined
  },
}

/** Leading zeros are digits of text only; JSON has none. */
function rawNumber(text: string): object {
  return rawJson(text.replace(/^(-?)0+(?=\d)/, '$1'))
}

type Write = (value: unknown, column: string, run: Run) => unknown

/** A read value as its vendor field takes it; what it cannot take is kept beside, with a note. */
export const writes: Record<Exclude<FieldType, 'flattened' | 'keywords' | 'evidence'>, Write> = {
  keyword: value => scalarText(value) ?? (typeof value === 'object' ? undefined : value),
  lower: value => scalarText(value)?.toLowerCase(),
  long: (value, column, run) => toLong(value) ?? misfit(value, column, 'long', run),
  double: (value, column, run) => (typeof value === 'string' ? misfit(value, column, 'real', run) : value),
  boolean: (value, column, run) => toBoolean(value) ?? misfit(value, column, 'bool', run),
  date: (value, column, run) =>
    (typeof value === 'string' ? toDate(value) : undefined) ?? wrongDate(value, column, run),
  ip: (value, column, run) => toIp(value) ?? misfit(value, column, 'ip', run),
  uri: toUri,
}

/** The parts of an address that the field of an API's item has. */
export const uriParts = ['original', 'scheme', 'domain', 'port', 'path', 'query', 'fragment'] as const

function toUri(value: unknown): object | undefined {
  const parts = splits.uri!.run(value)
  return parts && Object.fromEntries(uriParts.flatMap(part => (parts[part] === undefined ? [] : [[part, parts[part]]])))
}

/** Of an alert or incident a text that is no date stays where the date is looked for; the index takes it and leaves it out. */
function wrongDate(value: unknown, column: string, run: Run): unknown {
  const staysThere = run.dataset === 'alert' || run.dataset === 'incident'
  if (!staysThere || typeof value !== 'string') return misfit(value, column, 'datetime', run)
  run.note(column, value, { expected: 'datetime', found: 'string', field: run.root })
  return value
}

function misfit(value: unknown, column: string, expected: string, run: Run): undefined {
  if (value !== undefined) run.keep(column, value, expected, kindOf(value))
}

/**
 * For `flattened`, which takes objects and lists of objects only, no NUL character in a key, and with a value the names on
 * the way to it in a term of 32,766 bytes: what has longer ones is kept as text.
 */
export function toFlattened(value: unknown): object | undefined {
  const rest = clean(value)
  if (rest === undefined) return undefined
  const whole = (Array.isArray(rest) ? rest.every(isPlainObject) : isPlainObject(rest)) ? rest : { value: rest }
  const keys = keysOf(whole, mostPath)
  if (keys === 'long') return { value: jsonText(rest) }
  return (keys === 'nul' ? withoutNul(whole) : whole) as object
}

/** Characters of a path, each of up to three bytes; its value may have 8,191 of these. */
const mostPath = 2700

function keysOf(value: unknown, room: number): 'fine' | 'nul' | 'long' {
  if (typeof value !== 'object' || value === null) return 'fine'
  let worst: 'fine' | 'nul' = 'fine'
  if (Array.isArray(value)) {
    for (const item of value) {
      const keys = keysOf(item, room)
      if (keys === 'long') return keys
      if (keys === 'nul') worst = keys
    }
    return worst
  }
  for (const key in value) {
    const rest = room - key.length - 1
    const keys = rest < 0 ? 'long' : keysOf((value as Record<string, unknown>)[key], rest)
    if (keys === 'long') return keys
    if (keys === 'nul' || key.includes('\0')) worst = 'nul'
  }
  return worst
}

function withoutNul(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNul)
  if (!isPlainObject(value)) return value
  const name = (key: string): string => {
    const wanted = key.replaceAll('\0', '\ufffd')
    return wanted === key || !Object.hasOwn(value as object, wanted) ? wanted : name(`${wanted}_`)
  }
  return Object.fromEntries(Object.entries(value as object).map(([key, inner]) => [name(key), withoutNul(inner)]))
}

/** Text or texts for a keyword; undefined where there is an object, that is for `toWordFields`. */
export function toKeywords(value: unknown): string | string[] | undefined {
  if (typeof value !== 'object' || isExactNumber(value)) return scalarText(value)
  if (!Array.isArray(value) || !value.every(item => scalarText(item) !== undefined || isEmpty(item))) return undefined
  return toWords(value)
}

export function toWordFields(value: unknown): object | undefined {
  return value === undefined || toKeywords(value) !== undefined ? undefined : toFlattened(value)
}

function isPlainObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value)
}

/** The vendor field of a column outside of the compiled functions; undefined when there is nothing to keep in it. */
export function vendorValue(
  value: unknown,
  { column, name, type, fieldType }: Column,
  run: Run,
): { name: string; value: unknown } | undefined {
  const json = reads.json(value, run) ?? value
  if (fieldType === 'flattened' || fieldType === 'evidence') return field(name, toFlattened(json))
  if (fieldType === 'keywords') return field(name, toKeywords(json)) ?? field(`${name}_fields`, toFlattened(json))
  const text = scalarText(value)
  if (text === undefined) return misfit(value, column, type, run)
  if (fieldType === 'ip' && text === '-') return undefined
  return field(name, writes[fieldType](typeof value === 'object' ? text : value, column, run))
}

function field(name: string, value: unknown): { name: string; value: unknown } | undefined {
  return value === undefined ? undefined : { name, value }
}
