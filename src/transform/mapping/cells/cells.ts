import { exactNumber, isDistorted } from '../../digits.ts'
import { writeShort } from '../../json-writer.ts'
import type { Kernel } from '../../kernel/kernel.ts'
import * as kind from '../../kernel/kinds.ts'
import { dateRefs, madeAt, madeBytes, mostElements, mostFields, mostSlots, setRefs } from '../../kernel/layout.ts'
import { Tape } from '../../scan/tape.ts'
import type { Run } from '../run.ts'
import { parseText } from '../text-json.ts'
import { innerValue } from '../values.ts'
import { reads } from '../vendor.ts'
import type { Inner } from './inner.ts'
import { type Known, Remembered } from './remembered.ts'
import type { TableCells } from './slots.ts'

/** More than a short text takes as JSON. */
const shortBytes = 400

/**
 * The record at hand, in the kernel's memory: what each column holds, by slot, and what each field gets, by the number of
 * the field. A value that is passed on as it came is never made: its field refers to the slot, and the bytes are copied.
 *
 * References in `refs`: 0 is no value; from 1 on a slot + 1, from `dateRefs` on a date, from `setRefs` on a set; -1 - n is
 * constant n of the table. The compiled functions read and write these arrays.
 */
export class Cells {
  readonly kernel: Kernel
  readonly remembered: Remembered
  /** Values of the kinds without bytes. */
  readonly worked: unknown[] = []
  /** References that a split gave, in the order of its parts. */
  readonly parts = new Int32Array(4)
  /** How many keys the record has, without those inside of values. */
  members = 0
  /** What became of evidence. */
  evidence: { readonly kept: unknown } | undefined
  #tape: Tape
  #constants: readonly unknown[] = []
  /** Another number for each record. */
  #serial = 0
  /** By slot, and for which record that is. */
  readonly #json: unknown[] = []
  readonly #jsonOf: number[] = []
  /** The next slot behind those of the table. */
  #next = 0
  /** Where the next JSON goes that is made for this record. */
  #made = madeAt

  constructor(kernel: Kernel) {
    this.kernel = kernel
    this.remembered = new Remembered(kernel)
    this.#tape = new Tape(kernel)
  }

  // The views are others when the memory has grown.
  get kinds(): Uint8Array {
    return this.kernel.kinds
  }

  get from(): Int32Array {
    return this.kernel.from
  }

  get to(): Int32Array {
    return this.kernel.to
  }

  get refs(): Int32Array {
    return this.kernel.refs
  }

  get bytes(): Buffer {
    return this.kernel.bytes
  }

  /** Takes up the record of a tape. Returns how many of its members have no slot. */
  load(table: TableCells, tape: Tape): number {
    this.begin(table)
    const { slots } = table
    this.#tape = tape
    // The properties are one, too.
    this.members = tape.length + 1
    return this.kernel.run.loadMembers(slots.columns.length, slots.byId, slots.usual)
  }

  /** Lets go of what came with the last records. */
  clear(): void {
    this.#tape.close()
    this.worked.fill(undefined)
    this.evidence = undefined
    this.#json.fill(undefined)
  }

