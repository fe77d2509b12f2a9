import { skipValue } from '../../core/json-slices.ts'
import type { Kernel } from '../kernel/kernel.ts'
import {
  bodyAt,
  foundEnd,
  foundNested,
  foundRecord,
  stateAtByte,
  stateCategory,
  stateCategoryFrom,
  stateCategoryTo,
} from '../kernel/layout.ts'
import { parseExact } from '../parse.ts'
import { Tape } from './tape.ts'

const start = Buffer.from('{"records":[')
const nothing = Buffer.alloc(0)

/** What comes next in a message. `unusual` says nothing about it: it has to be parsed. */
export type Found = 'record' | 'end' | 'unusual'

/**
 * Finds the members of the records of a message in its bytes, one record after the other, without making a value of any:
 * what is only passed on keeps its bytes and digits. Accepts the usual form alone, and nothing that is not JSON.
 */
export class Scanner {
  readonly tape: Tape
  readonly #kernel: Kernel
  /** Categories by number; each in one piece, so that it may be kept. */
  readonly #categories: string[] = []
  #body: Buffer = nothing

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.tape = new Tape(kernel)
  }

  /** False for a message that does not begin as usual, or is very large. `body` is valid UTF-8. */
  open(body: Buffer): boolean {
    if (body.length <= start.length || body.compare(start, 0, start.length, 0, start.length) !== 0) return false
    if (!this.#kernel.take(body)) return false
    this.#body = body
    this.#kernel.run.open(bodyAt + start.length, bodyAt + body.length)
    return true
  }

  /** Lets go of the message. */
  close(): void {
    this.#body = nothing
    this.tape.close()
  }

  /** Reads one record, which is on the tape then. */
  next(): Found {
    const { run } = this.#kernel
    this.tape.begin()
    let found = run.next()
    while (found === foundNested) {
      const end = this.#nested(this.#kernel.state[stateAtByte]! - bodyAt)
      if (end === 0) return 'unusual'
      found = run.resumeScan(bodyAt + end)
    }
    if (found !== foundRecord) return found === foundEnd ? 'end' : 'unusual'
    this.tape.name = this.#category()
    return 'record'
  }

  /** Where the value ends that begins at `from`; 0 for what has to be mended, or is no JSON. */
  #nested(from: number): number {
    const end = skipValue(this.#body, from)
    try {
      const { value, sanitized } = parseExact(this.#body.subarray(from, end))
      if (sanitized) return 0
      this.tape.nested.set(bodyAt + from, value)
      return end
    } catch {
      return 0
    }
  }

  #category(): string {
    const { state } = this.#kernel
    const number = state[stateCategory]! | 0
    const known = this.#categories[number]
    if (known !== undefined) return known
    const name = this.tape.textAt(state[stateCategoryFrom]!, state[stateCategoryTo]!)
    if (number >= 0) this.#categories[number] = name
    return name
  }
}
