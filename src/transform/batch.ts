import { messageOf } from '../core/errors.ts'
import type { Message, Origin, SourceBatch, Transformed } from '../core/types.ts'
import { contentId, positionPrefix } from './ids.ts'
import { type Job, type Result, transformed } from './job.ts'
import { Lines } from './lines.ts'
import { createMapper } from './mapping/mapper.ts'
import { lazyBounds, originalText, type Problem, readMessage, readRecord } from './message.ts'
import type { TransformOptions } from './options.ts'
import type { DefenderRecord, Mapper, Position } from './record.ts'
import { hasLoneSurrogate } from './surrogates.ts'

/** The whole transform in the calling thread, for tests, fuzzers and `xdrelay map`. */
export function createBatchTransform(options: TransformOptions): (batch: SourceBatch) => Transformed {
  const run = createRunner(options)
  return batch => transformed(batch, run(batch))
}

/** Never throws for content: whatever cannot go on is a reject, and its neighbours go on. */
export function createRunner(options: TransformOptions, mapper = mapperOf(options)): (job: Job) => Result {
  return job => {
    const lines = new Lines()
    const prefix = positionPrefix(job.origin)
    job.messages.forEach((message, index) => {
      transformMessage({ job, message, index, prefix, lines, mapper, options, body: asBuffer(message.body) })
    })
    return { ...lines.result(), drift: mapper.takeDrift() }
  }
}

function mapperOf({ strict, preserveDuplicateCustomFields, limits }: TransformOptions): Mapper {
  return createMapper({ strict, preserveDuplicateCustomFields, limits })
}

interface MessageContext {
  readonly job: Job
  readonly message: Message
  readonly body: Buffer
  /** The message's place in the job. */
  readonly index: number
  readonly prefix: string
  readonly lines: Lines
  readonly mapper: Mapper
  readonly options: TransformOptions
}

function transformMessage(context: MessageContext): void {
  const { job, message, index, body, lines, options } = context
  const reading = readMessage(body, options.limits.messageBytes)
  if ('reason' in reading) {
    lines.rejects.push({ ...reading, pointer: '', message: index, recordIndex: null, start: 0, end: body.length })
    return
  }
  const bounds = lazyBounds(body)
  const position = positionOf(job.origin, message)
  const { from, to } = job.records ?? { from: 0, to: reading.records.length }
  for (let record = from; record < to && record < reading.records.length; record++) {
    const { sanitized, original } = originalOf(context, reading.sanitized, bounds, record)
    const place = { index: record, position, sanitized, original }
    const reject = transformRecord(context, reading.records[record], place)
    if (reject === undefined) continue
    const [start, end] = bounds().subarray(record * 2, record * 2 + 2)
    const { reason, detail, pointer = '' } = reject
    const found = { pointer: `/records/${record}${pointer}`, message: index, recordIndex: record }
    lines.rejects.push({ reason, detail, ...found, start: start!, end: end! })
  }
}

type Original = Pick<DefenderRecord, 'sanitized' | 'original'>
type Place = Pick<DefenderRecord, 'index' | 'position'> & Original

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

/** Adds the record's document, or tells why there is none. */
function transformRecord(
  { message, index, prefix, lines, mapper, options }: MessageContext,
  value: unknown,
  place: Place,
): (Problem & { pointer?: string }) | undefined {
  const usable = readRecord(value)
  if ('reason' in usable) return usable
  try {
    const id = options.ids === 'content' ? contentId(usable) : `${prefix}-${message.sequenceNumber}-${place.index}`
    const table = tableOf(usable.category)
    const { document, reject } = mapper.map({
      table,
      category: usable.category,
      envelope: usable.envelope,
      properties: usable.properties,
      id,
      index: place.index,
      position: place.position,
      sanitized: place.sanitized,
      original: place.original,
    })
    if (reject) return reject
    lines.add(JSON.stringify(document), id, table, index, place.index)
    return undefined
  } catch (error) {
    return failure(error)
  }
}

const prefixOfCategory = 'advancedhunting-'

/** Without the prefix of the service, in whatever case it came. */
export function tableOf(category: string): string {
  const start = category.slice(0, prefixOfCategory.length)
  return start.toLowerCase() === prefixOfCategory ? category.slice(prefixOfCategory.length) : category
}

/** Pages of an API and files have no position in a hub. */
function positionOf({ eventHub, consumerGroup, partitionId }: Origin, message: Message): Position | undefined {
  if (eventHub === '') return undefined
  const { sequenceNumber, offset } = message
  const enqueuedTime = new Date(message.enqueuedTime).toISOString()
  const received = message.receivedTime
  const receivedTime = received === undefined ? {} : { receivedTime: new Date(received).toISOString() }
  return { eventHub, consumerGroup, partitionId, sequenceNumber, offset, enqueuedTime, ...receivedTime }
}

/** What a record did to the code that handles it. A stack that ran out means depth; anything else is our defect, kept to this record. */
function failure(error: unknown): Problem {
  const detail = messageOf(error)
  if (!(error instanceof RangeError))
    return { reason: 'worker_crash', detail: `The record cannot be mapped: ${detail}.` }
  if (detail.includes('call stack'))
    return { reason: 'too_deep', detail: 'The record is nested too deep to be handled.' }
  return { reason: 'too_large', detail: `The record is too large to be handled: ${detail}.` }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
