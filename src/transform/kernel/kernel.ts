import { readFileSync } from 'node:fs'
import {
  bodyAt,
  bodyBytes,
  countsAt,
  fromAt,
  kindsAt,
  mostElements,
  mostFields,
  mostSlots,
  oddAt,
  outAt,
  outBytes,
  refsAt,
  setsAt,
  stateAt,
  stateOut,
  stateOutEnd,
  toAt,
} from './layout.ts'

/** What the compiled kernel offers; each function is described where it is written, in `assembly`. Truth is a number there. */
interface Exports {
  keep(bytes: number): number
  makeKeys(envelope: number, columns: number): void
  makeNames(most: number): number
  addName(names: number, at: number, length: number): number
  loadInner(slot: number, names: number, slots: number, to: number): number
  addKey(isColumn: boolean, at: number, length: number): number
  nameKeys(category: number, properties: number): void
  open(start: number, limit: number): void
  next(): number
  resumeScan(at: number): number
  clear(slots: number, fields: number, constants: number): void
  loadMembers(slots: number, byId: number, usual: number): number
  findOdd(slots: number, usual: number): void
  write(steps: number, end: number, hasOthers: boolean): number
  resumeWrite(step: number, isChecked: boolean): number
  opened(): number
  collect(field: number, ref: number): number
  hash(from: number, to: number): number
  same(a: number, b: number, length: number): number
  isUsualDate(slot: number): number
  isUsualAddress(slot: number): number
  processId(number: number, start: number, device: number, to: number): number
  hasCapital(slot: number): number
  lower(slot: number, to: number): number
  withoutEscapes(from: number, end: number, to: number): number
}

/** What is used of the global of that name; the types of the language come with those of a browser. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Memory: new (pages: { readonly initial: number }) => Memory
    readonly Module: new (code: Uint8Array) => object
    readonly Instance: new (module: object, imports: object) => { readonly exports: unknown }
  }
}

interface Memory {
  readonly buffer: ArrayBuffer
  grow(pages: number): void
}

/** From where to where something stands. */
export interface Span {
  readonly from: number
  readonly to: number
}

const page = 1 << 16

let compiled: object | undefined

/**
 * The part of the transform that handles single bytes: it finds the members of records and copies them into documents.
 * It is compiled to WebAssembly, where sixteen bytes go at a time, and shares its memory with the mapping; `layout.ts`
 * tells what is where. All addresses are places in `bytes`.
 *
 * The views are others after the memory has grown, which only `reserve` does: do not keep them.
 */
export class Kernel {
  readonly run: Exports
  bytes!: Buffer
  words!: Int32Array
  state!: Uint32Array
  kinds!: Uint8Array
  from!: Int32Array
  to!: Int32Array
  refs!: Int32Array
  counts!: Int32Array
  sets!: Int32Array
  odd!: Int32Array
  readonly #memory: Memory

  constructor() {
    compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))
    this.#memory = new WebAssembly.Memory({ initial: (outAt + outBytes) / page })
    this.run = new WebAssembly.Instance(compiled, { env: { memory: this.#memory } }).exports as Exports
    this.#look()
    this.state[stateOut] = outAt
  }

  /** Takes a message to read, or tells that it is too large. */
  take(body: Uint8Array): boolean {
    // What is behind it needs a little room, and so does a text without its escapes, elsewhere.
    if (body.length > bodyBytes - 2 * page) return false
    this.bytes.set(body, bodyAt)
    // What is no text ends the search.
    this.bytes.fill(0, bodyAt + body.length, bodyAt + body.length + 64)
    return true
  }

  /** Memory for so many bytes that stays. Throws a RangeError when there is none left. */
  keep(bytes: number): number {
    const at = this.run.keep(bytes)
    if (at === 0) throw new RangeError('there is no memory left for what is kept')
    return at
  }

  /** Keeps a copy of these bytes. */
  put(bytes: Uint8Array): number {
    const at = this.keep(bytes.length)
    this.bytes.set(bytes, at)
    return at
  }

  /** Keeps the text. */
  putText(text: string): Span {
    const bytes = Buffer.from(text)
    const from = this.put(bytes)
    return { from, to: from + bytes.length }
  }

  /** Keeps a dictionary of these names, whose numbers are their places in the list. */
  names(names: readonly string[]): number {
    const dictionary = this.run.makeNames(names.length)
    if (dictionary === 0) throw new RangeError('there is no memory left for names')
    for (const name of names) {
      const { from, to } = this.putText(`${JSON.stringify(name)}:`)
      this.run.addName(dictionary, from, to - from)
    }
    return dictionary
  }

  /** Makes room for so many more bytes of documents. Throws a RangeError when there is no more. */
  reserve(bytes: number): void {
    const missing = this.state[stateOut]! + bytes - this.state[stateOutEnd]!
    if (missing <= 0) return
    const size = this.bytes.length - outAt
    this.#memory.grow(Math.ceil(Math.max(missing, size) / page))
    this.#look()
  }

  #look(): void {
    const { buffer } = this.#memory
    this.bytes = Buffer.from(buffer)
    this.words = new Int32Array(buffer)
    this.state = new Uint32Array(buffer, stateAt, 64)
    this.kinds = new Uint8Array(buffer, kindsAt, mostSlots)
    this.from = new Int32Array(buffer, fromAt, mostSlots)
    this.to = new Int32Array(buffer, toAt, mostSlots)
    this.refs = new Int32Array(buffer, refsAt, mostFields)
    this.counts = new Int32Array(buffer, countsAt, mostFields)
    this.sets = new Int32Array(buffer, setsAt, mostFields * mostElements)
    this.odd = new Int32Array(buffer, oddAt, mostSlots)
    // Copies go in whole sixteens.
    this.state[stateOutEnd] = buffer.byteLength - 64
  }
}
