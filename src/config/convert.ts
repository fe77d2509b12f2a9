import type { OptionFormat, OptionSchema } from '../core/options.ts'
import { Secret } from '../core/secret.ts'
import { suggest } from './suggest.ts'

/** A scalar ready to be converted. `loose`: text from the environment or a file, which stands for any type. */
export interface Raw {
  readonly value: string | number | boolean | null
  readonly text: string
  readonly loose: boolean
  /** Of a secret: the file that all of it came from. */
  readonly secretFile?: string
}

export interface Problem {
  readonly message: string
  readonly fix: string
}

export type Converted = { readonly value: unknown } | Problem

const sizes: Record<string, number> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 }
const durations: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Checks one value against its schema and gives it the type the part wants. Pure. */
export function convert(raw: Raw, schema: OptionSchema, resolvePath: (path: string) => string): Converted {
  if (raw.value === null) return problem('has no value', `Give ${expected(schema)}, or remove the key.`)
  if (schema.format) return formats[schema.format](raw, schema, resolvePath)
  if (schema.type === 'boolean') return toBoolean(raw)
  if (schema.type === 'integer' || schema.type === 'number') return toNumber(raw, schema)
  return toText(raw, schema)
}

/** What a schema takes, in words. */
export function expected(schema: OptionSchema): string {
  if (schema.enum) return schema.enum.length === 1 ? schema.enum[0]! : `one of ${schema.enum.join(', ')}`
  if (schema.format) return formatNames[schema.format]
  return typeNames[schema.type]
}

const formatNames: Record<OptionFormat, string> = {
  bytes: 'a size such as 64MiB',
  duration: 'a duration such as 5s',
  secret: 'text',
  path: 'a path',
  url: 'an http or https address',
  start: 'earliest, latest or a time such as 2026-01-31T00:00:00Z',
}

const typeNames: Record<OptionSchema['type'], string> = {
  object: 'a map',
  array: 'a list',
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
}

type Format = (raw: Raw, schema: OptionSchema, resolvePath: (path: string) => string) => Converted

const formats: Record<OptionFormat, Format> = {
  bytes: (raw, schema) => {
    const [, amount, unit = 'B'] = /^(\d+(?:\.\d+)?) *([KMG]i?B|B)?$/i.exec(raw.text) ?? []
    if (amount === undefined) return mismatch(schema, 'Units are B, KB, MB, GB, KiB, MiB, GiB.')
    return inRange(Math.round(Number(amount) * sizes[unit.toLowerCase()]!), schema, size)
  },
  duration: (raw, schema) => {
    const [, amount, unit] = /^(\d+(?:\.\d+)?) *(ms|s|m|h|d)?$/.exec(raw.text) ?? []
    if (amount === undefined) return mismatch(schema, 'Units are ms, s, m, h, d.')
    if (!unit) return problem('needs a unit', `Write ${raw.text}s for seconds; units are ms, s, m, h, d.`)
    return inRange(Math.round(Number(amount) * durations[unit]!), schema, duration)
  },
  secret: (raw, schema) => {
    const text = toText(raw, schema)
    return 'value' in text ? { value: new Secret(text.value as string, raw.secretFile) } : text
  },
  path: (raw, schema, resolvePath) => {
    const text = toText(raw, schema)
    if ('value' in text && raw.text.includes('\0')) return mismatch(schema, 'Remove the NUL character.')
    return 'value' in text ? { value: resolvePath(raw.text) } : text
  },
  url: (raw, schema) => {
    const url = URL.parse(raw.text)
    if (!url || !/^https?:$/.test(url.protocol) || !url.host)
      return mismatch(schema, 'Write http:// or https:// first.')
    if (!url.username && !url.password) return { value: raw.text }
    return problem('has credentials in the address', 'Give them by keys of their own, such as username and password.')
  },
  start: (raw, schema) => {
    if (raw.text === 'earliest' || raw.text === 'latest') return { value: raw.text }
    const near = suggest(raw.text, ['earliest', 'latest'])
    if (near) return mismatch(schema, `Did you mean \`${near}\`?`)
    const time = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(raw.text) ? new Date(raw.text) : undefined
    if (time && !Number.isNaN(time.getTime())) return { value: time }
    return mismatch(schema, 'Write earliest, latest, or a time with its zone.')
  },
}

