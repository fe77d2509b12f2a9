import type { RejectReason } from '../../core/types.ts'

/** A message made to be difficult, and what has to become of it. */
export interface BrokenMessage {
  readonly name: string
  readonly body: Uint8Array
  /** The message as a whole is unusable, some of its records are, or none: it only looks odd. */
  readonly broken: 'whole' | 'part' | 'none'
  /** The reason of its rejects; `delivered` when there are none. */
  readonly expect: RejectReason | 'delivered'
  /** Dead letters that come of it. */
  readonly rejects: number
  /** Records that have to be delivered. */
  readonly validRecords: number
  /** The records before the damage can be saved; without salvage the message is one reject and delivers none. */
  readonly salvage?: true
}

type Rest = Omit<BrokenMessage, 'name' | 'body'>

const encoder = new TextEncoder()
const tenantId = '5f0c7a1e-0b1d-4f3a-9c55-7d2c1e8b9a10'

const whole = (expect: RejectReason): Rest => ({ broken: 'whole', expect, rejects: 1, validRecords: 0 })
const part = (expect: RejectReason, rejects: number): Rest => ({ broken: 'part', expect, rejects, validRecords: 2 })
const sound = (validRecords: number): Rest => ({ broken: 'none', expect: 'delivered', rejects: 0, validRecords })

let list: readonly BrokenMessage[] | undefined

/** The list, always the same; the bodies hold no line feeds. Good records among the bad come first and last. */
export function brokenMessages(): readonly BrokenMessage[] {
  list ??= [...wholes(), ...parts(), ...oddities()]
  return list
}

function wholes(): BrokenMessage[] {
  return [
    message('not JSON', 'this is not JSON', whole('invalid_json')),
    message('empty body', '', whole('invalid_json')),
    message('truncated in its only record', body(good(1)).slice(0, -40), whole('invalid_json')),
    message('no records', '{"items":[]}', whole('bad_envelope')),
    message('records is null', '{"records":null}', whole('bad_envelope')),
    message('invalid UTF-8', invalidUtf8(), whole('bad_encoding')),
  ]
}

function parts(): BrokenMessage[] {
  const among = (...bad: string[]) => body(good(1), ...bad, good(2))
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`
  const keys = Array.from({ length: 80_000 }, (_, index) => `"k${index}":1`).join()
  return [
    message('truncated in its third record', body(good(1), good(2), good(3)).slice(0, -40), {
      ...part('invalid_json', 1),
      salvage: true,
    }),
    message('records that are no objects', among('null', '7', '"text"', '[1]'), part('bad_envelope', 4)),
    message('a record without properties', among(envelope('DeviceEvents')), part('bad_envelope', 1)),
    message(
      'a record without category',
      among('{"time":"2026-03-02T08:00:00Z","properties":{}}'),
      part('bad_envelope', 1),
    ),
    message('5,000 levels deep', among(record('DeviceEvents', `{"AdditionalFields":${deep}}`)), part('too_deep', 1)),
    message('80,000 keys', among(record('DeviceEvents', `{${keys}}`)), part('too_large', 1)),
  ]
}

function oddities(): BrokenMessage[] {
  const one = (properties: string) => body(record('DeviceProcessEvents', properties))
  const prototype = '{"DeviceName":"ws-1","__proto__":{"polluted":"yes"},"constructor":"c","toString":"t"}'
  return [
    message('no record at all', '{"records":[]}', sound(0)),
    message('__proto__ and constructor as columns', one(prototype), sound(1)),
    message('a lone surrogate', one('{"DeviceName":"ws-1","FileName":"bad-\\ud800-name.exe"}'), sound(1)),
    message('an unknown table', body(record('TableOfTomorrow', '{"DeviceName":"ws-1","NewColumn":42}')), sound(1)),
    message('an unknown column', one('{"DeviceName":"ws-1","ColumnOfTomorrow":{"a.b":1}}'), sound(1)),
    message('columns of another type', one('{"DeviceName":7,"ProcessId":"12","FileSize":"many"}'), sound(1)),
    message('byte order mark', `\ufeff${body(good(1))}`, sound(1)),
    message('a ReportId above 2^53', one('{"DeviceName":"ws-1","ReportId":639199916335081329}'), sound(1)),
    message('5,000 records in 1 MB', body(...Array.from({ length: 5000 }, (_, index) => small(index))), sound(5000)),
  ]
}

function message(name: string, content: string | Uint8Array, rest: Rest): BrokenMessage {
  return { name, body: typeof content === 'string' ? encoder.encode(content) : content, ...rest }
}

function body(...records: string[]): string {
  return `{"records":[${records.join()}]}`
}

function envelope(table: string, tail = ''): string {
  return `{"time":"2026-03-02T08:00:00Z","tenantId":"${tenantId}","category":"AdvancedHunting-${table}"${tail}}`
}

function record(table: string, properties: string): string {
  return envelope(table, `,"properties":${properties}`)
}

function good(number: number): string {
  return record(
    'DeviceProcessEvents',
    `{"Timestamp":"2026-03-02T07:59:5${number}.0000000Z","DeviceName":"ws-1","FileName":"good-${number}.exe","ReportId":${number}}`,
  )
}

/** About 195 bytes: 5,000 of them are just below 1 MB. */
function small(number: number): string {
  const [minutes, seconds] = [Math.floor(number / 60) % 60, number % 60].map(part => String(part).padStart(2, '0'))
  return record('DeviceEvents', `{"Timestamp":"2026-03-02T08:${minutes}:${seconds}Z","ReportId":${number}}`)
}

/** A byte that no UTF-8 text has, in the middle of a value of the second record. */
function invalidUtf8(): Uint8Array {
  const bytes = Buffer.from(body(good(1), good(2)))
  bytes[bytes.indexOf('good-2')] = 0xff
  return bytes
}
