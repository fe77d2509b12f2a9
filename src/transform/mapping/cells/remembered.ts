import type { Kernel } from '../../kernel/kernel.ts'
import type { Position } from '../../record.ts'
import { toAction, toEntityId } from '../convert.ts'
import { splits } from '../split.ts'

/** What has to be known of the record at hand. */
interface Reader {
  readonly serial: number
  value(slot: number): unknown
  dateText(slot: number): string
}

/** Where JSON stands. */
interface Span {
  readonly from: number
  readonly to: number
}

/** Few-valued texts: there are some hundred. */
const mostActions = 2000

/**
 * A process has many records, and the hash of its id costs more than to look at the last one that fell into the same
 * place. A place has the number of the process, 23 bytes of its start, 40 of the device, and 30 of the id with quotes.
 */
const places = 1 << 14
const placeBytes = 128
const dateBytes = 23
export const deviceBytes = 40
const startAt = 4
const deviceAt = startAt + 24
const idAt = deviceAt + deviceBytes
export const processIdBytes = 30

/** The line as it is written, with escapes, and behind it its arguments and their number as JSON. */
interface Line {
  readonly from: number
  readonly args: number
  readonly count: number
  readonly end: number
  usedBy: number
}

/** More bytes than the JSON of a position usually has. */
const usualPosition = 2048

/** Command lines repeat: every record of a process has that of the initiating one. */
const mostLines = 1 << 13
const longestLine = 1000
const lineBytes = 4 << 20

/**
 * JSON that was made for earlier records, kept in the kernel's memory. What the record at hand refers to already is not
 * written over: it has to be there when the document is written.
 */
export class Remembered {
  readonly #kernel: Kernel
  readonly #actions = new Map<string, Span>()
  #processes = 0
  readonly #processUsedBy = new Float64Array(places)
  #position: Position | undefined
  #positionAt = 0
  #positionRoom = 0
  #positionSpan: Span = { from: 0, to: 0 }
  readonly #lines: (Line | undefined)[] = new Array(mostLines)
  #linesAt = 0
  #nextLine = 0

  constructor(kernel: Kernel) {
    this.#kernel = kernel
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

  /** The action of an action type in lower case; undefined when there are too many. */
  action(lower: string): Span | undefined {
    const known = this.#actions.get(lower)
    if (known !== undefined || this.#actions.size >= mostActions) return known
    const json = Buffer.from(JSON.stringify(toAction(lower)))
    const from = this.#kernel.put(json)
    const span = { from, to: from + json.length }
    this.#actions.set(lower, span)
    return span
  }

  /** Where the id of a process stands, whose number, start and device are slots of the usual forms; 0 for nowhere. */
  processId(record: Reader, pid: number, start: number, device: number): number {
    if (this.#processes === 0) {
      this.#processes = this.#kernel.keep(places * placeBytes)
    }
    const { from, view, bytes, run } = this.#kernel
    const number = record.value(pid) as number
    const at = from[start]!
    const machine = from[device]!
    const mixed = Math.imul(number ^ view.getInt32(at + 17, true) ^ view.getInt32(machine, true), 0x9e3779b1)
    const place = (mixed ^ (mixed >>> 15)) & (places - 1)
    const base = this.#processes + place * placeBytes
    const isKnown =
      view.getInt32(base, true) === number &&
      run.same(base + startAt, at, dateBytes) !== 0 &&
      run.same(base + deviceAt, machine, deviceBytes) !== 0
    if (!isKnown) {
      if (this.#processUsedBy[place] === record.serial) return 0
      const id = toEntityId(number, record.dateText(start), record.value(device))!
      view.setInt32(base, number, true)
      bytes.copyWithin(base + startAt, at, at + dateBytes)
      bytes.copyWithin(base + deviceAt, machine, machine + deviceBytes)
      bytes.write(JSON.stringify(id), base + idAt, 'latin1')
    }
    this.#processUsedBy[place] = record.serial
    return base + idAt
  }

  /** Where the parts of a command line stand; undefined for nowhere. */
  commandLine(record: Reader, slot: number): Line | undefined {
    const { from, to, run } = this.#kernel
    const at = from[slot]!
    const length = to[slot]! - at
    if (length > longestLine) return undefined
    const place = run.hash(at, at + length) & (mostLines - 1)
    const known = this.#lines[place]
    if (known !== undefined && known.args - known.from === length && run.same(known.from, at, length) !== 0) {
      known.usedBy = record.serial
      return known
    }
    return known?.usedBy === record.serial ? undefined : this.#addLine(record, slot, place)
  }

  #addLine(record: Reader, slot: number, place: number): Line | undefined {
    const split = splits.command_line!.run(record.value(slot))
    if (split === undefined) return undefined
    const { bytes, from, to } = this.#kernel
    const args = Buffer.from(JSON.stringify(split.args))
    const count = Buffer.from(JSON.stringify(split.count))
    const length = to[slot]! - from[slot]!
    const start = this.#roomForLine(record, length + args.length + count.length)
    if (start === undefined) return undefined
    const line = {
      from: start,
      args: start + length,
      count: start + length + args.length,
      end: start + length + args.length + count.length,
      usedBy: record.serial,
    }
    bytes.copyWithin(line.from, from[slot]!, to[slot])
    bytes.set(args, line.args)
    bytes.set(count, line.count)
    this.#lines[place] = line
    return line
  }

  /** When there is no more, all are forgotten, unless the record at hand refers to one. */
  #roomForLine(record: Reader, bytes: number): number | undefined {
    if (this.#nextLine === 0) this.#linesAt = this.#nextLine = this.#kernel.keep(lineBytes)
    if (this.#nextLine + bytes > this.#linesAt + lineBytes) {
      if (bytes > lineBytes || this.#lines.some(line => line?.usedBy === record.serial)) return undefined
      this.#lines.fill(undefined)
      this.#nextLine = this.#linesAt
    }
    const at = this.#nextLine
    this.#nextLine += bytes
    return at
  }
}
