import { exactNumber, isDistorted } from '../../digits.ts'
import { textOf, viewOf } from '../../scan/bytes.ts'
import { kind } from '../../scan/kinds.ts'
import { KnownTexts } from '../../scan/known-texts.ts'
import { type Tape, width } from '../../scan/tape.ts'
import type { Run } from '../run.ts'
import { reads } from '../vendor.ts'
import type { Slots } from './slots.ts'

/** How many records this thread has had in its cells. */
let records = 0

/** From here on references stand for dates: the slot of a text that is to be cut to milliseconds, and this. */
export const dateRefs = 1 << 20
/** From here on for sets: the number of the field, and this. */
export const setRefs = 1 << 21

/** Few-valued texts that are looked for in lower case, such as action types. */
const mostLowered = 4000

/** Slots for values that are worked out, besides those of a table's columns. */
const spare = 200

/**
 * The record at hand: what each column holds, by slot, and what each field gets, by the number of the field. A value
 * that is passed on as it came is never made: its field refers to the slot, and the bytes are copied.
 *
 * References in `refs`: 0 is no value; from 1 on a slot + 1, from `dateRefs` on a date, from `setRefs` on a set; -1 - n is
 * constant n of the table. The compiled functions read and write these arrays.
 */
export class Cells {
  kinds = new Uint8Array(0)
  from = new Int32Array(0)
  to = new Int32Array(0)
  /** Values of the kinds without bytes. */
  readonly worked: unknown[] = []
  refs = new Int32Array(0)
  /** By field: references that are elements of its set, and how many of them count. */
  readonly sets: number[][] = []
  counts = new Int32Array(0)
  /** References that a split gave, in the order of its parts. */
  readonly parts = new Int32Array(4)
  /** Another number for each record of the thread. */
  serial = 0
  /** How many keys the record has, without those inside of values. */
  members = 0
  /** What became of evidence. */
  evidence: { readonly kept: unknown } | undefined
  body: Buffer = Buffer.alloc(0)
  view: DataView = viewOf(this.body)
  #tape: Tape | undefined
  #text = ''
  #base = 0
  #constants: readonly unknown[] = []
  readonly #json = new Map<number, unknown>()
  /** In lower case. */
  readonly #lowered = new KnownTexts(mostLowered, text => text.toLowerCase())
  /** The next slot behind those of the table. */
  #next = 0

  /** Makes room for a table: its slots, and its fields. */
  fit(slots: number, fields: number): void {
    if (slots + spare > this.kinds.length) {
      this.kinds = new Uint8Array(slots + spare)
      this.from = new Int32Array(slots + spare)
      this.to = new Int32Array(slots + spare)
    }
    if (fields > this.refs.length) {
      this.refs = new Int32Array(fields)
      this.counts = new Int32Array(fields)
    }
    while (this.sets.length < fields) this.sets.push([])
  }

  /** Takes up a record from a tape. Returns how many of its members have no slot. */
  load(slots: Slots, constants: readonly unknown[], tape: Tape): number {
    this.begin(slots, constants)
    this.#tape = tape
    this.#text = tape.text
    this.#base = tape.base
    this.body = tape.body
    this.view = tape.view
    const { kinds, from, to } = this
    const { byId } = slots
    const { members } = tape
    // The properties are one, too.
    this.members = tape.length / width + 1
    let without = 0
    for (let at = 0; at < tape.length; at += width) {
      const id = members[at]!
      const slot = id < 0 ? -1 : byId[id]!
      if (slot < 0) {
        without++
        continue
      }
      // Of a key that comes twice, the last one counts.
      kinds[slot] = members[at + 1]!
      from[slot] = members[at + 2]!
      to[slot] = members[at + 3]!
    }
    return without
  }

  /** Lets go of what came with the last records. */
  clear(): void {
    this.body = Buffer.alloc(0)
    this.view = viewOf(this.body)
    this.#tape = undefined
    this.#text = ''
    this.worked.fill(undefined)
    this.evidence = undefined
    this.#json.clear()
  }

  /** The value of a column as rules see it. Undefined for none. */
  value(slot: number): unknown {
    const what = this.kinds[slot]!
    if (what === kind.plain) return this.#slice(this.from[slot]!, this.to[slot]!)
    if (what === kind.worked) return this.worked[slot]
    if (what === kind.path || what === kind.text) return this.#tape!.textAt(what, this.from[slot]!, this.to[slot]!)
    if (what === kind.integer) return this.#integer(slot)
    if (what === kind.long) return this.#digits(slot)
    if (what === kind.part) return this.#part(slot)
    if (what === kind.written)
      return JSON.parse(textOf(this.worked[slot] as DataView, this.from[slot]!, this.to[slot]!))
    return what === kind.truth ? true : what === kind.falsity ? false : undefined
  }

