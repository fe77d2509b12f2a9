import { viewOf } from './bytes.ts'
import { bits, kind, texts } from './kinds.ts'
import type { KnownTexts } from './known-texts.ts'

/** What follows what, in the envelope and in the properties of records of one category. */
export interface Order {
  readonly envelope: Int16Array
  readonly columns: Int16Array
}

export interface Category {
  /** In one piece: it may be kept. */
  readonly name: string
  readonly order: Order
}

const names = texts | bits(kind.escaped)

/** Numbers per member: its key, its kind, and where its value starts and ends (of a text: without the quotes). */
export const width = 4

/** Ids of keys: those of the envelope count from 0, columns from here on; what no dictionary has is negative. */
export const firstColumn = 1000
export const unknownKey = -1
export const unknownColumn = -2

/** The members of one record, in its order. One tape serves all records of a thread, one after the other. */
export class Tape {
  /** The message, and the piece of it from `base` on with one character per byte. */
  body: Buffer = Buffer.alloc(0)
  view: DataView = viewOf(this.body)
  text = ''
  base = 0
  members = new Int32Array(1 << 10)
  /** How many numbers there are in `members`. */
  length = 0
  /** Of the record in the message. */
  from = 0
  to = 0
  name = ''
  /** Parsed objects and lists, by the place of their first byte. */
  readonly nested = new Map<number, unknown>()
  #hasName = false
  #category: Category | undefined
  #hasProperties = false

  open(body: Buffer): void {
    this.body = body
    this.view = viewOf(body)
  }

  /** Lets go of the message. */
  close(): void {
    this.open(Buffer.alloc(0))
    this.text = ''
    this.nested.clear()
  }

  begin(at: number): void {
    this.from = at
    this.length = 0
    this.#hasName = false
    this.#category = undefined
    this.#hasProperties = false
    if (this.nested.size > 0) this.nested.clear()
  }

  /** False for a record that lacks what each must have. */
  end(at: number): boolean {
    this.to = at
    return this.#hasProperties && this.#hasName
  }

  /** False for a second one. */
  foundProperties(): boolean {
    const isFirst = !this.#hasProperties
    this.#hasProperties = true
    return isFirst
  }

  /** Of the record at hand, if it is known by now. */
  category(): Category | undefined {
    return this.#category
  }

  /** Takes the member added last for the category; false for what is no text. Of several, the last one counts. */
  foundCategory(categories: KnownTexts<Category>): boolean {
    const what = this.members[this.length - 3]!
    const from = this.members[this.length - 2]!
    const to = this.members[this.length - 1]!
    this.#hasName = ((names >> what) & 1) !== 0 || (what === kind.empty && from === to)
    this.#category = what === kind.plain ? categories.find(this.view, from, to) : undefined
    if (this.#hasName) this.name = this.#category?.name ?? (from === to ? '' : this.textAt(what, from, to))
    return this.#hasName
  }

  /** The text that stands there. Of plain ones it is a view into `text`: whoever keeps it keeps all of the message. */
  textAt(what: number, from: number, to: number): string {
    if (what === kind.plain) return this.text.slice(from - this.base, to - this.base)
    if (what === kind.path) return JSON.parse(this.text.slice(from - 1 - this.base, to + 1 - this.base)) as string
    const written = this.body.toString('utf8', from, to)
    return written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written
  }

  /** The record as it came. */
  bytes(): Buffer {
    return this.body.subarray(this.from, this.to)
  }

  add(id: number, what: number, from: number, to: number): void {
    if (this.length + width > this.members.length) this.members = doubled(this.members)
    const { members } = this
    const at = this.length
    members[at] = id
    members[at + 1] = what
    members[at + 2] = from
    members[at + 3] = to
    this.length = at + width
  }

  addNested(id: number, from: number, to: number, value: unknown): void {
    this.nested.set(from, value)
    this.add(id, kind.nested, from, to)
  }
}

function doubled(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}
