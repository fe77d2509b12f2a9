import { createReadStream } from 'node:fs'
import { messageOf, XdrelayError } from '../../core/errors.ts'
import type { Message, Origin, SourceBatch } from '../../core/types.ts'
import { type TransformOptions, usualLimits } from '../../transform/options.ts'
import { type InputForm, messageBody } from './body.ts'
import { texts } from './texts.ts'

/** How records without a hub are transformed. */
export const mapOptions: TransformOptions = {
  strict: false,
  preserveDuplicateCustomFields: false,
  preserveOriginalEvent: false,
  // A line number is no lasting position.
  ids: 'content',
  limits: usualLimits,
}

const batchBytes = 1 << 20
/** No hub, no position: such documents have no `azure` part. */
const origin = { source: 'map', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }

/** Each text of the input becomes a message, with the number of its line as sequence number. */
export async function* batches(file: string, form: InputForm): AsyncGenerator<SourceBatch> {
  const from = form.dataset === undefined ? origin : { ...origin, dataset: form.dataset }
  let messages: Message[] = []
  let bytes = 0
  for await (const { bytes: text, line } of texts(openInput(file))) {
    const body = messageBody(text, form)
    messages.push({ body, sequenceNumber: line, offset: '', enqueuedTime: 0 })
    bytes += body.length
    if (bytes < batchBytes) continue
    yield batch(from, messages, bytes)
    messages = []
    bytes = 0
  }
  if (messages.length > 0) yield batch(from, messages, bytes)
}

function batch(origin: Origin, messages: readonly Message[], bytes: number): SourceBatch {
  const cursor = { sequenceNumber: messages.at(-1)!.sequenceNumber, offset: '' }
  return { stream: 'map/', origin, messages, cursor, bytes }
}

/** The bytes of a file, or of standard input for `-`. */
export async function* openInput(file: string): AsyncGenerator<Buffer> {
  try {
    yield* file === '-' ? process.stdin : createReadStream(file)
  } catch (thrown) {
    throw new XdrelayError('input_unreadable', `cannot read ${file}: ${messageOf(thrown)}`, {
      cause: thrown,
      facts: { file },
    })
  }
}