  /** The same as it came, as JSON.parse would give it. */
  parsed(slot: number): unknown {
    const what = this.kinds[slot]!
    const from = this.from[slot]!
    const to = this.to[slot]!
    if (what === kind.parsed) return this.worked[slot]
    if (what === kind.nested) return this.#tape!.nested.get(from)
    if (what === kind.escaped) return this.#tape!.textAt(what, from, to)
    if (what !== kind.number && what !== kind.long) return this.value(slot)
    const token = this.#slice(from, to)
    return isDistorted(token) ? exactNumber(token) : Number(token)
  }

  /** Gives the slot a value that was worked out; undefined for none. */
  set(slot: number, value: unknown): void {
    this.kinds[slot] = value === undefined ? kind.empty : kind.worked
    this.worked[slot] = value
  }

  /** What a reference stands for. */
  of(ref: number): unknown {
    if (ref > setRefs) return this.elements(ref).map(each => this.of(each))
    if (ref > dateRefs) return this.dateText(ref - dateRefs - 1)
    if (ref > 0) return this.value(ref - 1)
    return ref === 0 ? undefined : this.#constants[-1 - ref]
  }

  /** A reference to a value that was worked out; 0 for none. */
  worth(value: unknown): number {
    if (value === undefined) return 0
    const ref = this.#take(kind.worked, 0, 0)
    this.worked[ref - 1] = value
    return ref
  }

  /** A reference to JSON that was written before and stays as it is until this record is written. */
  written(view: DataView, from: number, to: number): number {
    const ref = this.#take(kind.written, from, to)
    this.worked[ref - 1] = view
    return ref
  }

  /** A reference to a text of these bytes, which are plain or escaped as a part of a path is; 0 for none. */
  part(from: number, to: number): number {
    return from === to ? 0 : this.#take(kind.part, from, to)
  }

  /** References in the set that the reference stands for. */
  elements(ref: number): number[] {
    const field = ref - setRefs - 1
    return this.sets[field]!.slice(0, this.counts[field])
  }

  /** A column's value as parsed JSON, whether it came as text or as it is. */
  json(slot: number, run: Run): unknown {
    if (this.kinds[slot]! <= kind.empty) return undefined
    if (this.#json.has(slot)) return this.#json.get(slot)
    const json = reads.json(this.value(slot), run)
    this.#json.set(slot, json)
    return json
  }

  /** In lower case, of a text that may have been looked at before; undefined where it is none of these. */
  lowered(slot: number): string | undefined {
    if (this.kinds[slot] !== kind.plain) return undefined
    return this.#lowered.find(this.view, this.from[slot]!, this.to[slot]!)
  }

  /** The date there, cut to milliseconds. */
  dateText(slot: number): string {
    const from = this.from[slot]!
    return `${this.#slice(from, from + 23)}Z`
  }

  /** Empties everything for the next record. */
  begin({ columns }: Slots, constants: readonly unknown[]): void {
    this.#constants = constants
    this.serial = ++records
    this.kinds.fill(kind.absent, 0, columns.length)
    this.refs.fill(0)
    this.evidence = undefined
    this.#next = columns.length
    if (this.#json.size > 0) this.#json.clear()
  }

  #take(what: number, from: number, to: number): number {
    if (this.#next === this.kinds.length) this.#grow()
    const slot = this.#next++
    this.kinds[slot] = what
    this.from[slot] = from
    this.to[slot] = to
    return slot + 1
  }

  /** Lists may have as many elements as a record may have. */
  #grow(): void {
    const { kinds, from, to } = this
    this.kinds = new Uint8Array(kinds.length * 2)
    this.from = new Int32Array(kinds.length * 2)
    this.to = new Int32Array(kinds.length * 2)
    this.kinds.set(kinds)
    this.from.set(from)
    this.to.set(to)
  }

  #slice(from: number, to: number): string {
    return this.#text.slice(from - this.#base, to - this.#base)
  }

  #part(slot: number): string {
    const text = this.#slice(this.from[slot]!, this.to[slot]!)
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
  }

  #integer(slot: number): number {
    const { body } = this
    const from = this.from[slot]!
    const isNegative = body[from] === 0x2d
    let number = 0
    for (let at = isNegative ? from + 1 : from; at < this.to[slot]!; at++) number = number * 10 + body[at]! - 0x30
    return isNegative ? -number : number
  }

  /** A number, or its digits where a double cannot hold it. */
  #digits(slot: number): number | string {
    const digits = this.#slice(this.from[slot]!, this.to[slot]!)
    const number = Number(digits)
    return Number.isSafeInteger(number) ? number : digits
  }
}
