import type { Kernel } from './kernel/kernel.ts'
import { stateOut } from './kernel/layout.ts'

const quote = 0x22
const backslash = 0x5c

/** From here on, one native call is faster than a loop. */
const longText = 160

/** Writes JSON text into the part of the kernel's memory that holds documents, and grows. */
export class JsonWriter {
  readonly kernel: Kernel

  constructor(kernel: Kernel) {
    this.kernel = kernel
  }

  /** Behind the last byte that was written. May be set back. */
  get at(): number {
    return this.kernel.state[stateOut]!
  }

  set at(at: number) {
    this.kernel.state[stateOut] = at
  }

  byte(byte: number): void {
    const { kernel } = this
    kernel.reserve(1)
    kernel.bytes[kernel.state[stateOut]!++] = byte
  }

  /** Any JSON value, as JSON.stringify writes it. */
  value(value: unknown): void {
    const { kernel } = this
    kernel.reserve(2 * longText + 2)
    const end = writeShort(kernel.bytes, this.at, value)
    if (end > 0) this.at = end
    else this.json(JSON.stringify(value))
  }

  /** So many bytes that stand elsewhere in the memory. */
  copy(from: number, length: number): void {
    const { kernel } = this
    kernel.reserve(length)
    kernel.bytes.copyWithin(this.at, from, from + length)
    this.at += length
  }

  /** Text that is JSON already. */
  json(text: string): void {
    const { kernel } = this
    kernel.reserve(text.length * 3)
    kernel.state[stateOut]! += kernel.bytes.write(text, this.at)
  }
}

/** Writes a short text of ASCII, a number or a truth value as JSON. Returns where it ends; 0 for others: nothing is written then. */
export function writeShort(bytes: Uint8Array, at: number, value: unknown): number {
  if (typeof value === 'string') return writeText(bytes, at, value)
  if (typeof value === 'number') return writeNumber(bytes, at, value)
  return typeof value === 'boolean' ? writeAscii(bytes, at, value ? 'true' : 'false') : 0
}

function writeText(bytes: Uint8Array, from: number, text: string): number {
  const { length } = text
  if (length > longText) return 0
  let at = from
  bytes[at++] = quote
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 0x20 || code > 0x7f) return 0
    if (code === quote || code === backslash) bytes[at++] = backslash
    bytes[at++] = code
  }
  bytes[at++] = quote
  return at
}

function writeNumber(bytes: Uint8Array, at: number, number: number): number {
  const isSmall = number >= 0 && number < 1e9 && Number.isInteger(number) && !Object.is(number, -0)
  if (!isSmall) return writeAscii(bytes, at, JSON.stringify(number))
  let end = at + 1
  for (let rest = number; rest >= 10; rest = (rest / 10) | 0) end++
  let rest = number
  for (let place = end - 1; place >= at; place--) {
    bytes[place] = 0x30 + (rest % 10)
    rest = (rest / 10) | 0
  }
  return end
}

function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index)
  return at + text.length
}
