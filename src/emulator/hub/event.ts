import { type AmqpValue, amqp, decodeSections, encode, mapItems, plain, section } from './codec.ts'

/** An event as its publisher gave it: annotations of its own, and the sections behind them, encoded. */
export interface Publication {
  readonly partitionKey: string | undefined
  /** Keys and values in turn; none of those that the hub sets. */
  readonly annotations: readonly AmqpValue[]
  /** The encoded header section, if there was one. It stands before the annotations. */
  readonly header: Buffer
  /** What follows the annotations, without the body's bytes: properties, or the start of a data section. */
  readonly middle: Buffer
  /** The last bytes of the message; kept, not copied. */
  readonly tail: Uint8Array
}

/** An event in a partition, encoded once for all receivers: `head` and `tail` together are the message. */
export interface StoredEvent {
  readonly sequenceNumber: number
  readonly offset: number
  /** Milliseconds since the epoch. */
  readonly enqueuedTime: number
  readonly head: Buffer
  readonly tail: Uint8Array
  readonly bytes: number
}

const none = Buffer.alloc(0)
const key = {
  sequenceNumber: amqp.symbol('x-opt-sequence-number'),
  offset: amqp.symbol('x-opt-offset'),
  enqueuedTime: amqp.symbol('x-opt-enqueued-time'),
  partitionKey: amqp.symbol('x-opt-partition-key'),
}
const setByHub = new Set(Object.values(key).map(name => String(name.value)))
const applicationBatch = 0x80013700

/** An event whose body is a data section of these bytes. */
export function dataEvent(body: Uint8Array, partitionKey?: string): Publication {
  const start = Buffer.allocUnsafe(8)
  start.writeUInt32BE(0x005375b0, 0)
  start.writeUInt32BE(body.length, 4)
  return { partitionKey, annotations: [], header: none, middle: start, tail: body }
}

/** The events of a message as it came from a publisher. Throws when it is not AMQP. */
export function publications(message: Buffer, format: number): Publication[] {
  if (format !== applicationBatch) return [publication(message, undefined)]
  const sections = decodeSections(message)
  const batchKey = partitionKeyOf(sections.find(({ code }) => code === section.messageAnnotations)?.value)
  return sections
    .filter(({ code }) => code === section.data)
    .map(({ value }) => publication(value.value as Buffer, batchKey))
}

function publication(message: Buffer, batchKey: string | undefined): Publication {
  const sections = decodeSections(message)
  const header = sections.find(({ code }) => code === section.header)
  const annotations = sections.find(({ code }) => code === section.messageAnnotations)?.value
  const rest = sections.find(({ code }) => code >= section.properties)
  return {
    partitionKey: partitionKeyOf(annotations) ?? batchKey,
    annotations: annotations === undefined ? [] : ownAnnotations(mapItems(annotations)),
    header: header === undefined ? none : message.subarray(header.start, header.end),
    middle: none,
    tail: message.subarray(rest?.start ?? message.length),
  }
}

function partitionKeyOf(annotations: AmqpValue | undefined): string | undefined {
  if (annotations === undefined) return undefined
  const value = (plain(annotations) as Record<string, unknown>)['x-opt-partition-key']
  return typeof value === 'string' ? value : undefined
}

function ownAnnotations(items: readonly AmqpValue[]): AmqpValue[] {
  return items.filter((_, index) => !setByHub.has(String(items[index - (index % 2)]!.value)))
}

/** Gives an event its place in a partition. */
export function store(
  event: Publication,
  place: { sequenceNumber: number; offset: number; enqueuedTime: number },
): StoredEvent {
  const items = [
    ...event.annotations,
    ...[key.sequenceNumber, amqp.long(place.sequenceNumber)],
    ...[key.offset, amqp.string(String(place.offset))],
    ...[key.enqueuedTime, amqp.timestamp(place.enqueuedTime)],
    ...(event.partitionKey === undefined ? [] : [key.partitionKey, amqp.string(event.partitionKey)]),
  ]
  const annotations = encode([amqp.described(section.messageAnnotations, amqp.mapOf(items))])
  const head = Buffer.concat([event.header, annotations, event.middle])
  return { ...place, head, tail: event.tail, bytes: head.length + event.tail.length }
}
