/**
 * AMQP 1.0 types and frames. rhea's type codec does the encoding; its connections, sessions and links are not used,
 * because they drop a whole connection for a late frame and answer with shortened performatives, which other clients
 * do not take. Nothing else imports rhea.
 */
import rhea, { type Typed } from 'rhea'

const { types } = rhea
/** Reader and Writer exist on the object but are missing from its typings. */
const { Reader, Writer } = types as unknown as {
  Reader: new (buffer: Buffer) => TypeReader
  Writer: new (buffer?: Buffer) => TypeWriter
}

interface TypeReader {
  position: number
  read(): Typed
  remaining(): number
}

interface TypeWriter {
  write(value: Typed): void
  toBuffer(): Buffer
}

/** A value that knows its AMQP type. */
export type AmqpValue = Typed

/** What AMQP values look like once decoded: maps become objects, descriptors are dropped, big integers are `bigint`. */
export type Plain = null | boolean | number | bigint | string | Date | Buffer | Plain[] | { [key: string]: Plain }

export const amqp = {
  null: (): AmqpValue => types.wrap(null),
  boolean: (value: boolean): AmqpValue => types.wrap_boolean(value),
  ubyte: (value: number): AmqpValue => types.wrap_ubyte(value),
  ushort: (value: number): AmqpValue => types.wrap_ushort(value),
  uint: (value: number): AmqpValue => types.wrap_uint(value),
  ulong: (value: number): AmqpValue => types.wrap_ulong(value) as AmqpValue,
  int: (value: number): AmqpValue => types.wrap_int(value),
  long: (value: number): AmqpValue => types.wrap_long(value),
  string: (value: string): AmqpValue => types.wrap_string(value),
  symbol: (value: string): AmqpValue => types.wrap_symbol(value),
  /** Milliseconds since the epoch. */
  timestamp: (value: number): AmqpValue => types.wrap_timestamp(value),
  strings: (values: readonly string[]): AmqpValue => types.wrap_array(values, 0xb1, undefined),
  symbols: (values: readonly string[]): AmqpValue => types.wrap_array(values, 0xb3, undefined),
  list: (values: readonly AmqpValue[]): AmqpValue => types.wrap_list(values),
  map: (entries: Readonly<Record<string, AmqpValue>>): AmqpValue => types.wrap_map(entries),
  symbolicMap: (entries: Readonly<Record<string, AmqpValue>>): AmqpValue => types.wrap_symbolic_map(entries),
  /** Keys and values in turn. */
  mapOf: (items: readonly AmqpValue[]): AmqpValue => Object.assign(types.wrap_map({}), { value: items }),
  described: (code: number, value: AmqpValue): AmqpValue => types.described(types.wrap_ulong(code), value) as AmqpValue,
}

/** The performatives and SASL frames, by descriptor. */
export const performative = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
  saslMechanisms: 0x40,
  saslInit: 0x41,
  saslOutcome: 0x44,
} as const

/** The number of fields of each performative: clients that index by position need all of them, null or not. */
const fieldCount: Readonly<Record<number, number>> = { 16: 10, 17: 8, 18: 14, 19: 11, 21: 6, 22: 3 }

export interface Frame {
  readonly channel: number
  /** Undefined for an empty frame: a heartbeat. */
  readonly code: number | undefined
  readonly fields: readonly Plain[]
  readonly payload: Buffer | undefined
}

/** `bytes`: one whole frame, size included. */
export function decodeFrame(bytes: Buffer): Frame {
  const channel = bytes.readUInt16BE(6)
  const start = bytes[4]! * 4
  if (start >= bytes.length) return { channel, code: undefined, fields: [], payload: undefined }
  const body = bytes.subarray(start)
  const reader = new Reader(body)
  const typed = reader.read()
  const payload = reader.remaining() > 0 ? body.subarray(reader.position) : undefined
  return { channel, code: codeOf(typed), fields: plain(typed) as Plain[], payload }
}

