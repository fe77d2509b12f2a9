import { type Envelope, readRecord } from './message.ts'
import { parseExact } from './parse.ts'
import type { DefenderRecord, Place, Position } from './record.ts'
import type { Tape } from './scan/tape.ts'

/** The record that is on a tape, while it is there. It is parsed only where somebody asks for all of it, as for the names of unknown keys. */
export class ScannedRecord implements DefenderRecord {
  id = ''
  table = ''
  readonly scanned: Tape
  readonly category: string
  readonly index: number
  readonly position: Position | undefined
  readonly sanitized: boolean
  readonly original: string | undefined
  #parsed: Envelope | undefined

  constructor(tape: Tape, { index, position, sanitized, original }: Place) {
    this.scanned = tape
    this.category = tape.name
    this.index = index
    this.position = position
    this.sanitized = sanitized
    this.original = original
  }

  get envelope(): Envelope['envelope'] {
    return this.#parse().envelope
  }

  get properties(): Envelope['properties'] {
    return this.#parse().properties
  }

  #parse(): Envelope {
    if (this.#parsed !== undefined) return this.#parsed
    const usable = readRecord(parseExact(this.scanned.bytes()).value)
    if ('reason' in usable) throw new Error('a record on a tape is whole')
    this.#parsed = usable
    return usable
  }
}
