import type { Origin, SourceBatch } from '../../../src/core/types.ts'
import { createRunner } from '../../../src/transform/batch.ts'
import { transformed } from '../../../src/transform/job.ts'
import { JsonWriter } from '../../../src/transform/json-writer.ts'
import { Kernel } from '../../../src/transform/kernel/kernel.ts'
import { type TransformOptions, usualLimits } from '../../../src/transform/options.ts'
import type { Mapper } from '../../../src/transform/record.ts'

export const options: TransformOptions = {
  workers: 1,
  strict: false,
  preserveDuplicateCustomFields: false,
  preserveOriginalEvent: false,
  ids: 'position',
  limits: usualLimits,
}

export const origin: Origin = {
  source: 'xdr',
  namespace: 'contoso.servicebus.windows.net',
  eventHub: 'defender',
  consumerGroup: '$Default',
  partitionId: '3',
}

export function batch(...bodies: (string | Uint8Array)[]): SourceBatch {
  const messages = bodies.map((body, index) => ({
    body: typeof body === 'string' ? Buffer.from(body) : body,
    sequenceNumber: 100 + index,
    offset: String(4096 * index),
    enqueuedTime: Date.UTC(2026, 6, 22) + index,
  }))
  const cursor = { sequenceNumber: 99 + messages.length, offset: String(4096 * (messages.length - 1)) }
  return { stream: 'xdr/3', origin, messages, cursor, bytes: messages.reduce((sum, { body }) => sum + body.length, 0) }
}

/** The text of a message with these records. */
export function message(...records: unknown[]): string {
  return JSON.stringify({ records })
}

export function record(properties: object = { DeviceName: 'ws-1' }, category = 'AdvancedHunting-DeviceEvents'): object {
  return { time: '2026-07-22T10:43:05Z', tenantId: 'contoso', category, properties }
}

/** For a mapper that finds none. */
export const noDrift: Pick<Mapper, 'holdDrift' | 'releaseDrift' | 'takeDrift'> = {
  holdDrift: () => {},
  releaseDrift: () => {},
  takeDrift: () => [],
}

/** The record as it is, without any mapping rules. */
export const plainMapper: Mapper = {
  out: new JsonWriter(new Kernel()),
  map({ id, table, envelope, sanitized, original }) {
    plainMapper.out.value({ id, table, envelope, sanitized, original })
    return undefined
  },
  ...noDrift,
}

export interface PlainDocument {
  readonly id: string
  readonly table: string
  // biome-ignore lint/suspicious/noExplicitAny: whatever a test put into the record
  readonly envelope: any
  readonly sanitized: boolean
  readonly original?: string
}

/** Runs bodies through everything but the mapping rules. */
export function run(bodies: (string | Uint8Array)[], changes: Partial<TransformOptions> = {}, mapper = plainMapper) {
  const source = batch(...bodies)
  const result = transformed(source, createRunner({ ...options, ...changes }, () => mapper)(source))
  const lines = Buffer.from(result.chunk.lines).toString().split('\n').slice(0, -1)
  return { ...result, lines, documents: lines.map(line => JSON.parse(line) as PlainDocument) }
}
