import { tableOf } from '../batch.ts'
import { createMapper } from '../mapping/mapper.ts'
import type { Observer } from '../mapping/observer.ts'
import { readMessage, readRecord } from '../message.ts'
import { parseExact } from '../parse.ts'
import type { Mapper, Position } from '../record.ts'
import { fieldsOf, fullPath, isSame, valueAt } from './documents.ts'
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
const place = { eventHub: 'hub', consumerGroup: '$Default', partitionId: '0', sequenceNumber: 0, offset: '0' }
const limits = { depth: 64, keys: 10_000 }

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
    const wrong = one.expect.flatMap(({ path, value, place }) => {
      const found = valueAt(document, path)
      if (isSame(found, value)) return []
      const elsewhere = fields.filter(([, held]) => isSame(held, value)).map(([field]) => field)
      return [{ path: fullPath(path), expected: value, found, place, elsewhere }]
    })
    const present = one.absent.flatMap(({ path, place }) => {
      const found = valueAt(document, path)
      if (found === undefined) return []
      return [{ path: fullPath(path), expected: undefined, found, place, elsewhere: [] }]
    })
    return [...wrong, ...present]
  }

  #map(one: MappingCase): { document?: unknown; reject?: object } {
    const reading = readMessage(Buffer.from(`{"records":[${one.record}]}`))
    if ('reason' in reading) return { reject: reading }
    const usable = readRecord(reading.records[0])
    if ('reason' in usable) return { reject: usable }
    const { document, reject } = this.#mapper(one).map({
      ...usable,
      table: tableOf(usable.category),
      id: caseId,
      index: 0,
      position: positionOf(one),
      sanitized: reading.sanitized,
      original: one.original ? one.record : undefined,
    })
    return { document: parseExact(Buffer.from(JSON.stringify(document))).value, ...(reject && { reject }) }
  }

  #mapper({ strict, preserve }: MappingCase): Mapper {
    const key = `${strict} ${preserve}`
    const options = { strict, preserveDuplicateCustomFields: preserve, limits }
    const mapper = this.#mappers.get(key) ?? createMapper(options, this.#observer)
    this.#mappers.set(key, mapper)
    return mapper
  }
}

/** As if it had been read at once. */
function positionOf({ enqueuedTime }: MappingCase): Position | undefined {
  return enqueuedTime === undefined ? undefined : { ...place, enqueuedTime, receivedTime: enqueuedTime }
}

/** Whether a reject is what is said of it: not all of its keys need be named. */
function isPart(said: object, reject: object | undefined): boolean {
  return reject !== undefined && Object.entries(said).every(([key, value]) => isSame(value, reject[key as never]))
}
