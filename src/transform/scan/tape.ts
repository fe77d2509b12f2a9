import type { Kernel } from '../kernel/kernel.ts'
import { bodyAt, memberBytes, membersAt, scratchAt, stateFrom, stateMembersEnd, stateTo } from '../kernel/layout.ts'

/**
 * The members of one record, which the kernel lists, and what can be told of the record besides. One tape serves all
 * records of a thread, one after the other. Places are addresses in the kernel's memory.
 */
export class Tape {
  readonly #kernel: Kernel
  name = ''
  /** Parsed objects and lists, by the place of their first byte. */
  readonly nested = new Map<number, unknown>()

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  /** Lets go of the message. */
  close(): void {
    this.nested.clear()
  }

  begin(): void {
    if (this.nested.size > 0) this.nested.clear()
  }

  /** How many members the record has. */
  get length(): number {
    return (this.#kernel.state[stateMembersEnd]! - membersAt) / memberBytes
  }

  /** Places of the record in the message. */
  get start(): number {
    return this.#kernel.state[stateFrom]! - bodyAt
  }

  get end(): number {
    return this.#kernel.state[stateTo]! - bodyAt
  }

  /** The record as it came; a view. */
  bytes(): Buffer {
    const { bytes, state } = this.#kernel
    return bytes.subarray(state[stateFrom], state[stateTo])
  }

  /** The characters that stand there, one per byte. */
  slice(from: number, to: number): string {
    return this.#kernel.bytes.toString('latin1', from, to)
  }

  /** The text that stands there. */
  textAt(from: number, to: number): string {
    const { bytes, run } = this.#kernel
    const end = run.withoutEscapes(from, to, scratchAt)
    if (end > 0) return bytes.toString('latin1', scratchAt, end)
    const written = bytes.toString('utf8', from, to)
    return written.includes('\\') ? (JSON.parse(`"${written}"`) as string) : written
  }
}
