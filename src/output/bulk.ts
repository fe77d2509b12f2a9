import { documentBytes } from '../core/chunk.ts'
import { retryAfterOf } from '../core/retry-after.ts'
import { redact } from '../core/secret.ts'
import type { Chunk, Delivery, Refusal } from '../core/types.ts'

/** Documents `from` to `to` (exclusive), counted over all chunks of a write. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** The body of a `_bulk` request. It is never there as a whole, as it would take as much memory as its documents. */
export interface BulkBody {
  readonly bytes: number
  /** From the beginning at each call: an attempt at another node sends it again. */
  pieces(): Iterable<Buffer>
}

/** Bytes of a piece; one document more than that makes a larger one. */
const usualPiece = 64 * 1024

/** Where the documents of a chunk go. */
export interface Targets {
  /** The data stream, which takes a document once. */
  readonly stream: string
  /** The index of current states, where a later version replaces an earlier one. */
  readonly current: string
}

/** For each document an action line and the document as it is. */
export function bulkBody(chunks: readonly Chunk[], range: Range, targetsOf: (chunk: Chunk) => Targets): BulkBody {
  let bytes = 0
  for (const { action, document } of entries(chunks, range, targetsOf)) bytes += sizeOf(action, document)
  return { bytes, pieces: () => pieces(entries(chunks, range, targetsOf)) }
}

interface Entry {
  readonly action: string
  readonly document: Uint8Array
}

function* entries(
  chunks: readonly Chunk[],
  { from, to }: Range,
  targetsOf: (chunk: Chunk) => Targets,
): Generator<Entry> {
  let first = 0
  for (const chunk of chunks) {
    const targets = targetsOf(chunk)
    const end = Math.min(chunk.ids.length, to - first)
    for (let index = Math.max(0, from - first); index < end; index++) {
      yield { action: actionOf(chunk, index, targets), document: documentBytes(chunk, index) }
    }
    first += chunk.ids.length
  }
}

/** By `JSON.stringify` of a fixed shape only, so that nothing in an id can become an action of its own. */
function actionOf({ ids, versions }: Chunk, index: number, { stream, current }: Targets): string {
  const _id = ids[index]
  const version = versions?.[index] ?? 0
  // Equal is fine: what is sent again after an answer that got lost is not a conflict.
  if (version > 0)
    return `${JSON.stringify({ index: { _index: current, _id, version, version_type: 'external_gte' } })}\n`
  return `${JSON.stringify({ create: { _index: stream, _id } })}\n`
}

function* pieces(all: Iterable<Entry>): Generator<Buffer> {
  let piece = Buffer.allocUnsafeSlow(usualPiece)
  let at = 0
  for (const { action, document } of all) {
    const size = sizeOf(action, document)
    if (at + size > piece.length) {
      if (at > 0) yield piece.subarray(0, at)
      piece = Buffer.allocUnsafeSlow(Math.max(usualPiece, size))
      at = 0
    }
    at += piece.write(action, at)
    piece.set(document, at)
    at += document.length
  }
  yield piece.subarray(0, at)
}

function sizeOf(action: string, document: Uint8Array): number {
  return Buffer.byteLength(action) + document.length
}

/** Parameters that keep the answer to what is read of it: it has a line for each document. */
export const bulkQuery = {
  filter_path:
    'errors,items.*.status,items.*.failure_store,items.*.error.type,items.*.error.reason,items.*.error.caused_by',
}

interface ErrorCause {
  readonly type?: unknown
  readonly reason?: unknown
  readonly caused_by?: ErrorCause | null
}

interface Item {
  readonly status?: unknown
  readonly failure_store?: unknown
  readonly error?: ErrorCause | null
}

/** An HTTP answer with its body read, or why there is none. */
export type Answer =
  | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly body: unknown }
  | { readonly status?: undefined; readonly failure: string }

/** Errors that are about the stream or the cluster whatever their status: no shards left, a closed index, a block. */
const targetErrors = new Set([
  'validation_exception',
  'invalid_index_name_exception',
  'index_closed_exception',
  'index_not_found_exception',
  'cluster_block_exception',
  'index_create_block_exception',
  'security_exception',
])

