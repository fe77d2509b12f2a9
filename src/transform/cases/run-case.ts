import { tableOf } from '../documents.ts'
import { itemRows } from '../items.ts'
import { type Collected, fullPath } from '../mapping/datasets.ts'
import { createMapper } from '../mapping/mapper.ts'
import type { Observer } from '../mapping/observer.ts'
import { type Problem, readMessage, readRecord } from '../message.ts'
import { usualLimits } from '../options.ts'
import { positionOf } from '../position.ts'
import type { DefenderRecord, Mapper } from '../record.ts'
import { fieldsOf, isSame, valueAt } from './documents.ts'
import { mapOne } from './map-one.ts'
import type { MappingCase, Place } from './read-cases.ts'

/** One thing that a document has otherwise than its case says. `undefined` stands for nothing. */
export interface Failure {
  /** The full path of the field; empty for the record as a whole. */
  readonly path: string
  readonly expected: unknown
  readonly found: unknown
  readonly place: Place
  /** Fields that have the expected value. */
  readonly elsewhere: readonly string[]
}

/** The id of every document; a case has no position in a hub. */
const caseId = 'document-1'
const hub = { source: 'hub', namespace: '', eventHub: 'hub', consumerGroup: '$Default', partitionId: '0' }
const nowhere = { ...hub, eventHub: '', consumerGroup: '', partitionId: '' }

/** Maps the records of cases as a run would, and compares. */
export class CaseRunner {
  readonly #observer: Observer | undefined
  readonly #mappers = new Map<string, Mapper>()

  constructor(observer?: Observer) {
    this.#observer = observer
  }

  /** Empty for a case that holds. */
  run(one: MappingCase): Failure[] {
    const { document, reject } = this.#map(one)
    const whole = (expected: unknown, found: unknown) => [
      { path: '', expected, found, place: one.place, elsewhere: [] },
    ]
    if (one.reject === undefined && reject !== undefined) return whole(undefined, reject)
    if (one.reject !== undefined && !isPart(one.reject.value as object, reject)) return whole(one.reject.value, reject)
    const fields = fieldsOf(document)
    const full = (path: string) => fullPath(path, one.dataset)
    const wrong = one.expect.flatMap(({ path, value, place }) => {
      const found = valueAt(document, full(path))
      if (isSame(found, value)) return []
      const elsewhere = fields.filter(([, held]) => isSame(held, value)).map(([field]) => field)
      return [{ path: full(path), expected: value, found, place, elsewhere }]
    })
    const present = one.absent.flatMap(({ path, place }) => {
      const found = valueAt(document, full(path))
      if (found === undefined) return []
      return [{ path: full(path), expected: undefined, found, place, elsewhere: [] }]
    })
    return [...wrong, ...present]
  }

  #map(one: MappingCase): { document?: unknown; reject?: object } {
    const record = one.dataset === 'event' ? recordOf(one) : itemOf(one, one.dataset)
    if ('reason' in record) return { reject: record }
    return mapOne(this.#mapper(one), record)
  }

  #mapper({ dataset, strict, preserve }: MappingCase): Mapper {
    const key = `${dataset} ${strict} ${preserve}`
    const options = { strict, preserveDuplicateCustomFields: preserve, limits: usualLimits }
    const mapper = this.#mappers.get(key) ?? createMapper(options, this.#observer, dataset)
    this.#mappers.set(key, mapper)
    return mapper
  }
}

function recordOf(one: MappingCase): DefenderRecord | Problem {
  const reading = readMessage(Buffer.from(`{"records":[${one.record}]}`))
  if ('reason' in reading) return reading
  const usable = readRecord(reading.records[0])
  if ('reason' in usable) return usable
  const { sanitized, body } = reading
  return { ...usable, ...placeOf(one, body, sanitized), table: tableOf(usable.category) }
}

function itemOf(one: MappingCase, dataset: Collected): DefenderRecord | Problem {
  const rest = one.body === '{}' ? '}' : `,${one.body.slice(1)}`
  const reading = readMessage(Buffer.from(`{"value":[${one.record}]${rest}`), undefined, 'value')
  if ('reason' in reading) return reading
  const place = placeOf(one, reading.body, reading.sanitized)
  const rows = itemRows(dataset)({ time: place.position?.enqueuedTime, body: reading.body, current: false })(
    reading.records[0],
  )
  if ('reason' in rows) return rows
  const row = rows[one.pair - 1]
  if (row === undefined) return { reason: 'bad_envelope', detail: `The item has ${rows.length} documents.` }
  return { ...place, table: dataset, category: dataset, envelope: {}, properties: row.properties }
}

type FramePart = Pick<DefenderRecord, 'id' | 'index' | 'position' | 'sanitized' | 'original'>

/** As if it had been read at once. */
function placeOf(
  { dataset, enqueuedTime, original, record }: MappingCase,
  body: object,
  sanitized: boolean,
): FramePart {
  const time = enqueuedTime === undefined ? 0 : Date.parse(enqueuedTime)
  const origin = dataset !== 'event' ? { ...nowhere, dataset } : enqueuedTime === undefined ? nowhere : hub
  const received = enqueuedTime === undefined ? {} : { receivedTime: time }
  const message = { body: Buffer.alloc(0), sequenceNumber: 0, offset: '0', enqueuedTime: time, ...received }
  const position = positionOf(origin, message, body as Readonly<Record<string, unknown>>)
  return { id: caseId, index: 0, position, sanitized, original: original ? record : undefined }
}

/** Whether a reject is what is said of it: not all of its keys need be named. */
function isPart(said: object, reject: object | undefined): boolean {
  return reject !== undefined && Object.entries(said).every(([key, value]) => isSame(value, reject[key as never]))
}
