import { createHmac } from 'node:crypto'
import { skipSpace, skipString, skipValue } from '../core/json-slices.ts'
import type { Chunk } from '../core/types.ts'
import { type Field, FieldChoice } from './field-choice.ts'
import type { FieldOptions } from './fields.ts'

const quote = 0x22
const comma = 0x2c
const backslash = 0x5c
const openBracket = 0x5b
const openBrace = 0x7b
const letterN = 0x6e

/**
 * Drops and hashes fields in the bytes of documents, so that everything else keeps its bytes: digits, order of keys,
 * escapes. Documents are valid JSON and no deeper than `limits.depth` allows.
 */
export class FieldEditor {
  readonly #choice: FieldChoice
  readonly #hashKey: string

  constructor(options: FieldOptions) {
    this.#choice = new FieldChoice(options)
    this.#hashKey = options.hashKey?.reveal() ?? ''
  }

  edit(chunk: Chunk): Chunk {
    const { buffer, byteOffset, byteLength } = chunk.lines
    const pass = new Pass(Buffer.from(buffer, byteOffset, byteLength), this.#choice, this.#hashKey)
    const ends = new Uint32Array(chunk.ends.length)
    let start = 0
    for (const [index, end] of chunk.ends.entries()) {
      pass.value(this.#choice.root(), start)
      ends[index] = end + pass.growth
      start = end
    }
    return { ...chunk, lines: pass.result(), ends }
  }
}

/** One pass over the lines of a chunk, from their start to their end. */
class Pass {
  readonly #lines: Buffer
  readonly #choice: FieldChoice
  readonly #hashKey: string
  readonly #parts: Uint8Array[] = []
  /** Up to here, the lines are in the parts or left out. */
  #done = 0
  /** By how much the result is longer so far. */
  growth = 0

  constructor(lines: Buffer, choice: FieldChoice, hashKey: string) {
    this.#lines = lines
    this.#choice = choice
    this.#hashKey = hashKey
  }

  result(): Uint8Array {
    this.#parts.push(this.#lines.subarray(this.#done))
    return Buffer.concat(this.#parts)
  }

  /** Edits the value of `field` that starts at `at`, and gives the position behind it. */
  value(field: Field, at: number): number {
    if (field.isPlain) return skipValue(this.#lines, at)
    const first = this.#lines[at]
    if (first === openBrace) return this.#object(field, at)
    if (first === openBracket) return this.#list(field, at)
    const end = skipValue(this.#lines, at)
    if (field.fate === 'hash' && first !== letterN) this.#replace(at, end, this.#hashed(at, end))
    return end
  }

  #object(field: Field, start: number): number {
    const lines = this.#lines
    let at = skipSpace(lines, start + 1)
    let commaBefore = -1
    let isFirst = true
    while (lines[at] === quote) {
      const keyEnd = skipString(lines, at)
      const member = this.#choice.child(field, lines.toString('latin1', at + 1, keyEnd - 1))
      const valueStart = skipSpace(lines, skipSpace(lines, keyEnd) + 1)
      const isDropped = member.fate === 'drop'
      const end = isDropped ? skipValue(lines, valueStart) : this.value(member, valueStart)
      const behind = skipSpace(lines, end)
      const next = lines[behind] === comma ? skipSpace(lines, behind + 1) : behind
      // One comma goes with the member: the one before it, unless no member is left there.
      if (isDropped && isFirst) this.#replace(at, next === behind ? end : next)
      else if (isDropped) this.#replace(commaBefore, end)
      else isFirst = false
      if (next === behind) return behind + 1
      commaBefore = behind
      at = next
    }
    return at + 1
  }

  /** What a list holds has the path of the list. */
  #list(field: Field, start: number): number {
    const lines = this.#lines
    let at = skipSpace(lines, start + 1)
    if (lines[at] === openBracket + 2) return at + 1
    for (;;) {
      const behind = skipSpace(lines, this.value(field, at))
      if (lines[behind] !== comma) return behind + 1
      at = skipSpace(lines, behind + 1)
    }
  }

  #replace(from: number, to: number, by?: Uint8Array): void {
    this.#parts.push(this.#lines.subarray(this.#done, from))
    if (by) this.#parts.push(by)
    this.#done = to
    this.growth += (by?.length ?? 0) - (to - from)
  }

  /** Of a text its characters, however they are escaped; of a number or boolean what stands there. */
  #hashed(start: number, end: number): Uint8Array {
    const hmac = createHmac('sha256', this.#hashKey)
    return Buffer.from(`"${hmac.update(this.#plain(start, end)).digest('hex')}"`, 'latin1')
  }

  #plain(start: number, end: number): Uint8Array | string {
    const written = this.#lines.subarray(start, end)
    if (written[0] !== quote) return written
    return written.includes(backslash) ? (JSON.parse(written.toString()) as string) : written.subarray(1, -1)
  }
}