/** The same of an error that may be of a document as well: a pipeline that was removed, a server that knows fewer parameters. */
const targetReason = /^(?:pipeline with id \[.*\] does not exist|request \[.*\] contains unrecognized parameter)/s

function isOfTarget({ type, reason }: ErrorCause): boolean {
  if (typeof type !== 'string') return false
  if (type === 'illegal_argument_exception') return typeof reason === 'string' && targetReason.test(reason)
  return targetErrors.has(type)
}

/** Errors with status 500 that an ingest pipeline gives for one document, and would give for ever. */
const documentErrors = new Set(['fail_processor_exception', 'ingest_processor_exception', 'script_exception'])

/** What became of the documents of a request; `split` when it was refused for some of them, nobody knows which. */
export function readAnswer(answer: Answer, range: Range): Delivery | 'split' {
  if (answer.status === undefined) return retryAll(range, { outage: answer.failure })
  const { status, headers, body } = answer
  const retryAfter = retryAfterOf(headers['retry-after'], Date.now()) ?? 0
  const wait = retryAfter > 0 ? { retryAfter } : {}
  if (status >= 200 && status < 300) {
    const unreadable = `status ${status} without an answer for each document; it is unknown what was written`
    return readItems(body, range) ?? retryAll(range, { outage: unreadable })
  }
  const error = errorOf(body)
  if (status === 413) return 'split'
  if (status === 400 && typeof error?.type === 'string' && !isOfTarget(error)) return 'split'
  if (status === 429) return retryAll(range, wait)
  return retryAll(range, { ...wait, outage: reasonOf(answer) })
}

export function retryAll({ from, to }: Range, more: Pick<Delivery, 'outage' | 'retryAfter'>): Delivery {
  return { rejected: [], retry: Array.from({ length: to - from }, (_, index) => from + index), duplicates: 0, ...more }
}

interface Tally {
  readonly rejected: Refusal[]
  readonly retry: number[]
  duplicates: number
  failureStore: number
  outage?: string
}

/** Reads every item; undefined when there are not as many as documents. */
function readItems(body: unknown, range: Range): Delivery | undefined {
  const items = (body as { items?: unknown } | null)?.items
  if (!Array.isArray(items) || items.length !== range.to - range.from) return undefined
  const tally: Tally = { rejected: [], retry: [], duplicates: 0, failureStore: 0 }
  for (const [index, entry] of items.entries()) {
    const item = Object.values((entry ?? {}) as Record<string, Item | null>)[0]
    readItem(item ?? {}, range.from + index, tally)
  }
  return tally
}

function readItem(item: Item, index: number, tally: Tally): void {
  const status = typeof item.status === 'number' ? item.status : 0
  const type = typeof item.error?.type === 'string' ? item.error.type : ''
  if (status >= 200 && status < 300) {
    if (item.failure_store === 'used') tally.failureStore++
  } else if (status === 409) {
    tally.duplicates++
  } else if (documentErrors.has(type)) {
    tally.rejected.push({ index, detail: describe(status, item.error) })
  } else if (isOfTarget(item.error ?? {}) || status === 401 || status === 403 || status === 404) {
    tally.retry.push(index)
    tally.outage ??= describe(status, item.error)
  } else if (status >= 400 && status < 500 && status !== 429) {
    tally.rejected.push({ index, detail: describe(status, item.error) })
  } else {
    tally.retry.push(index)
  }
}

/** What the server said, in its own words. */
export function reasonOf(answer: Answer): string {
  return answer.status === undefined ? answer.failure : describe(answer.status, errorOf(answer.body))
}

function errorOf(body: unknown): ErrorCause | undefined {
  const error = (body as { error?: unknown } | null)?.error
  return typeof error === 'object' && error !== null ? error : undefined
}

/** Status, and the chain of causes: the last ones name the field and the value. A server may quote what it was sent. */
function describe(status: number, error: ErrorCause | null | undefined): string {
  const parts = [`status ${status}`]
  for (let cause = error; cause && parts.length < 5; cause = cause.caused_by) {
    parts.push([cause.type, cause.reason].filter(part => typeof part === 'string').join(': '))
  }
  return redact(parts.join('; ')).slice(0, 2000)
}