  /** The value of a column as rules see it. Undefined for none. */
  value(slot: number): unknown {
    const { kinds, from, to } = this.kernel
    const what = kinds[slot]!
    if (what === kind.plain) return this.#tape.slice(from[slot]!, to[slot]!)
    if (what === kind.worked || what === kind.made) return this.worked[slot]
    if (what === kind.path || what === kind.text) return this.#tape.textAt(from[slot]!, to[slot]!)
    if (what === kind.integer) return this.#integer(from[slot]!, to[slot]!)
    if (what === kind.long) return this.#digits(from[slot]!, to[slot]!)
    if (what === kind.part) return this.#part(from[slot]!, to[slot]!)
    if (what === kind.inner) return parseText(this.#tape.slice(from[slot]!, to[slot]!))
    if (what === kind.written) return JSON.parse(this.bytes.toString('utf8', from[slot], to[slot]))
    return what === kind.truth ? true : what === kind.falsity ? false : undefined
  }

  /** The same as it came, as JSON.parse would give it. */
  parsed(slot: number): unknown {
    const what = this.kinds[slot]!
    const from = this.from[slot]!
    const to = this.to[slot]!
    if (what === kind.parsed) return this.worked[slot]
    if (what === kind.nested) return this.#tape.nested.get(from)
    if (what === kind.escaped) return this.#tape.textAt(from, to)
    if (what !== kind.number && what !== kind.long) return this.value(slot)
    const token = this.#tape.slice(from, to)
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
    if (ref > dateRefs) return this.#dateText(ref - dateRefs - 1)
    if (ref > 0) return this.value(ref - 1)
    return ref === 0 ? undefined : this.#constants[-1 - ref]
  }

  /** A reference to a value that was worked out; 0 for none. Short ones are written right away, as most go into documents. */
  worth(value: unknown): number {
    if (value === undefined) return 0
    const at = this.#made
    const end = at < madeAt + madeBytes - shortBytes ? writeShort(this.bytes, at, value) : 0
    if (end > 0) this.#made = end
    const ref = this.#take(end > 0 ? kind.made : kind.worked, at, end)
    this.worked[ref - 1] = value
    return ref
  }

  /** A reference to the text of a slot in lower case; the text is of ASCII. */
  inLowerCase(slot: number): number {
    const at = this.#made
    const length = this.to[slot]! - this.from[slot]!
    if (at + length > madeAt + madeBytes - shortBytes) return this.worth((this.value(slot) as string).toLowerCase())
    this.#made = this.kernel.run.lower(slot, at)
    return this.written(at, this.#made)
  }

  /** A reference to the id of a process by the slots of its number, start and device; 0 for forms that are not usual. */
  processId(pid: number, start: number, device: number): number {
    const at = this.#made
    if (at > madeAt + madeBytes - shortBytes) return 0
    const end = this.kernel.run.processId(pid, start, device, at)
    if (end === 0) return 0
    this.#made = end
    return this.written(at, end)
  }

  /** A reference to JSON that was written before and stays as it is until this record is written. */
  written(from: number, to: number): number {
    return this.#take(kind.written, from, to)
  }

  /** A reference to a text of these bytes, which are plain or escaped as a part of a path is; 0 for none. */
  part(from: number, to: number): number {
    return from === to ? 0 : this.#take(kind.part, from, to)
  }

  /** References in the set that the reference stands for. */
  elements(ref: number): number[] {
    const field = ref - setRefs - 1
    const { sets, counts } = this.kernel
    return [...sets.subarray(field * mostElements, field * mostElements + counts[field]!)]
  }

  /** A column's value as parsed JSON, whether it came as text or as it is. */
  json(slot: number, run: Run): unknown {
    if (this.kinds[slot]! <= kind.empty) return undefined
    if (this.#jsonOf[slot] !== this.#serial) {
      this.#jsonOf[slot] = this.#serial
      this.#json[slot] = reads.json(this.value(slot), run)
    }
    return this.#json[slot]
  }

  /** Fills the slots of members of a column's JSON: mostly with bytes, and nothing is made. */
  loadInner(slot: number, { names, slots, namesAt, slotsAt }: Inner, run: Run): void {
    const at = this.#made
    const hasRoom = at + this.to[slot]! - this.from[slot]! < madeAt + madeBytes - shortBytes
    const end = hasRoom ? this.kernel.run.loadInner(slot, namesAt, slotsAt, at) : 0
    if (end !== 0) {
      this.#made = end
      return
    }
    const json = this.json(slot, run)
    for (const [place, name] of names.entries()) this.set(slots[place]!, innerValue(json, name))
  }

  /** What is known of a text that may have been looked at before; undefined where it is none of these. */
  known(slot: number): Known | undefined {
    const { kinds, from, to } = this.kernel
    return kinds[slot] === kind.plain ? this.remembered.text(from[slot]!, to[slot]!) : undefined
  }

  /** The same in lower case. */
  lowered(slot: number): string | undefined {
    return this.known(slot)?.lower
  }

  /** Cut to milliseconds. */
  #dateText(slot: number): string {
    const from = this.from[slot]!
    return `${this.#tape.slice(from, from + 23)}Z`
  }

  /** Empties everything for the next record, whose table has so many slots and fields. */
  begin({ slots: { columns }, inner, fields, constants, constantsAt }: TableCells): void {
    if (fields > mostFields) throw new Error(`a table has ${fields} fields`)
    this.#constants = constants
    this.#serial++
    this.#next = columns.length + inner
    this.kernel.run.clear(this.#next, fields, constantsAt)
    this.evidence = undefined
    this.#made = madeAt
  }

  /** Lists become one value when they are long, so there are slots for all rules and their elements. */
  #take(what: number, from: number, to: number): number {
    if (this.#next === mostSlots) throw new RangeError('too many values are worked out')
    const slot = this.#next++
    const { kernel } = this
    kernel.kinds[slot] = what
    kernel.from[slot] = from
    kernel.to[slot] = to
    return slot + 1
  }

  #part(from: number, to: number): string {
    const text = this.#tape.slice(from, to)
    return text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
  }

  #integer(from: number, to: number): number {
    const { bytes } = this
    const isNegative = bytes[from] === 0x2d
    let number = 0
    for (let at = isNegative ? from + 1 : from; at < to; at++) number = number * 10 + bytes[at]! - 0x30
    return isNegative ? -number : number
  }

  /** A number, or its digits where a double cannot hold it. */
  #digits(from: number, to: number): number | string {
    const digits = this.#tape.slice(from, to)
    const number = Number(digits)
    return Number.isSafeInteger(number) ? number : digits
  }
}
