import type { Chunk, Drift, Message, Origin, Reject, RejectReason, SourceBatch, Transformed } from '../core/types.ts'

/** Work for one call of the transform: a batch, or after a crash a part of one. */
export interface Job {
  readonly origin: Origin
  readonly messages: readonly Message[]
  /** Only records with these indexes, of every message; absent: all. */
  readonly records?: Range
}

export interface Range {
  readonly from: number
  readonly to: number
}

/** A job's result, in a form that crosses threads: bytes of rejects are named by their place and not copied. */
export interface Result {
  readonly lines: Uint8Array
  readonly ends: Uint32Array
  readonly ids: readonly string[]
  readonly tables: readonly string[]
  readonly table: Uint16Array
  /** Indexes into the job's messages. */
  readonly message: Uint32Array
  readonly record: Uint32Array
  readonly versions?: Float64Array
  readonly rejects: readonly RejectedPart[]
  readonly drift: readonly Drift[]
}

export interface RejectedPart {
  readonly reason: RejectReason
  readonly detail: string
  readonly pointer: string
  /** Index into the job's messages. */
  readonly message: number
  readonly recordIndex: number | null
  readonly start: number
  readonly end: number
  readonly table?: string
}

export function transformed(batch: SourceBatch, { rejects, drift, ...columns }: Result): Transformed {
  const { stream, origin, messages, cursor } = batch
  const chunk: Chunk = { stream, origin, messages, cursor, ...columns }
  return { chunk, rejects: rejects.map(part => reject(batch, part)), drift }
}

function reject({ origin, messages }: SourceBatch, { message: index, start, end, ...rest }: RejectedPart): Reject {
  const message = messages[index]!
  return { ...rest, origin, message, bytes: message.body.subarray(start, end) }
}
