import type { Reject, RejectReason } from '../../core/types.ts'
import { isJson, withoutMark } from '../map/texts.ts'

/** A reject, with the bytes in question and what would have to be different. */
export interface ExplainedReject {
  readonly reason: RejectReason
  readonly detail: string
  readonly pointer: string
  /** Number of bytes that are dead-lettered. */
  readonly bytes: number
  /** Text around the place, and the character of it that is the place. */
  readonly around: { readonly text: string; readonly caret: number | null }
  readonly needed: string
}

const needed: Record<RejectReason, string> = {
  invalid_json:
    'The body has to be one complete JSON object. It may have been cut, or the sender writes something else.',
  bad_encoding: 'The body has to be UTF-8, neither compressed nor in another encoding.',
  bad_envelope:
    'A message is {"records":[...]}, and each record an object with "category", a text, and "properties", an object.',
  too_deep: 'The value has to be nested less, or `limits.depth` has to be higher.',
  too_large:
    'The record has to have less in it, or `limits.keys` (for messages `limits.message_bytes`) has to be higher.',
  invalid:
    'The column has to fit its documented type, or `validation.on_type_error` has to be `keep`, which keeps the value.',
  refused: 'The output has to take such a document: its answer is the detail above.',
  worker_crash: 'This is a defect of xdrelay; please report it with the record.',
}

const neededOfItems =
  'A page is {"value":[...]}, and each item an object; of alerts and incidents with a date for "lastUpdateDateTime".'

export function explainReject({ reason, detail, pointer, bytes, origin }: Reject): ExplainedReject {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const around = surroundings(buffer, reason, pointer)
  const isOfItem = (origin.dataset ?? 'event') !== 'event'
  return {
    reason,
    detail,
    pointer,
    bytes: bytes.length,
    around,
    needed: isOfItem && reason === 'bad_envelope' ? neededOfItems : needed[reason],
  }
}

const before = 40
const after = 50

function surroundings(bytes: Buffer, reason: RejectReason, pointer: string): ExplainedReject['around'] {
  const text = bytes.toString()
  const place = placeOf(text, bytes, reason, pointer)
  if (place === undefined) return { text: text.slice(0, before + after), caret: null }
  const start = Math.max(0, place - before)
  return { text: text.slice(start, place + after), caret: place - start }
}

function placeOf(text: string, bytes: Buffer, reason: RejectReason, pointer: string): number | undefined {
  if (reason === 'bad_encoding') return badByte(text, bytes)
  if (reason === 'invalid_json') return badJson(text)
  const [, column] = /(?:\/properties|^\/value\/.*)\/([^/]+)$/.exec(pointer) ?? []
  if (column === undefined) return undefined
  const place = text.indexOf(`${JSON.stringify(column.replaceAll('~1', '/').replaceAll('~0', '~'))}:`)
  return place === -1 ? undefined : place
}

/**
 * Where a text stops being the beginning of JSON; its length, where it is cut. Not every message of V8 has the place, but
 * every one tells what could go on from what could not, so that the place can be closed in on.
 */
function badJson(text: string): number | undefined {
  if (isJson(text)) return undefined
  let good = 0
  let bad = text.length + 1
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1
    if (couldGoOn(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

function couldGoOn(beginning: string): boolean {
  const text = withoutMark(beginning)
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const message = String(error)
    if (message.includes('Unexpected end') || message.includes('Unterminated')) return true
    const [, position] = / at position (\d+)/.exec(message) ?? []
    if (position === undefined) return false
    // An escape that is cut is said to be bad.
    return Number(position) >= text.length || /\\(u[\da-f]{0,3})?$/i.test(text)
  }
}

/** The first character that stands for bytes that are no UTF-8; a text may also have this character as it is. */
function badByte(text: string, bytes: Buffer): number | undefined {
  let read = 0
  let from = 0
  for (let at = text.indexOf('\ufffd'); at !== -1; at = text.indexOf('\ufffd', at + 1)) {
    read += Buffer.byteLength(text.slice(from, at))
    from = at + 1
    if (!bytes.subarray(read, read + 3).equals(replacement)) return at
    read += 3
  }
  return undefined
}

const replacement = Buffer.from('\ufffd')
