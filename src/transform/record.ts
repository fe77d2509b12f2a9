import type { Drift } from '../core/types.ts'
import type { JsonWriter } from './json-writer.ts'
import type { Scanner } from './scan/scan.ts'
import type { Tape } from './scan/tape.ts'

/** The border between reading a message and mapping its records; lives only inside `transform/`. */

/** Where a record was read from; the names are empty for what an API gave. */
export interface Position {
  readonly eventHub: string
  readonly consumerGroup: string
  readonly partitionId: string
  readonly sequenceNumber: number
  readonly offset: string
  /** When the hub took the message, or the API made the page. ISO 8601, UTC. */
  readonly enqueuedTime: string
  /** When it reached this process, by the clock of this machine. ISO 8601, UTC. */
  readonly receivedTime?: string
}

/**
 * One usable record of a message.
 *
 * `envelope` and `properties` come from JSON.parse, so `__proto__`, `constructor` and the like are own, plain data in
 * them. Never copy their keys onto an ordinary object by assignment or `Object.assign` (that would set a prototype):
 * use `Object.defineProperty`, a spread into a literal, or an object without prototype, and read with `Object.hasOwn`
 * where a missing key matters. Numbers that a double cannot hold are not numbers here: ask `isExactNumber` in digits.ts.
 */
export interface DefenderRecord {
  /** The category without the `AdvancedHunting-` prefix, as it came. */
  readonly table: string
  readonly category: string
  /** The whole record object, `properties` and unknown keys included; empty for an item of an API, all of which is properties. */
  readonly envelope: Readonly<Record<string, unknown>>
  readonly properties: Readonly<Record<string, unknown>>
  /** The document's id. */
  readonly id: string
  /** Place in `records`, or in `value`, as received. */
  readonly index: number
  /** Undefined for records of a hub that come from a file, and for a page from a file that does not tell its time. */
  readonly position: Position | undefined
  /** Lone surrogates were replaced. */
  readonly sanitized: boolean
  /** The record's text exactly as it came; only where it was sanitized or every original is to be preserved. */
  readonly original: string | undefined
  /** Its members; absent where the message had to be parsed. Then envelope and properties are what is mapped. */
  readonly scanned?: Tape
}

/** What is known of a record besides its own text. */
export type Place = Pick<DefenderRecord, 'index' | 'position' | 'sanitized' | 'original'>

/** Why a record must not go on as a document. */
export interface Unmapped {
  readonly reason: 'invalid' | 'too_deep' | 'too_large'
  readonly detail: string
  /** JSON pointer relative to the record. */
  readonly pointer: string
}

export interface Mapper {
  /** Where documents are written. */
  readonly out: JsonWriter
  /** Reads messages without parsing them; absent where all are to be parsed. */
  readonly scanner?: Scanner
  /**
   * Writes the document to `out`, unless it tells why there is none. May throw a RangeError for a record that is nested too deep
   * for the stack; what was written so far is for the caller to take back.
   */
  map(record: DefenderRecord): Unmapped | undefined
  /** What is found from here on counts only if it is released so: a message may turn out to be none. */
  holdDrift(): void
  releaseDrift(counts: boolean): void
  /** What was found since the last call. */
  takeDrift(): Drift[]
}

export interface Limits {
  /** Deepest nesting of a record. */
  readonly depth: number
  /** Most keys and array elements in one record. */
  readonly keys: number
}

export interface MapperOptions {
  /** Reject a record whose column does not fit its schema rather than keep the value and report drift. */
  readonly strict: boolean
  readonly preserveDuplicateCustomFields: boolean
  readonly limits: Limits
}
