import { hash } from 'node:crypto'
import { isIP } from 'node:net'
import { splitCommandLine } from './command-line.ts'
import { toMillis } from './dates.ts'
import { ofInterfaces, toPlatformType, toSpaced, toVulnerabilityTitle } from './machines.ts'
import { fullPath } from './paths.ts'
import { parseText } from './text-json.ts'
import { member, optional, scalarText, toBoolean, toLong } from './values.ts'

/** Value(s) in, value out; undefined when there is none. Never throws. */
export type Conversion = (...values: unknown[]) => unknown

/** What rules may name under `as`. Some have a twin in `references.ts` that spares making the value, and must not differ. */
export const conversions = {
  text: scalarText,
  lower: value => scalarText(value)?.toLowerCase(),
  action: toAction,
  long: toLong,
  digits: toDigits,
  boolean: toBoolean,
  date: value => (typeof value === 'string' ? toMillis(value) : undefined),
  ip: toIp,
  mac: toMac,
  list: toTexts,
  json: value => (typeof value === 'string' ? parseText(value) : value),
  os_type: toOsType,
  platform_type: toPlatformType,
  spaced: toSpaced,
  vulnerability_title: toVulnerabilityTitle,
  interface_ips: value => ofInterfaces(value, 'ipAddress', toIp),
  interface_macs: value => ofInterfaces(value, 'macAddress', toMac),
  country_code: value => (/^[a-z]{2}$/i.test(scalarText(value) ?? '') ? scalarText(value)?.toUpperCase() : undefined),
  cvss_score: toScore,
  geo_point: toGeoPoint,
  nanoseconds: toNanoseconds,
  cve_url: toCveUrl,
  api_name: value => optional(scalarText(value)?.replace(/ApiCall$/i, '')),
  first_argument: value => (typeof value === 'string' ? splitCommandLine(value)[0] : undefined),
  first_word: value =>
    optional(scalarText(value)?.trimStart().split(' ', 1)[0]?.split('/').at(-1)?.replaceAll('"', '')),
  user_names: toUserNames,
  authors: toAuthors,
  duration: toDuration,
  words: toWords,
  full_path: fullPath,
  entity_id: toEntityId,
  registry_path: (hive, key, value) => (key && value ? [hive ?? '', key, value].join('\\') : undefined),
  dns_answers: toDnsAnswers,
  dns_flags: toDnsFlags,
} satisfies Record<string, Conversion>

/** As event.action is written: lower case, a hyphen for each blank. */
export function toAction(value: unknown): string | undefined {
  const text = scalarText(value)?.toLowerCase()
  return text?.replaceAll(' ', '-')
}

export function toIp(value: unknown): string | undefined {
  if (typeof value !== 'string' || isIP(value) === 0) return undefined
  // Node takes a zone (`fe80::1%eth0`), an ip field does not.
  return value.includes('%') ? undefined : value
}

function toMac(value: unknown): string | undefined {
  const text = optional(scalarText(value)?.toUpperCase().replace(/[:.]/g, '-'))
  if (text === undefined || text.includes('-')) return text
  return text.match(/.{1,2}/gsu)!.join('-')
}

function toOsType(value: unknown): string | undefined {
  const text = scalarText(value)?.toLowerCase()
  return ['windows', 'linux', 'macos'].find(type => text?.includes(type))
}

/** A number, given as it is or as text, that lies within bounds. */
function toNumber(value: unknown, least: number, most: number): number | undefined {
  const text = scalarText(value)
  const number = text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : undefined
}

function toScore(value: unknown): number | undefined {
  return toNumber(value, 0, 10)
}

/** A point that is none would cost the whole document: Elasticsearch refuses it. */
function toGeoPoint(latitude: unknown, longitude: unknown): object | undefined {
  const lat = toNumber(latitude, -90, 90)
  const lon = toNumber(longitude, -180, 180)
  return lat === undefined || lon === undefined ? undefined : { lat, lon }
}

/** Of milliseconds, which come as a number or as digits. */
function toNanoseconds(value: unknown): number | undefined {
  const milliseconds = toNumber(value, 0, 9_000_000_000)
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1_000_000)
}

function toCveUrl(value: unknown): string | undefined {
  const id = scalarText(value)?.toUpperCase()
  return id !== undefined && /^CVE-\d{4}-\d+$/.test(id) ? `https://www.cve.org/CVERecord?id=${id}` : undefined
}

/** `UserName` of each entry of a list of users, given as JSON text or as it is. */
function toUserNames(value: unknown): string[] | undefined {
  const users = typeof value === 'string' ? parseText(value) : value
  return Array.isArray(users) ? toTexts(users.map(user => member(user, 'UserName'))) : undefined
}

/** Who wrote the comments of a list; the name of the key has changed over the years. */
function toAuthors(value: unknown): string[] | undefined {
  if (!Array.isArray(value)) return undefined
  const keys = ['createdByDisplayName', 'createdBy']
  return toTexts(value.flatMap(comment => keys.map(key => member(comment, key))))
}

/** The digits of a 64-bit number. */
function toDigits(value: unknown): string | undefined {
  const number = toLong(value)
  return number === undefined ? undefined : JSON.stringify(number)
}

/** Nanoseconds from one date to another, which is not before it. */
function toDuration(start: unknown, end: unknown): number | object | undefined {
  const milliseconds = typeof start === 'string' && typeof end === 'string' ? Date.parse(end) - Date.parse(start) : -1
  return milliseconds >= 0 ? toLong(String(BigInt(milliseconds) * 1_000_000n)) : undefined
}

/** The texts of a list, given as JSON text or as it is; a single text is a list of one. */
export function toWords(value: unknown): string[] | undefined {
  const list = typeof value === 'string' ? (parseText(value) ?? [value]) : value
  return Array.isArray(list) ? toTexts(list) : undefined
}

/** For a field that takes several texts: those of a list, or the one that there is. It would refuse a document with an object in it. */
function toTexts(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : [value]
  const texts = list.map(scalarText).filter(text => text !== undefined)
  return texts.length === 0 ? undefined : texts
}

/**
 * Names a process as Elasticsearch's fingerprint processor does: SHA-1 of a NUL byte and `pid|start|device`, base64.
 * The same process has the same id in every table, since `start` is cut to milliseconds (a rule gets dates so).
 */
export function toEntityId(pid: unknown, start: unknown, device: unknown): string | undefined {
  if (pid === undefined || typeof device !== 'string' || typeof start !== 'string') return undefined
  return fingerprint(`${pid}|${start}|${device}`)
}

export function fingerprint(text: string): string {
  return hash('sha1', `\0${text}`, 'base64')
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
