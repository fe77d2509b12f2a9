import type { Chunk, Message, Origin } from '../../src/core/types.ts'

export const origin: Origin = {
  source: 'xdr',
  namespace: 'hub.example.net',
  eventHub: 'defender',
  consumerGroup: '$Default',
  partitionId: '0',
}

export interface ChunkShape {
  readonly origin?: Origin
  /** Table of each document; the last one holds for the rest. */
  readonly tables?: readonly string[]
  /** Document ids; numbered from the sequence number otherwise. */
  readonly ids?: readonly string[]
  /** Sequence number of the one message that all documents come from. */
  readonly sequenceNumber?: number
}

let sequence = 0

/** A chunk of one message whose records are the documents themselves, so that what is dead-lettered can be compared. */
export function chunkOf(documents: readonly object[], shape: ChunkShape = {}): Chunk {
  const sequenceNumber = shape.sequenceNumber ?? sequence++
  const names = documents.map((_, index) => shape.tables?.[index] ?? shape.tables?.at(-1) ?? 'DeviceEvents')
  const tables = [...new Set(names)]
  const lines = documents.map(document => Buffer.from(`${JSON.stringify(document)}\n`))
  let end = 0
  return {
    stream: `${(shape.origin ?? origin).source}/${(shape.origin ?? origin).partitionId}`,
    origin: shape.origin ?? origin,
    messages: [messageOf(documents, sequenceNumber)],
    cursor: { sequenceNumber, offset: String(sequenceNumber * 100) },
    lines: Buffer.concat(lines),
    ends: Uint32Array.from(lines, line => (end += line.length)),
    ids: documents.map((_, index) => shape.ids?.[index] ?? `${sequenceNumber}-${index}`),
    tables,
    table: Uint16Array.from(names, name => tables.indexOf(name)),
    message: new Uint32Array(documents.length),
    record: Uint32Array.from(documents, (_, index) => index),
  }
}

function messageOf(documents: readonly object[], sequenceNumber: number): Message {
  const body = Buffer.from(JSON.stringify({ records: documents }))
  return { body, sequenceNumber, offset: String(sequenceNumber * 100), enqueuedTime: Date.UTC(2026, 0, 2, 3, 4, 5) }
}

/** A document as the transform makes them, with what a data stream needs. */
export function documentOf(fields: object = {}): object {
  return { '@timestamp': '2026-01-02T03:04:05.000Z', event: { kind: 'event' }, ...fields }
}
