import { recordsKey } from '../core/json-slices.ts'
import type { Dataset, SourceBatch, Transformed } from '../core/types.ts'
import { type MessageContext, type PageTransform, transformRecord } from './documents.ts'
import { positionPrefix } from './ids.ts'
import { itemTransform } from './items.ts'
import { type Job, type Result, transformed } from './job.ts'
import { Lines } from './lines.ts'
import { createMapper } from './mapping/mapper.ts'
import { lazyBounds, originalText, readMessage } from './message.ts'
import type { TransformOptions } from './options.ts'
import { positionOf } from './position.ts'
import type { DefenderRecord, Mapper } from './record.ts'
import { hasLoneSurrogate } from './surrogates.ts'

/** The whole transform in the calling thread, for tests, fuzzers and `xdrelay map`. */
export function createBatchTransform(options: TransformOptions): (batch: SourceBatch) => Transformed {
  const run = createRunner(options)
  return batch => transformed(batch, run(batch))
}

/** A dataset's mapping, and what makes documents of its bodies. */
interface Engine {
  readonly mapper: Mapper
  readonly transform: PageTransform
}

/** Never throws for content: whatever cannot go on is a reject, and its neighbours go on. */
export function createRunner(options: TransformOptions, mapperOf = mappersOf(options)): (job: Job) => Result {
  const events: Engine = { mapper: mapperOf('event'), transform: () => transformRecord }
  const engines = new Map<Dataset, Engine>([['event', events]])
  return job => {
    const { mapper, transform } = engineOf(job.origin.dataset ?? 'event')
    const lines = new Lines()
    const prefix = positionPrefix(job.origin)
    job.messages.forEach((message, index) => {
      const context = { job, message, index, prefix, lines, mapper, options, body: asBuffer(message.body) }
      transformMessage(context, transform)
    })
    return { ...lines.result(), drift: mapper.takeDrift() }
  }

  /** Most processes never see some of the datasets, so their rules are read when the first batch comes. */
  function engineOf(dataset: Dataset): Engine {
    const known = engines.get(dataset)
    if (known !== undefined || dataset === 'event') return known ?? events
    const engine = { mapper: mapperOf(dataset), transform: itemTransform(dataset) }
    engines.set(dataset, engine)
    return engine
  }
}

function mappersOf({ strict, preserveDuplicateCustomFields, limits }: TransformOptions): (dataset: Dataset) => Mapper {
  return dataset => createMapper({ strict, preserveDuplicateCustomFields, limits }, undefined, dataset)
}

function transformMessage(context: MessageContext, transform: PageTransform): void {
  const { job, message, index, body, lines, options } = context
  const key = recordsKey(job.origin)
  // A page of an API holds many items, and is as large as its collector made it.
  const most = key === 'records' ? options.limits.messageBytes : undefined
  const reading = readMessage(body, most, key)
  if ('reason' in reading) {
    lines.rejects.push({ ...reading, pointer: '', message: index, recordIndex: null, start: 0, end: body.length })
    return
  }
  const bounds = lazyBounds(body, key)
  const position = positionOf(job.origin, message, reading.body)
  const element = transform(reading.body, position, job.origin)
  const { from, to } = job.records ?? { from: 0, to: reading.records.length }
  for (let record = from; record < to && record < reading.records.length; record++) {
    const { sanitized, original } = originalOf(context, reading.sanitized, bounds, record)
    const place = { index: record, position, sanitized, original }
    const reject = element(context, reading.records[record], place)
    if (reject === undefined) continue
    const [start, end] = bounds().subarray(record * 2, record * 2 + 2)
    const { reason, detail, pointer = '' } = reject
    const found = { pointer: `/${key}/${record}${pointer}`, message: index, recordIndex: record }
    lines.rejects.push({ reason, detail, ...found, start: start!, end: end! })
  }
}

type Original = Pick<DefenderRecord, 'sanitized' | 'original'>

const unneeded: Original = { sanitized: false, original: undefined }

/** A record's own text is looked up only where it is wanted, or where it may not be what was mapped. */
function originalOf(
  { body, options }: MessageContext,
  sanitized: boolean,
  bounds: () => Uint32Array,
  record: number,
): Original {
  if (!sanitized && !options.preserveOriginalEvent) return unneeded
  const text = originalText(body, bounds(), record)
  const isSanitized = sanitized && hasLoneSurrogate(text)
  return isSanitized || options.preserveOriginalEvent ? { sanitized: isSanitized, original: text } : unneeded
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
