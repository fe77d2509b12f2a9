import { messageOf } from '../core/errors.ts'
import type { Message, Origin } from '../core/types.ts'
import { flat } from './flat.ts'
import { contentId, positionId } from './ids.ts'
import type { Job } from './job.ts'
import type { Lines } from './lines.ts'
import { type Problem, readRecord } from './message.ts'
import type { TransformOptions } from './options.ts'
import type { DefenderRecord, Mapper, Place, Position } from './record.ts'
import type { Tape } from './scan/tape.ts'
import { ScannedRecord } from './scanned-record.ts'

export interface MessageContext {
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

/** The pointer is relative to the record. */
export type RecordProblem = Problem & { readonly pointer?: string; readonly table?: string }

/** Adds the document(s) of an element of the body's array, or tells why there is none. Never throws. */
export type ElementTransform = (context: MessageContext, value: unknown, place: Place) => RecordProblem | undefined

/** What makes documents of the elements of one body. */
export type PageTransform = (
  body: Readonly<Record<string, unknown>>,
  position: Position | undefined,
  origin: Origin,
) => ElementTransform

/** A record of a hub's message that was parsed. */
export const transformRecord: ElementTransform = (context, value, place) => {
  const usable = readRecord(value)
  return 'reason' in usable ? usable : addDocument(context, { id: '', table: '', ...usable, ...place })
}

/** The record that is on the tape. */
export function transformScanned(context: MessageContext, tape: Tape, place: Place): RecordProblem | undefined {
  return addDocument(context, new ScannedRecord(tape, place))
}

/** Whose id and table are still to be told. */
type Unnamed = Omit<DefenderRecord, 'id' | 'table'> & { id: string; table: string }

function addDocument(
  { message, index, prefix, lines, mapper, options }: MessageContext,
  record: Unnamed,
): RecordProblem | undefined {
  try {
    const byContent = options.ids === 'content'
    record.id = byContent ? contentId(record) : positionId(prefix, message.sequenceNumber, record.index)
    record.table = tableOf(record.category)
    lines.begin()
    const reject = mapper.map(record)
    if (reject !== undefined) return { ...reject, table: record.table }
    lines.add(record.id, record.table, index, record.index)
    return undefined
  } catch (error) {
    return failure(error)
  }
}

const prefixOfCategory = 'advancedhunting-'

/** A table is looked up by its name several times per record, and V8 hashes every new text again. */
const tables = new Map<string, string>()
const mostTables = 1000

/** Without the prefix of the service, in whatever case it came; the same text again for the same category. */
export function tableOf(category: string): string {
  const known = tables.get(category)
  if (known !== undefined) return known
  // The category may be a view into a message, and would keep all of it.
  const table = flat(withoutPrefix(category))
  if (tables.size < mostTables && category.length < 100) tables.set(flat(category), table)
  return table
}

function withoutPrefix(category: string): string {
  const start = category.slice(0, prefixOfCategory.length)
  return start.toLowerCase() === prefixOfCategory ? category.slice(prefixOfCategory.length) : category
}

/** What a record did to the code that handles it. A stack that ran out means depth; anything else is our defect, kept to this record. */
export function failure(error: unknown): Problem {
  const detail = messageOf(error)
  if (!(error instanceof RangeError))
    return { reason: 'worker_crash', detail: `The record cannot be mapped: ${detail}.` }
  if (detail.includes('call stack'))
    return { reason: 'too_deep', detail: 'The record is nested too deep to be handled.' }
  return { reason: 'too_large', detail: `The record is too large to be handled: ${detail}.` }
}
