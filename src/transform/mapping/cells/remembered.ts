import type { Kernel, Span } from '../../kernel/kernel.ts'
import type { Position } from '../../record.ts'
import { toAction } from '../convert.ts'
import { splits } from '../split.ts'
import { KnownTexts } from './known-texts.ts'

/** What tells the value of a slot. */
interface Reader {
  value(slot: number): unknown
}

/** A text of which there are few, such as an action type: in lower case, and where it stands as an action. */
export interface Known {
  readonly lower: string
  readonly action: Span
}

/** There are some hundred. */
const mostTexts = 2000

/** More bytes than the JSON of a position usually has. */
const usualPosition = 2048

/** The line as it is written, with escapes, and behind it its arguments and their number as JSON. */
interface Line {
  readonly from: number
  readonly args: number
  readonly count: number
  readonly end: number
}

/** Command lines repeat: every record of a process has that of the initiating one. */
const mostLines = 1 << 13
const longestLine = 1000
const lineBytes = 4 << 20

/**
 * JSON that was made for earlier records, kept in the kernel's memory. What the record at hand refers to has to be there
 * when its document is written: nothing is written over but command lines, from the oldest on, when there is no more room.
 */
export class Remembered {
  readonly #kernel: Kernel
  readonly #texts: KnownTexts<Known>
  #position: Position | undefined
  #positionAt = 0
  #positionRoom = 0
  #positionSpan: Span = { from: 0, to: 0 }
  readonly #lines: (Line | undefined)[] = new Array(mostLines)
  #linesAt = 0
  #nextLine = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
    this.#texts = new KnownTexts(kernel, mostTexts, text => {
      const lower = text.toLowerCase()
      return { lower, action: kernel.putText(JSON.stringify(toAction(lower))) }
    })
  }

  /** Where the position stands, but for the place of a record in the message. */
  position(position: Position): Span {
    if (position === this.#position) return this.#positionSpan
    const { eventHub, consumerGroup, partitionId, sequenceNumber, offset, enqueuedTime } = position
    const named = {
      eventhub: eventHub,
      consumer_group: consumerGroup,
      partition_id: partitionId,
      sequence_number: sequenceNumber,
      offset,
      enqueued_time: enqueuedTime,
    }
    const json = Buffer.from(`${JSON.stringify(named).slice(0, -1)},"record_index":`)
    // The names of a hub are short, so this happens once.
    if (json.length > this.#positionRoom) {
      this.#positionRoom = Math.max(json.length, usualPosition)
      this.#positionAt = this.#kernel.keep(this.#positionRoom)
    }
    this.#kernel.bytes.set(json, this.#positionAt)
    this.#position = position
    this.#positionSpan = { from: this.#positionAt, to: this.#positionAt + json.length }
    return this.#positionSpan
  }

  /** Of a text of ASCII without escapes, which stands there; undefined when there are too many. */
  text(from: number, to: number): Known | undefined {
    return this.#texts.find(from, to)
  }

  /** Where the parts of a command line stand; undefined for nowhere. */
  commandLine(record: Reader, slot: number): Line | undefined {
    const { from, to, run } = this.#kernel
    const at = from[slot]!
    const length = to[slot]! - at
    if (length > longestLine) return undefined
    const place = run.hash(at, at + length) & (mostLines - 1)
    const known = this.#lines[place]
    const isKnown = known !== undefined && known.args - known.from === length
    return isKnown && run.same(known.from, at, length) !== 0 ? known : this.#addLine(record, slot, place)
  }

  #addLine(record: Reader, slot: number, place: number): Line | undefined {
    const split = splits.command_line!.run(record.value(slot))
    if (split === undefined) return undefined
    const { bytes, from, to } = this.#kernel
    const args = Buffer.from(JSON.stringify(split.args))
    const count = Buffer.from(JSON.stringify(split.count))
    const length = to[slot]! - from[slot]!
    const start = this.#roomForLine(length + args.length + count.length)
    const line = {
      from: start,
      args: start + length,
      count: start + length + args.length,
      end: start + length + args.length + count.length,
    }
    bytes.copyWithin(line.from, from[slot]!, to[slot])
    bytes.set(args, line.args)
    bytes.set(count, line.count)
    this.#lines[place] = line
    return line
  }

  /**
   * When there is no more, all are forgotten: one that is written over in part might still look like its line, where another
   * has that inside. A record has a few lines only, so it never comes round to its own.
   */
  #roomForLine(bytes: number): number {
    if (this.#nextLine === 0) this.#linesAt = this.#nextLine = this.#kernel.keep(lineBytes)
    if (this.#nextLine + bytes > this.#linesAt + lineBytes) {
      this.#lines.fill(undefined)
      this.#nextLine = this.#linesAt
    }
    const at = this.#nextLine
    this.#nextLine += bytes
    return at
  }
}
