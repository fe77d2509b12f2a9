import { skipSpace, skipValue } from '../../core/json-slices.ts'
import { parseExact } from '../parse.ts'
import type { Keys } from './keys.ts'
import { kind } from './kinds.ts'
import { KnownTexts } from './known-texts.ts'
import { endOfNumber } from './number.ts'
import { type Category, firstColumn, type Order, Tape, unknownColumn, unknownKey } from './tape.ts'
import { endOfEscaped, nextSpecial } from './text.ts'

const space = 0x20
const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const start = Buffer.from('{"records":[')
/** `null`, `true` and `alse` as words. */
const wordOf = (text: string) => Buffer.from(text).readInt32LE()
const nullWord = wordOf('null')
const trueWord = wordOf('true')
const alseWord = wordOf('alse')

/** Ids of keys that the scan itself looks at; they are among the envelope's keys. */
interface Named {
  readonly category: number
  readonly properties: number
}

/** No more are told apart by their bytes; there are about 60. */
const mostCategories = 200

/** How much of a message is made a text at once: memory that is still near when it is read. Most records are smaller. */
const piece = 1 << 16
const usualRecord = 1 << 13

/** What comes next in a message. `unusual` says nothing about it: it has to be parsed. */
export type Found = 'record' | 'end' | 'unusual'

/**
 * Finds the members of the records of a message in its bytes, one record after the other, without making a value of any:
 * what is only passed on keeps its bytes and digits. Accepts the usual form alone, and nothing that is not JSON.
 */
export class Scanner {
  readonly tape = new Tape()
  readonly #envelope: Keys
  readonly #columns: Keys
  readonly #named: Named
  readonly #categories: KnownTexts<Category>
  readonly #rest: Order
  // The message at hand.
  #body: Buffer = Buffer.alloc(0)
  #view: DataView = this.tape.view
  /** One character per byte, whatever they encode, from `#base` to `#limit`. */
  #text = ''
  #base = 0
  #limit = 0
  #at = 0
  #isFirst = true
  /** The first backslash, and the first byte that is no printable ASCII, from some place on before `#at`. */
  #backslash = 0
  #special = 0

  constructor(envelope: Keys, columns: Keys) {
    this.#envelope = envelope
    this.#columns = columns
    this.#named = { category: envelope.idOf('category'), properties: envelope.idOf('properties') }
    const newOrder = () => ({ envelope: envelope.order(), columns: columns.order() })
    this.#rest = newOrder()
    this.#categories = new KnownTexts(mostCategories, name => ({ name, order: newOrder() }))
  }

  /** False for a message that does not begin as usual. `body` is valid UTF-8. */
  open(body: Buffer): boolean {
    this.#body = body
    this.#limit = 0
    this.#base = 0
    this.#text = ''
    this.#isFirst = true
    this.tape.open(body)
    this.#view = this.tape.view
    this.#at = start.length
    return body.length > start.length && body.compare(start, 0, start.length, 0, start.length) === 0
  }

