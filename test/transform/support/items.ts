import type { Dataset, SourceBatch, Transformed } from '../../../src/core/types.ts'
import { createBatchTransform } from '../../../src/transform/batch.ts'

const options = {
  strict: false,
  preserveDuplicateCustomFields: false,
  preserveOriginalEvent: false,
  ids: 'position',
  limits: { depth: 64, keys: 1_000_000 },
} as const

const transforms = [false, true].map(preserve =>
  createBatchTransform({ ...options, preserveDuplicateCustomFields: preserve }),
)

/** The items of an API's page, given as JSON texts, mapped as a run would; `beside` is what else the page has, as an object or as its text. */
export function mapItems(
  dataset: Exclude<Dataset, 'event'>,
  items: readonly string[],
  preserve = false,
  beside: object | string = {},
): Transformed {
  const rest = (typeof beside === 'string' ? beside : JSON.stringify(beside)).slice(1)
  const body = Buffer.from(`{"value":[${items.join()}]${rest === '}' ? '' : ','}${rest}`)
  const message = { body, sequenceNumber: 1_000_000, offset: '', enqueuedTime: Date.UTC(2026, 2, 1) }
  const nowhere = { namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }
  const batch: SourceBatch = {
    stream: dataset,
    origin: { source: dataset, dataset, ...nowhere },
    messages: [message],
    cursor: message,
    bytes: body.length,
  }
  return transforms[Number(preserve)]!(batch)
}
