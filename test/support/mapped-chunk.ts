import type { Chunk } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { usualLimits } from '../../src/transform/options.ts'
import { origin } from './chunks.ts'

/** A row of a table, or of one that nobody knows. */
export interface Row {
  readonly table: string
  readonly properties: Readonly<Record<string, unknown>>
}

let sequenceNumber = 0

/** Rows as the service sends them, mapped as a run would. Throws for a reject. */
export function mappedRows(rows: readonly Row[], transform = usual): Chunk {
  const records = rows.map(({ table, properties }) => ({
    time: '2026-03-02T08:00:01.1234567Z',
    tenantId: '76eca77d-9f67-4e26-816d-3fa3e0fc412e',
    operationName: 'Publish',
    category: `AdvancedHunting-${table}`,
    properties,
  }))
  return mappedBody(Buffer.from(JSON.stringify({ records })), transform)
}

/** The body of one message, mapped; vendor copies of ECS fields are kept, so that there are as many fields as can be. */
export function mappedBody(body: Uint8Array, transform = usual): Chunk {
  const message = {
    body,
    sequenceNumber: sequenceNumber++,
    offset: String(sequenceNumber),
    enqueuedTime: Date.UTC(2026, 2, 2),
  }
  const { chunk, rejects } = transform({
    stream: 'xdr/0',
    origin,
    messages: [message],
    cursor: message,
    bytes: body.length,
  })
  if (rejects.length > 0) throw new Error(`${rejects[0]!.reason}: ${rejects[0]!.detail}`)
  return chunk
}

const options = {
  strict: false,
  preserveDuplicateCustomFields: true,
  preserveOriginalEvent: false,
  ids: 'position',
  limits: usualLimits,
} as const
const usual = createBatchTransform(options)
export const withOriginal = createBatchTransform({ ...options, preserveOriginalEvent: true })