  /** Reads one record, which is on the tape then. */
  next(): Found {
    const body = this.#body
    this.#skipSpace()
    if (body[this.#at] === closeBracket) return this.#isEnd() ? 'end' : 'unusual'
    if (!this.#isFirst) {
      if (body[this.#at++] !== comma) return 'unusual'
      this.#skipSpace()
    }
    this.#isFirst = false
    return body[this.#at] === openBrace && this.#record() ? 'record' : 'unusual'
  }

  #isEnd(): boolean {
    const body = this.#body
    const at = skipSpace(body, this.#at + 1)
    return body[at] === closeBrace && skipSpace(body, at + 1) === body.length
  }

  /** What does not end where the text ends is read again with more of it. */
  #record(): boolean {
    const from = this.#at
    const { tape } = this
    if (this.#limit - from < usualRecord) this.#take(from, piece)
    for (;;) {
      tape.begin(from)
      if (this.#members(this.#envelope, this.#rest, true)) return tape.end(this.#at)
      if (this.#limit === this.#body.length) return false
      this.#take(from, (this.#limit - from) * 2)
    }
  }

  /** Makes a text of so many bytes from `from` on. */
  #take(from: number, bytes: number): void {
    this.#base = from
    this.#limit = Math.min(from + bytes, this.#body.length)
    this.#text = this.#body.toString('latin1', from, this.#limit)
    this.#at = from
    // Reading may go back: what comes first from here on has to be looked for again.
    this.#backslash = -1
    this.#special = -1
    this.tape.base = from
    this.tape.text = this.#text
  }

  /** The members of the object that begins here, and the step behind it. */
  #members(keys: Keys, usual: Order, isEnvelope: boolean): boolean {
    const body = this.#body
    const { tape } = this
    const next = isEnvelope ? usual.envelope : usual.columns
    this.#at++
    this.#skipSpace()
    if (body[this.#at] === closeBrace) {
      this.#at++
      return true
    }
    for (let previous = 0; ; ) {
      let id = next[previous]!
      if (id >= 0 && keys.isAt(this.#view, body.length, this.#at, id)) {
        this.#at += keys.lengthOf(id)
      } else {
        const name = this.#key()
        if (name === undefined) return false
        id = keys.idOf(name)
        next[previous] = id
      }
      previous = id + 1
      if (body[this.#at]! <= space) this.#skipSpace()
      if (!isEnvelope) {
        if (!this.#value(id < 0 ? unknownColumn : id + firstColumn)) return false
      } else if (id === this.#named.properties) {
        if (body[this.#at] !== openBrace || !tape.foundProperties()) return false
        if (!this.#members(this.#columns, tape.category()?.order ?? this.#rest, false)) return false
      } else {
        if (!this.#value(id < 0 ? unknownKey : id)) return false
        if (id === this.#named.category && !tape.foundCategory(this.#categories)) return false
      }
      if (body[this.#at]! <= space) this.#skipSpace()
      const separator = body[this.#at++]
      if (separator === closeBrace) return true
      if (separator !== comma) return false
      if (body[this.#at]! <= space) this.#skipSpace()
    }
  }

  /** The key that stands here, and the step behind its colon. One with escapes may be any name, so it is not usual. */
  #key(): string | undefined {
    if (this.#body[this.#at] !== quote) return undefined
    const end = this.#next('"', this.#at + 1)
    const name = this.#text.slice(this.#at + 1 - this.#base, end - this.#base)
    if (end === this.#limit || /[\p{Cc}\\]/u.test(name)) return undefined
    this.#at = skipSpace(this.#body, end + 1)
    if (this.#body[this.#at++] !== colon) return undefined
    return name
  }

  #value(id: number): boolean {
    const from = this.#at
    const first = this.#body[from]!
    if (first === quote) return this.#string(id)
    if (first === 0x6e) return this.#word(id, nullWord, from, from + 4, kind.empty)
    if ((first >= 0x30 && first <= 0x39) || first === 0x2d) return this.#number(id)
    if (first === 0x66) return this.#word(id, alseWord, from + 1, from + 5, kind.falsity)
    if (first === 0x74) return this.#word(id, trueWord, from, from + 4, kind.truth)
    return (first === openBrace || first === openBracket) && this.#nested(id)
  }

  #word(id: number, word: number, at: number, end: number, what: number): boolean {
    if (end > this.#body.length || this.#view.getInt32(at, true) !== word) return false
    this.tape.add(id, what, this.#at, end)
    this.#at = end
    return true
  }

  #string(id: number): boolean {
    const from = this.#at + 1
    let end = this.#next('"', from)
    if (end === this.#limit) return false
    let what: number = end === from ? kind.empty : kind.plain
    if (this.#backslash < from) this.#backslash = this.#next('\\', from)
    if (this.#backslash < end) {
      const found = endOfEscaped(this.#body, this.#backslash)
      if (found === undefined) return false
      end = Math.floor(found / 16)
      what = found & 15
      // Then the rest of the record is beyond, too.
      if (end >= this.#limit) return false
    }
    if (this.#special < from) this.#special = nextSpecial(this.#body, this.#view, from, this.#limit)
    if (this.#special < end && what !== kind.escaped) what = kind.text
    while (this.#special < end) {
      if (this.#body[this.#special]! < space) return false
      this.#special = nextSpecial(this.#body, this.#view, this.#special + 1, this.#limit)
    }
    this.tape.add(id, what, from, end)
    this.#at = end + 1
    return true
  }

  /** Where the character comes next; the limit of the text where it does not. */
  #next(character: string, from: number): number {
    const at = this.#text.indexOf(character, from - this.#base)
    return at === -1 ? this.#limit : at + this.#base
  }

  #number(id: number): boolean {
    const found = endOfNumber(this.#body, this.#at)
    if (found === undefined) return false
    const end = Math.floor(found / 16)
    this.tape.add(id, found & 15, this.#at, end)
    this.#at = end
    return true
  }

  #nested(id: number): boolean {
    const end = skipValue(this.#body, this.#at)
    try {
      const { value, sanitized } = parseExact(this.#body.subarray(this.#at, end))
      if (sanitized) return false
      this.tape.addNested(id, this.#at, end, value)
    } catch {
      return false
    }
    this.#at = end
    return true
  }

  #skipSpace(): void {
    this.#at = skipSpace(this.#body, this.#at)
  }
}
