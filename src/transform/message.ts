import { isUtf8 } from 'node:buffer'
import { type RecordsKey, recordBounds, startOfText } from '../core/json-slices.ts'
import type { RejectReason } from '../core/types.ts'
import { isExactNumber } from './digits.ts'
import { parseExact } from './parse.ts'

export interface Problem {
  readonly reason: RejectReason
  readonly detail: string
}

/** What a message holds: elements of its array, each yet to be checked, or why it cannot be used at all. */
export type Reading =
  | {
      readonly records: readonly unknown[]
      readonly sanitized: boolean
      /** The whole body, as it was parsed. */
      readonly body: Readonly<Record<string, unknown>>
    }
  | Problem

export function readMessage(body: Buffer, mostBytes = Number.POSITIVE_INFINITY, key: RecordsKey = 'records'): Reading {
  if (body.length > mostBytes) {
    return { reason: 'too_large', detail: `The message has ${body.length} bytes, the limit is ${mostBytes}.` }
  }
  if (!isUtf8(body)) return { reason: 'bad_encoding', detail: `The body is not UTF-8${guess(body)}.` }
  let parsed: ReturnType<typeof parseExact>
  try {
    parsed = parseExact(body)
  } catch (error) {
    return { reason: 'invalid_json', detail: describe(error, body) }
  }
  const { value, sanitized } = parsed
  if (typeof value !== 'object' || value === null || isExactNumber(value)) {
    return { reason: 'invalid_json', detail: `The body is ${nameOf(value)} and not a JSON object.` }
  }
  const holder = value as Record<string, unknown>
  const records = Object.hasOwn(holder, key) ? holder[key] : undefined
  if (Array.isArray(records)) return { records, sanitized, body: holder }
  const found = records === undefined ? `The body is ${nameOf(value)} without` : `\`${key}\` is ${nameOf(records)},`
  return { reason: 'bad_envelope', detail: `${found}${records === undefined ? ` \`${key}\`` : ' not an array'}.` }
}

/** A record's outer form. Everything else about it is the mapper's concern. */
export interface Envelope {
  readonly category: string
  readonly properties: Readonly<Record<string, unknown>>
  readonly envelope: Readonly<Record<string, unknown>>
}

export function readRecord(record: unknown): Envelope | Problem {
  if (!isObject(record)) return { reason: 'bad_envelope', detail: `The record is ${nameOf(record)}, not an object.` }
  const { category, properties } = record
  if (typeof category !== 'string') return unfit('category', 'a text', category)
  if (!isObject(properties)) return unfit('properties', 'an object', properties)
  return { category, properties, envelope: record }
}

function unfit(key: string, wanted: string, found: unknown): Problem {
  const problem = found === undefined ? `has no \`${key}\`` : `has ${nameOf(found)} for \`${key}\`, not ${wanted}`
  return { reason: 'bad_envelope', detail: `The record ${problem}.` }
}

/** The text of record `index` exactly as it came. */
export function originalText(body: Buffer, bounds: Uint32Array, index: number): string {
  return body.toString('utf8', bounds[index * 2], bounds[index * 2 + 1])
}

/** `recordBounds`, read when they are first needed: most messages go through without. */
export function lazyBounds(body: Uint8Array, key: RecordsKey): () => Uint32Array {
  let bounds: Uint32Array | undefined
  return () => {
    bounds ??= recordBounds(body, key) ?? new Uint32Array(0)
    return bounds
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
}

export function nameOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (isExactNumber(value) || typeof value === 'number') return 'a number'
  return { string: 'a text', boolean: 'a boolean', object: 'an object' }[typeof value as string] ?? 'nothing'
}

/** Says where the fault is and not what is there, which may be secret or long. */
function describe(error: unknown, body: Buffer): string {
  if (body.length === 0) return 'The body is empty.'
  if (error instanceof RangeError) return 'The body is too large to be parsed.'
  const character = firstFault(body)
  return character === undefined ? 'The body is not JSON.' : `The body is not JSON, from character ${character} on.`
}

/** Counted from 1. The body is parsed as it came: the text that failed had long numbers marked, and so other places. */
function firstFault(body: Buffer): number | undefined {
  try {
    JSON.parse(body.toString('utf8', startOfText(body)))
  } catch (error) {
    const position = /at position (\d+)/.exec(String(error))?.[1]
    if (position !== undefined) return Number(position) + 1
  }
  return undefined
}

function guess(body: Buffer): string {
  if (body[0] === 0x1f && body[1] === 0x8b) return ' (it looks like gzip)'
  if (body.length >= 4 && body.readUInt32BE(0) === 0x28b52ffd) return ' (it looks like zstd)'
  return (body[0] === 0xff && body[1] === 0xfe) || (body[0] === 0xfe && body[1] === 0xff)
    ? ' (it looks like UTF-16)'
    : ''
}
