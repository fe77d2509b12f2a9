import { XdrelayError } from '../../core/errors.ts'
import { type RecordsKey, recordsKey } from '../../core/json-slices.ts'
import type { Dataset } from '../../core/types.ts'
import { type Collected, collected } from '../../transform/mapping/datasets.ts'
import { readMessage } from '../../transform/message.ts'
import { type InputForm, messageBody } from '../map/body.ts'
import { texts, withoutMark } from '../map/texts.ts'

/** The line of a dead letter file that the record was found in. */
export interface DeadLetterLine {
  readonly reason: string
  readonly detail: string
  readonly pointer: string
  readonly source: string
  readonly event_hub: string
  readonly partition_id: string
  readonly sequence_number: number
  readonly offset: string
  readonly enqueued_time: string | null
  readonly record_index: number | null
  readonly output?: string
  /** Of an item of an API. */
  readonly dataset?: Collected
}

/** One record of the input. */
export interface Chosen {
  readonly dataset: Dataset
  /** Of the message that the record is part of. */
  readonly body: Buffer
  /** Its place in the message's `records`. */
  readonly record: number
  /** Where its text starts, from 1. */
  readonly line: number
  readonly deadLetter?: DeadLetterLine
}

export interface Choice extends InputForm {
  /** Which record, from 1, over the whole input or the line. */
  readonly record: number
  readonly line?: number
}

/** Reads as far as the wanted record; what cannot be read as records counts as one. */
export async function choose(input: AsyncIterable<Buffer>, { record, line, ...form }: Choice): Promise<Chosen> {
  let left = record
  for await (const text of texts(input)) {
    if (line !== undefined && text.line !== line) continue
    const chosen = pick(text.bytes, left, form)
    if (typeof chosen !== 'number') return { ...chosen, line: text.line }
    left -= chosen
  }
  const where = line === undefined ? 'the input' : `line ${line}`
  const found = record - left
  throw new XdrelayError('input_unreadable', `${where} has ${found === 0 ? 'no record' : `no more than ${found}`}`)
}

/** The record, or how many there were. */
function pick(bytes: Buffer, wanted: number, form: InputForm): Omit<Chosen, 'line'> | number {
  const letter = readDeadLetter(bytes)
  if (letter !== undefined) {
    const { bytes: original, ...deadLetter } = letter
    const { record_index: index, dataset = 'event' } = deadLetter
    const key = recordsKey({ dataset })
    if (index !== null)
      return wanted === 1 ? { body: inPlace(original, index, key), record: index, dataset, deadLetter } : 1
    const record = place(original, wanted, key)
    return typeof record === 'object' ? { body: original, ...record, dataset, deadLetter } : record
  }
  const body = messageBody(bytes, form)
  const { dataset = 'event' } = form
  const record = place(body, wanted, recordsKey({ dataset }))
  return typeof record === 'object' ? { body, ...record, dataset } : record
}

function place(body: Buffer, wanted: number, key: RecordsKey): { record: number } | number {
  const reading = readMessage(body, undefined, key)
  const count = 'records' in reading ? reading.records.length : 1
  return wanted <= count ? { record: wanted - 1 } : count
}

function readDeadLetter(bytes: Buffer): (DeadLetterLine & { bytes: Buffer }) | undefined {
  let value: unknown
  try {
    value = JSON.parse(withoutMark(bytes.toString()))
  } catch {
    return undefined
  }
  if (!isDeadLetter(value)) return undefined
  const index = value.record_index
  const isPlace = Number.isSafeInteger(index) && index !== null && index >= 0 && index <= mostRecords
  const { dataset, ...rest } = value
  const known = collected.find(name => name === dataset)
  return {
    ...rest,
    ...(known && { dataset: known }),
    record_index: isPlace ? index : null,
    bytes: Buffer.from(value.bytes, 'base64'),
  }
}

function isDeadLetter(value: unknown): value is DeadLetterLine & { bytes: string } {
  if (typeof value !== 'object' || value === null) return false
  const { reason, bytes, pointer, record_index: index } = value as Record<string, unknown>
  return [reason, bytes, pointer].every(each => typeof each === 'string') && index !== undefined
}

/** More than a message of the hub can hold. */
const mostRecords = 1 << 20

/** A message that has the record in its place, with nothing in front of it that anybody looks at. */
function inPlace(record: Buffer, index: number, key: RecordsKey): Buffer {
  return Buffer.concat([Buffer.from(`{"${key}":[${'0,'.repeat(index)}`), record, Buffer.from(']}')])
}
