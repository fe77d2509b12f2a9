import { recordBounds, startOfText } from '../../core/json-slices.ts'
import type { Collected } from '../../transform/mapping/datasets.ts'
import { withoutMark } from './texts.ts'

/** What texts of the input are taken for. */
export interface InputForm {
  /** Objects that are no record are properties of this table. */
  readonly table?: string
  /** Objects are items of an API's pages, or such pages. */
  readonly dataset?: Collected
}

/**
 * A message body around whatever the text is: a message, a list of records, or one record; with `table`, what is not a
 * record is taken for the properties of one. Of a dataset: a page, a list of items, or one item. Works on bytes, so that
 * digits stay as they are. What is none of these goes through as it is, for the transform to reject.
 */
export function messageBody(bytes: Buffer, { table, dataset }: InputForm = {}): Buffer {
  let value: unknown
  try {
    value = JSON.parse(withoutMark(bytes.toString()))
  } catch {
    return bytes
  }
  const text = bytes.subarray(startOfText(bytes))
  if (dataset !== undefined) return pageBody(text, value)
  if (Array.isArray(value)) return list(text, value, table)
  if (!isObject(value) || Object.hasOwn(value, 'records')) return bytes
  if (table === undefined && !isRecord(value)) return bytes
  return wrap('{"records":[', record(text, value, table), ']}')
}

function pageBody(text: Buffer, value: unknown): Buffer {
  if (Array.isArray(value)) return wrap('{"value":', text, '}')
  if (!isObject(value) || ('value' in value && Array.isArray(value.value))) return text
  return wrap('{"value":[', text, ']}')
}

function list(text: Buffer, values: readonly unknown[], table: string | undefined): Buffer {
  const body = wrap('{"records":', text, '}')
  if (table === undefined) return body
  const bounds = recordBounds(body)!
  const records = values.map((value, index) =>
    record(body.subarray(bounds[index * 2], bounds[index * 2 + 1]), value, table),
  )
  return wrap(
    '{"records":[',
    Buffer.concat(records.flatMap((bytes, index) => (index === 0 ? [bytes] : [comma, bytes]))),
    ']}',
  )
}

const comma = Buffer.from(',')

function record(text: Buffer, value: unknown, table: string | undefined): Buffer {
  if (table === undefined || !isObject(value) || isRecord(value)) return text
  return wrap(`{"category":${JSON.stringify(`AdvancedHunting-${table}`)},"properties":`, text, '}')
}

function wrap(before: string, bytes: Buffer, after: string): Buffer {
  return Buffer.concat([Buffer.from(before), bytes, Buffer.from(after)])
}

/** Half a record counts as one: what it lacks is worth a message. `Category` is a column, so a bare `properties` decides. */
function isRecord(value: object): boolean {
  return Object.hasOwn(value, 'category') || Object.hasOwn(value, 'properties')
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