function toText(raw: Raw, schema: OptionSchema): Converted {
  if (typeof raw.value !== 'string') return mismatch(schema, 'Put the value in quotes.')
  const { length } = raw.text
  if (schema.enum && !schema.enum.includes(raw.text)) {
    const near = suggest(raw.text, schema.enum)
    return mismatch(schema, near ? `Did you mean \`${near}\`?` : `Write ${expected(schema)}.`)
  }
  // An empty text is a forgotten one far more often than a wish; a schema that wants it says so.
  if (length === 0 && (schema.minLength ?? 1) > 0) return problem('is empty', `Give ${expected(schema)}.`)
  if (length < (schema.minLength ?? 0)) return problem(`is shorter than ${schema.minLength}`, 'Give a longer text.')
  if (length > (schema.maxLength ?? length))
    return problem(`is longer than ${schema.maxLength}`, 'Give a shorter text.')
  return { value: raw.text }
}

function toBoolean(raw: Raw): Converted {
  if (typeof raw.value === 'boolean') return { value: raw.value }
  if (raw.loose && /^(true|false)$/i.test(raw.text)) return { value: raw.text.toLowerCase() === 'true' }
  const quoted = raw.value === 'true' || raw.value === 'false'
  return mismatch({ type: 'boolean' }, quoted ? 'Remove the quotes.' : 'Write true or false.')
}

function toNumber(raw: Raw, schema: OptionSchema): Converted {
  const number = raw.loose && raw.text.trim() ? Number(raw.text) : raw.value
  if (typeof number !== 'number') {
    return mismatch(schema, Number.isNaN(Number(raw.text)) ? `Write ${expected(schema)}.` : 'Remove the quotes.')
  }
  if (schema.type === 'integer' ? !Number.isSafeInteger(number) : !Number.isFinite(number)) {
    return mismatch(schema, `Write ${expected(schema)}.`)
  }
  return inRange(number, schema, String)
}

function inRange(number: number, schema: OptionSchema, show: (number: number) => string): Converted {
  const { minimum, maximum } = schema
  const range = [
    minimum !== undefined && `at least ${show(minimum)}`,
    maximum !== undefined && `at most ${show(maximum)}`,
  ]
  const fix = `Give ${range.filter(Boolean).join(' and ')}.`
  if (!Number.isSafeInteger(number) && schema.type !== 'number') return problem('is too large', 'Give a smaller one.')
  if (number < (minimum ?? number)) return problem(`is less than ${show(minimum!)}`, fix)
  if (number > (maximum ?? number)) return problem(`is more than ${show(maximum!)}`, fix)
  return { value: number }
}

/** Bytes as an operator writes them. */
function size(bytes: number): string {
  const unit = (['GiB', 'MiB', 'KiB'] as const).find(name => bytes > 0 && bytes % sizes[name.toLowerCase()]! === 0)
  return unit ? `${bytes / sizes[unit.toLowerCase()]!}${unit}` : `${bytes}B`
}

/** Milliseconds as an operator writes them. */
export function duration(milliseconds: number): string {
  const unit =
    Object.keys(durations).findLast(name => milliseconds > 0 && milliseconds % durations[name]! === 0) ?? 'ms'
  return `${milliseconds / durations[unit]!}${unit}`
}

/** A converted value as the file takes it. */
export function shown(value: unknown, schema?: OptionSchema): string {
  if (value instanceof Date) return value.toISOString()
  if (typeof value !== 'number') return String(value)
  if (schema?.format === 'duration') return duration(value)
  return schema?.format === 'bytes' ? size(value) : String(value)
}

function mismatch(schema: OptionSchema, fix: string): Problem {
  return problem(`expected ${expected(schema)}`, fix)
}

function problem(message: string, fix: string): Problem {
  return { message, fix }
}
