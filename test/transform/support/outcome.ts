import { documentBytes } from '../../../src/core/chunk.ts'
import { createBatchTransform } from '../../../src/transform/batch.ts'
import { transformOptions } from '../../../src/transform/options.ts'
import { batch, message, options } from './batches.ts'

export const keeping = createBatchTransform(options)
const { strict: _, ...settings } = options
/** As `validation.on_type_error: dead_letter` and `map --strict` make it. */
export const strict = createBatchTransform(
  transformOptions({ ...settings, validation: { onTypeError: 'dead_letter' } }),
)

/** What a message of these records, or this text, becomes. */
export function outcome(body: object[] | string, transform = keeping) {
  const { chunk, rejects, drift } = transform(batch(typeof body === 'string' ? body : message(...body)))
  const documents = chunk.ids.map((_id, index) => JSON.parse(Buffer.from(documentBytes(chunk, index)).toString()))
  return {
    documents,
    drift,
    rejects: rejects.map(({ reason, pointer, detail, bytes }) => {
      return { reason, pointer, detail, bytes: Buffer.from(bytes).toString() }
    }),
  }
}
