import { hash } from 'node:crypto'
import { isIP } from 'node:net'
import { flat } from '../flat.ts'
import { splitCommandLine } from './command-line.ts'
import { toMillis } from './dates.ts'
import { parseText } from './text-json.ts'
import { scalarText, toBoolean, toLong } from './values.ts'

/** Value(s) in, value out; undefined when there is none. Never throws. */
export type Conversion = (...values: unknown[]) => unknown

/** What rules may name under `as`. */
export const conversions = {
  text: scalarText,
  lower: value => scalarText(value)?.toLowerCase(),
  /** As event.action is written: lower case, a hyphen for each blank. */
  action: value => {
    const text = scalarText(value)?.toLowerCase()
    return text?.includes(' ') ? flat(text.replaceAll(' ', '-')) : text
  },
  long: toLong,
  boolean: toBoolean,
  date: value => (typeof value === 'string' ? toMillis(value) : undefined),
  ip: toIp,
  mac: toMac,
  list: value => [value],
  json: value => (typeof value === 'string' ? parseText(value) : value),
  os_type: toOsType,
  api_name: value => optional(scalarText(value)?.replace(/ApiCall$/i, '')),
  first_argument: value => (typeof value === 'string' ? splitCommandLine(value)[0] : undefined),
  first_word: value =>
    optional(scalarText(value)?.trimStart().split(' ', 1)[0]?.split('/').at(-1)?.replaceAll('"', '')),
  user_names: toUserNames,
  words: toWords,
  entity_id: toEntityId,
  registry_path: (hive, key, value) => (key && value ? [hive ?? '', key, value].join('\\') : undefined),
  dns_answers: toDnsAnswers,
  dns_flags: toDnsFlags,
} satisfies Record<string, Conversion>

export function toIp(value: unknown): string | undefined {
  if (typeof value !== 'string' || isIP(value) === 0) return undefined
  // Node takes a zone (`fe80::1%eth0`), an ip field does not.
  return value.includes('%') ? undefined : value
}

/** In one piece, and nothing for "". */
export function optional(text: string | undefined): string | undefined {
  return text === undefined || text === '' ? undefined : flat(text)
}

function toMac(value: unknown): string | undefined {
  const text = optional(scalarText(value)?.toUpperCase().replace(/[:.]/g, '-'))
  if (text === undefined || text.includes('-')) return text
  return text.match(/.{1,2}/g)!.join('-')
}

function toOsType(value: unknown): string | undefined {
  const text = scalarText(value)?.toLowerCase()
  return ['windows', 'linux', 'macos'].find(type => text?.includes(type))
}

/** `UserName` of each entry of a list of users, given as JSON text or as it is. */
function toUserNames(value: unknown): string[] | undefined {
  const users = typeof value === 'string' ? parseText(value) : value
  if (!Array.isArray(users)) return undefined
  const names = users.map(user => scalarText(member(user, 'UserName'))).filter(name => name !== undefined)
  return names.length === 0 ? undefined : names
}

/** The texts of a list, given as JSON text or as it is; a single text is a list of one. */
export function toWords(value: unknown): string[] | undefined {
  const list = typeof value === 'string' ? (parseText(value) ?? [value]) : value
  if (!Array.isArray(list)) return undefined
  const words = list.map(scalarText).filter(word => word !== undefined)
  return words.length === 0 ? undefined : words
}

/**
 * Names a process as Elasticsearch's fingerprint processor does: SHA-1 of a NUL byte and `pid|start|device`, base64.
 * The same process has the same id in every table, since `start` is cut to milliseconds (a rule gets dates so).
 */
function toEntityId(pid: unknown, start: unknown, device: unknown): string | undefined {
  if (pid === undefined || device === undefined || start === undefined) return undefined
  return fingerprint(`${pid}|${start}|${device}`)
}

/** A process has many records, and its hash costs as much as the rest of a record. */
const fingerprints = new Map<string, string>()
const mostFingerprints = 20_000

export function fingerprint(text: string): string {
  const known = fingerprints.get(text)
  if (known !== undefined) return known
  if (fingerprints.size >= mostFingerprints) fingerprints.clear()
  const made = hash('sha1', `\0${text}`, 'base64')
  fingerprints.set(text, made)
  return made
}

function toDnsAnswers(answers: unknown, ttls: unknown): object[] | undefined {
  const data = toWords(answers)
  const seconds = toWords(ttls)?.map(toLongOrWhole) ?? []
  return data?.map((item, index) => ({ data: item, ttl: seconds[index] }))
}

function toLongOrWhole(text: string): number | object | undefined {
  const number = Number(text)
  return Number.isFinite(number) ? toLong(String(Math.trunc(number))) : undefined
}

function toDnsFlags(...values: unknown[]): string[] | undefined {
  const names = ['AA', 'TC', 'RD', 'RA', 'AD', 'CD', 'DO']
  const set = names.filter((_name, index) => toBoolean(values[index]) === true)
  return set.length === 0 ? undefined : set
}

/** An own member of an object; undefined for anything else. */
export function member(holder: unknown, key: string): unknown {
  if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) return undefined
  return (holder as Record<string, unknown>)[key]
}
