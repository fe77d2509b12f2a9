import { viewOf } from './scan/bytes.ts'

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c

/** From here on, one native call is faster than a loop. */
const longText = 160
const longCopy = 256

/** Writes JSON text, byte by byte, into memory that grows. */
export class JsonWriter {
  bytes: Buffer
  /** Behind the last byte that was written. May be set back. */
  at = 0
  #view: DataView

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafeSlow(size)
    this.#view = viewOf(this.bytes)
  }

  byte(byte: number): void {
    if (this.at === this.bytes.length) this.#grow(1)
    this.bytes[this.at++] = byte
  }

  /**
   * Bytes of `source`, which is UTF-8, eight at a time: a native call costs more than most values. They travel as doubles,
   * which keeps them as they are: only those that are no number may change, and no UTF-8 looks like these (a byte of 0xF0
   * and more, and 0x7F or 0xFF behind it).
   */
  copy(source: DataView, from: number, to: number): void {
    const length = to - from
    let at = this.at
    if (at + length > this.bytes.length) this.#grow(length)
    const view = this.#view
    this.at = at + length
    if (length >= 8) {
      if (length > longCopy) {
        this.#copyLong(at, source, from, length)
        return
      }
      const last = to - 8
      for (let place = from; place < last; place += 8, at += 8)
        view.setFloat64(at, source.getFloat64(place, true), true)
      view.setFloat64(this.at - 8, source.getFloat64(last, true), true)
    } else if (length >= 4) {
      view.setInt32(at, source.getInt32(from, true), true)
      view.setInt32(this.at - 4, source.getInt32(to - 4, true), true)
    } else {
      for (let place = from; place < to; place++, at++) view.setUint8(at, source.getUint8(place))
    }
  }

  /**
   * A key, a value and a comma: what most of a document is. Both sources have eight more bytes of UTF-8 behind what is
   * copied, as they are copied in whole eights, and the rest is written over.
   */
  member(keys: DataView, from: number, to: number, source: DataView, start: number, end: number): void {
    const behind = this.at + (to - from) + (end - start) + 1
    if (behind + 8 > this.bytes.length) this.#grow(behind + 8 - this.at)
    const view = this.#view
    let at = this.at
    for (let place = from; place < to; place += 8, at += 8) view.setFloat64(at, keys.getFloat64(place, true), true)
    at = this.at + (to - from)
    if (end - start > longCopy) this.#copyLong(at, source, start, end - start)
    else
      for (let place = start; place < end; place += 8, at += 8)
        view.setFloat64(at, source.getFloat64(place, true), true)
    view.setUint8(behind - 1, comma)
    this.at = behind
  }

  #copyLong(at: number, source: DataView, from: number, length: number): void {
    this.bytes.set(new Uint8Array(source.buffer, source.byteOffset + from, length), at)
  }

  /** Any JSON value, as JSON.stringify writes it. */
  value(value: unknown): void {
    if (typeof value === 'string') this.text(value)
    else if (typeof value === 'number') this.#number(value)
    else this.json(JSON.stringify(value))
  }

  text(text: string): void {
    const { length } = text
    if (length > longText) {
      this.json(JSON.stringify(text))
      return
    }
    if (this.at + length * 2 + 2 > this.bytes.length) this.#grow(length * 2 + 2)
    const { bytes } = this
    let at = this.at
    bytes[at++] = quote
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      // What stands before it is written once more.
      if (code < 0x20 || code > 0x7f) {
        this.json(JSON.stringify(text))
        return
      }
      if (code === quote || code === backslash) bytes[at++] = backslash
      bytes[at++] = code
    }
    bytes[at++] = quote
    this.at = at
  }

  /** Text that is JSON already. */
  json(text: string): void {
    this.#reserve(text.length * 3)
    this.at += this.bytes.write(text, this.at)
  }

  #number(number: number): void {
    const isSmall = number >= 0 && number < 1e9 && Number.isInteger(number) && !Object.is(number, -0)
    if (!isSmall) {
      this.#ascii(JSON.stringify(number))
      return
    }
    this.#reserve(9)
    let digits = 1
    for (let rest = number; rest >= 10; rest = (rest / 10) | 0) digits++
    let rest = number
    for (let at = this.at + digits - 1; at >= this.at; at--) {
      this.bytes[at] = 0x30 + (rest % 10)
      rest = (rest / 10) | 0
    }
    this.at += digits
  }

  #ascii(text: string): void {
    this.#reserve(text.length)
    for (let index = 0; index < text.length; index++) this.bytes[this.at++] = text.charCodeAt(index)
  }

  /** Makes room for so many more bytes. */
  #reserve(bytes: number): void {
    if (this.at + bytes > this.bytes.length) this.#grow(bytes)
  }

  #grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.at + bytes))
    this.bytes.copy(larger, 0, 0, this.at)
    this.bytes = larger
    this.#view = viewOf(larger)
  }
}