export function encodeFrame(channel: number, code: number, fields: readonly (AmqpValue | undefined)[]): Buffer {
  const padded = Array.from(
    { length: Math.max(fields.length, fieldCount[code] ?? 0) },
    (_, i) => fields[i] ?? amqp.null(),
  )
  const body = encode([amqp.described(code, amqp.list(padded))])
  const frame = Buffer.allocUnsafe(8 + body.length)
  frame.writeUInt32BE(frame.length, 0)
  frame[4] = 2
  frame[5] = code >= performative.saslMechanisms ? 1 : 0
  frame.writeUInt16BE(channel, 6)
  body.copy(frame, 8)
  return frame
}

export function encode(values: readonly AmqpValue[]): Buffer {
  const writer = new Writer()
  for (const value of values) writer.write(value)
  return writer.toBuffer()
}

/** A section of a message: its descriptor's code, its value, and where it lies in the message. */
export interface Section {
  readonly code: number
  readonly value: AmqpValue
  readonly start: number
  readonly end: number
}

export const section = {
  header: 0x70,
  deliveryAnnotations: 0x71,
  messageAnnotations: 0x72,
  properties: 0x73,
  applicationProperties: 0x74,
  data: 0x75,
  value: 0x77,
} as const

export function decodeSections(message: Buffer): Section[] {
  const reader = new Reader(message)
  const sections: Section[] = []
  while (reader.remaining() > 0) {
    const start = reader.position
    const value = reader.read()
    sections.push({ code: codeOf(value), value, start, end: reader.position })
  }
  return sections
}

/** Keys and values of a map, in turn, types kept. */
export function mapItems(map: AmqpValue): AmqpValue[] {
  return map.value as AmqpValue[]
}

/** The fields of a composite, types kept: for values that go back as they came. */
export function listItems(list: AmqpValue): AmqpValue[] {
  return list.value as AmqpValue[]
}

function codeOf(described: AmqpValue): number {
  return Number((described.descriptor as AmqpValue | undefined)?.value ?? -1)
}

export function plain(typed: AmqpValue): Plain {
  const value: unknown = typed.value
  const code = typed.type.typecode
  if (code === 0xc1 || code === 0xd1) return plainMap(value as AmqpValue[])
  if (Array.isArray(value)) return value.map(item => plain(item as AmqpValue))
  if (Buffer.isBuffer(value) && code === 0x80) return value.readBigUInt64BE()
  if (Buffer.isBuffer(value) && code === 0x81) return value.readBigInt64BE()
  if (code === 0x56) return value === 1
  return (value ?? null) as Plain
}

function plainMap(items: readonly AmqpValue[]): { [key: string]: Plain } {
  const entries: [string, Plain][] = []
  for (let i = 0; i + 1 < items.length; i += 2) entries.push([String(plain(items[i]!)), plain(items[i + 1]!)])
  return Object.fromEntries(entries)
}

/** Size of a transfer frame without its payload. */
export const transferBytes = 38

/**
 * The frame of a transfer, all eleven fields written by hand, because this is what a hub spends its time on.
 * `lead` (may be empty) is the first part of the payload and is copied; the caller writes the `restBytes` after it.
 */
export function transferFrame(
  transfer: { channel: number; handle: number; deliveryId: number; more: boolean },
  lead: Buffer,
  restBytes: number,
): Buffer {
  const frame = Buffer.allocUnsafe(transferBytes + lead.length)
  frame.writeUInt32BE(transferBytes + lead.length + restBytes, 0)
  frame.writeUInt32BE(0x02000000 + transfer.channel, 4)
  frame.writeUInt32BE(0x005314c0, 8)
  frame.writeUInt16BE(((transferBytes - 13) << 8) | 11, 12)
  frame[14] = 0x70
  frame.writeUInt32BE(transfer.handle, 15)
  frame[19] = 0x70
  frame.writeUInt32BE(transfer.deliveryId, 20)
  frame.writeUInt16BE(0xa004, 24)
  frame.writeUInt32BE(transfer.deliveryId, 26)
  frame[30] = 0x43 // message format 0
  frame[31] = 0x41 // settled
  frame[32] = transfer.more ? 0x41 : 0x42
  frame[33] = 0x40 // rcv-settle-mode
  frame[34] = 0x40 // state
  frame.fill(0x42, 35, transferBytes) // resume, aborted, batchable
  lead.copy(frame, transferBytes)
  return frame
}
