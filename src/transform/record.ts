import type { Drift } from '../core/types.ts'

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
  /** The document's id; in one piece, see flat.ts. */
  readonly id: string
  /** Place in `records`, or in `value`, as received. */
  readonly index: number
  /** Undefined when the record did not come from an event hub (`xdrelay map`). */
  readonly position: Position | undefined
  /** Lone surrogates were replaced. */
  readonly sanitized: boolean
  /** The record's text exactly as it came; only where it was sanitized or every original is to be preserved. */
  readonly original: string | undefined
}

export interface Mapped {
  /** Given to JSON.stringify; for its speed see flat.ts: slices, templates, objects without prototype cost a lot here. */
  readonly document: object
  /** Set when the record must not go on as a document. */
  readonly reject?: {
    readonly reason: 'invalid' | 'too_deep' | 'too_large'
    readonly detail: string
    /** JSON pointer relative to the record. */
    readonly pointer: string
  }
}

export interface Mapper {
  /** May throw a RangeError for a record that is nested too deep for the stack. */
  map(record: DefenderRecord): Mapped
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
