import { isUtf8 } from 'node:buffer'
import { type RecordsKey, recordsKey } from '../core/json-slices.ts'
import type { Dataset, SourceBatch, Transformed } from '../core/types.ts'
import {
  type MessageContext,
  type PageTransform,
  type RecordProblem,
  transformRecord,
  transformScanned,
} from './documents.ts'
import { positionPrefix } from './ids.ts'
import { itemTransform } from './items.ts'
import { type Job, type Result, transformed } from './job.ts'
import { Kernel } from './kernel/kernel.ts'
import { Lines } from './lines.ts'
import { createMapper } from './mapping/mapper.ts'
import { lazyBounds, originalText, type Reading, readMessage } from './message.ts'
import type { TransformOptions } from './options.ts'
import { positionOf } from './position.ts'
import type { DefenderRecord, Mapper } from './record.ts'
import type { Scanner } from './scan/scan.ts'
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
    const lines = new Lines(mapper.out)
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
  // One memory for all: only one job is under way at a time.
  const kernel = new Kernel()
  return dataset => createMapper({ strict, preserveDuplicateCustomFields, limits }, undefined, dataset, kernel)
}

function transformMessage(context: MessageContext, transform: PageTransform): void {
  const { job, body, options, mapper } = context
  const key = recordsKey(job.origin)
  // A page of an API holds many items, and is as large as its collector made it.
  const most = key === 'records' ? options.limits.messageBytes : undefined
  const isSmall = most === undefined || body.length <= most
  const { scanner } = mapper
  const isDone =
    scanner !== undefined && key === 'records' && isSmall && isUtf8(body) && transformScan(context, scanner)
  if (!isDone) transformParsed(context, readMessage(body, most, key), transform)
}

/** False, and nothing has happened, for a message that has to be parsed. Nothing in the others needs to be mended. */
function transformScan(context: MessageContext, scanner: Scanner): boolean {
  const { job, message, options, lines, mapper } = context
  if (!scanner.open(context.body)) return false
  const position = positionOf(job.origin, message, {})
  const { tape } = scanner
  const mark = lines.mark()
  mapper.holdDrift()
  let found = scanner.next()
  for (let record = 0; found === 'record'; record++) {
    if (isWanted(job, record)) {
      const original = options.preserveOriginalEvent ? tape.bytes().toString() : undefined
      const reject = transformScanned(context, tape, { index: record, position, sanitized: false, original })
      if (reject !== undefined) addReject(context, 'records', record, reject, tape.start, tape.end)
    }
    found = scanner.next()
  }
  const isRead = found === 'end'
  mapper.releaseDrift(isRead)
  if (!isRead) lines.backTo(mark)
  return isRead
}

function transformParsed(context: MessageContext, reading: Reading, transform: PageTransform): void {
  const { job, message, index, body, lines } = context
  const key = recordsKey(job.origin)
  if ('reason' in reading) {
    lines.rejects.push({ ...reading, pointer: '', message: index, recordIndex: null, start: 0, end: body.length })
    return
  }
  const bounds = lazyBounds(body, key)
  const position = positionOf(job.origin, message, reading.body)
  const element = transform(reading.body, position, job.origin)
  for (const [record, value] of reading.records.entries()) {
    if (!isWanted(job, record)) continue
    const { sanitized, original } = originalOf(context, reading.sanitized, bounds, record)
    const reject = element(context, value, { index: record, position, sanitized, original })
    if (reject === undefined) continue
    const [start, end] = bounds().subarray(record * 2, record * 2 + 2)
    addReject(context, key, record, reject, start!, end!)
  }
}

/** After a crash a job is about some of the records only. */
function isWanted({ records }: Job, record: number): boolean {
  return records === undefined || (record >= records.from && record < records.to)
}

function addReject(
  { index, lines }: MessageContext,
  key: RecordsKey,
  record: number,
  { reason, detail, pointer = '', table }: RecordProblem,
  start: number,
  end: number,
): void {
  const found = { pointer: `/${key}/${record}${pointer}`, message: index, recordIndex: record }
  lines.rejects.push({ reason, detail, ...found, start, end, ...(table !== undefined && { table }) })
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
