import type { JsonWriter } from '../../json-writer.ts'
import { parseExact } from '../../parse.ts'
import type { DefenderRecord, Position } from '../../record.ts'
import { viewOf } from '../../scan/bytes.ts'
import { bits, kind, texts } from '../../scan/kinds.ts'
import { type Cells, dateRefs, setRefs } from '../cells/cells.ts'
import { ip, isUsualDate } from '../cells/references.ts'
import { isSlot } from '../cells/sets.ts'
import type { Run } from '../run.ts'
import { runtime } from '../runtime.ts'
import { type DocumentPlan, steps, stepWidth } from './document-plan.ts'
import type { VendorField } from './vendor-field.ts'

const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d
const quote = 0x22
const comma = 0x2c

const scalars = bits(kind.integer, kind.truth, kind.falsity)

/** Where the objects that are open began. */
const opened = new Int32Array(64)

/** What all documents of a table have in common. */
export interface DocumentForm {
  readonly plan: DocumentPlan
  readonly vendor: readonly VendorField[]
  /** Told what each vendor field gets. */
  readonly told: ((field: VendorField, value: unknown) => void) | undefined
}

/** Adds what the table lacks to the object that holds the vendor fields. */
export type Others = (vendor: Record<string, unknown>) => void

/** Writes the document of the record in the cells: one object, without what is empty. */
export function writeDocument(
  { plan, vendor, told }: DocumentForm,
  cells: Cells,
  record: DefenderRecord,
  others: Others | undefined,
  run: Run,
  out: JsonWriter,
): void {
  const { steps: list, constants: keys } = plan
  const { refs, kinds, from, to, view } = cells
  // So far a copy of whole eights stays within the message.
  const end = cells.body.length - 8
  let depth = 0
  out.byte(openBrace)
  for (let at = 0; at < list.length; at += stepWidth) {
    const key = list[at + 1]!
    const keyEnd = list[at + 2]!
    switch (list[at]) {
      case steps.field: {
        const ref = refs[list[at + 3]!]!
        if (ref === 0) break
        const slot = ref - 1
        if (ref > 0 && ref < dateRefs && ((texts >> kinds[slot]!) & 1) !== 0 && to[slot]! < end) {
          out.member(keys, key, keyEnd, view, from[slot]! - 1, to[slot]! + 1)
        } else if (ref < 0) {
          out.member(keys, key, keyEnd, keys, plan.constantEnds[-1 - ref]!, plan.constantEnds[-ref]!)
        } else {
          out.copy(keys, key, keyEnd)
          writeRef(cells, ref, plan, out)
          out.byte(comma)
        }
        break
      }
      case steps.vendor: {
        const slot = list[at + 4]!
        const what = kinds[slot]!
        const number = list[at + 3]!
        if (what <= kind.empty && vendor[number]!.elseSlot === slot) break
        const isCopied = ((list[at + 5]! >> what) & 1) !== 0 && to[slot]! < end
        if (!isCopied || told !== undefined) {
          writeVendor(cells, vendor[number]!, keys, key, keyEnd, run, out, told)
          break
        }
        const { copies } = vendor[number]!
        if (copies.length > 0 && isElsewhere(cells, copies, slot)) break
        const quotes = ((texts >> what) & 1) as number
        out.member(keys, key, keyEnd, view, from[slot]! - quotes, to[slot]! + quotes)
        break
      }
      case steps.open:
        opened[depth++] = out.at
        out.copy(keys, key, keyEnd)
        break
      case steps.close:
        close(opened[--depth]!, out)
        break
      case steps.others:
        if (others !== undefined) writeOthers(opened[depth - 1]!, others, out)
        break
      case steps.position:
        if (record.position !== undefined) {
          out.copy(keys, key, keyEnd)
          writePosition(record.position, record.index, out)
          out.byte(comma)
        }
        break
      default: {
        const remarks = run.remarks(record.sanitized)
        if (remarks !== undefined) {
          out.copy(keys, key, keyEnd)
          out.value(remarks)
          out.byte(comma)
        }
      }
    }
  }
  // Every document has a field at least: its version of ECS.
  out.bytes[out.at - 1] = closeBrace
}

/** Ends the object that began at `start` with its key, or takes it back when it is empty. */
function close(start: number, out: JsonWriter): void {
  if (out.bytes[out.at - 1] === openBrace) {
    out.at = start
  } else {
    out.bytes[out.at - 1] = closeBrace
    out.byte(comma)
  }
}

function writeRef(cells: Cells, ref: number, plan: DocumentPlan, out: JsonWriter): void {
  if (ref < 0) out.copy(plan.constants, plan.constantEnds[-1 - ref]!, plan.constantEnds[-ref]!)
  else if (ref < dateRefs) writeCell(cells, ref - 1, out)
  else if (ref < setRefs) writeDate(cells, ref - dateRefs - 1, out)
  else {
    out.byte(openBracket)
    const set = cells.sets[ref - setRefs - 1]!
    const count = cells.counts[ref - setRefs - 1]!
    for (let index = 0; index < count; index++) {
      writeRef(cells, set[index]!, plan, out)
      out.byte(comma)
    }
    out.bytes[out.at - 1] = closeBracket
  }
}

/** The value of a column as it came, or what was worked out. */
function writeCell(cells: Cells, slot: number, out: JsonWriter): void {
  const what = cells.kinds[slot]!
  if (((texts >> what) & 1) !== 0) out.copy(cells.view, cells.from[slot]! - 1, cells.to[slot]! + 1)
  else if (((scalars >> what) & 1) !== 0) out.copy(cells.view, cells.from[slot]!, cells.to[slot]!)
  else if (what === kind.part) {
    writeQuoted(cells, slot, out)
  } else if (what === kind.written) {
    out.copy(cells.worked[slot] as DataView, cells.from[slot]!, cells.to[slot]!)
  } else out.value(cells.value(slot))
}

function writeQuoted(cells: Cells, slot: number, out: JsonWriter): void {
  out.byte(quote)
  out.copy(cells.view, cells.from[slot]!, cells.to[slot]!)
  out.byte(quote)
}

function writeDate(cells: Cells, slot: number, out: JsonWriter): void {
  const from = cells.from[slot]!
  out.copy(cells.view, from - 1, from + 23)
  out.byte(0x5a)
  out.byte(quote)
}

function writeVendor(
  cells: Cells,
  field: VendorField,
  keys: DataView,
  from: number,
  to: number,
  run: Run,
  out: JsonWriter,
  told: DocumentForm['told'],
): void {
  let { slot } = field
  if (cells.kinds[slot]! <= kind.empty) {
    slot = field.elseSlot
    if (cells.kinds[slot]! <= kind.empty) return
  }
  if (field.copies.length > 0 ? isElsewhere(cells, field.copies, slot) : field.isElsewhere?.(cells, slot) === true) {
    told?.(field, undefined)
    return
  }
  const bit = 1 << cells.kinds[slot]!
  if (
    (field.copied & bit) !== 0 ||
    (field.isDate && isCopiedDate(cells, slot)) ||
    (field.isAddress && ip(cells, slot) !== 0)
  ) {
    out.copy(keys, from, to)
    writeCopy(cells, slot, out)
  } else if ((field.quoted & bit) !== 0) {
    out.copy(keys, from, to)
    writeQuoted(cells, slot, out)
  } else {
    const value = field.value(cells, slot, run)
    told?.(field, value)
    if (value === undefined) return
    out.copy(keys, from, to)
    out.value(value)
    out.byte(comma)
    return
  }
  told?.(field, cells.value(slot))
  out.byte(comma)
}

/** Whether a field has the column's value: mostly as a reference to it. */
function isElsewhere(cells: Cells, copies: Int32Array, slot: number): boolean {
  const { refs } = cells
  for (let index = 0; index < copies.length; index++) if (refs[copies[index]!] === slot + 1) return true
  for (let index = 0; index < copies.length; index++) {
    const ref = refs[copies[index]!]!
    if (ref !== 0 && (isSlot(cells, ref, slot) || runtime.same(cells.of(ref), cells.value(slot)))) return true
  }
  return false
}

/** Also of an integer beyond what a double holds. */
function writeCopy(cells: Cells, slot: number, out: JsonWriter): void {
  if (cells.kinds[slot] === kind.long) out.copy(cells.view, cells.from[slot]!, cells.to[slot]!)
  else writeCell(cells, slot, out)
}

/** A date that the index takes as it came. */
function isCopiedDate(cells: Cells, slot: number): boolean {
  return isUsualDate(cells, slot) && cells.body[cells.to[slot]! - 1] === 0x5a
}

/** The object that is open has only what is known so far; it is read back, which only records with new keys need. */
function writeOthers(start: number, add: Others, out: JsonWriter): void {
  const begin = out.bytes.indexOf(openBrace, start)
  const known = out.bytes.toString('utf8', begin, out.at).replace(/,$/, '')
  const vendor = parseExact(Buffer.from(`${known}}`)).value as Record<string, unknown>
  add(vendor)
  out.at = begin
  out.json(JSON.stringify(vendor).slice(0, -1))
  if (out.bytes[out.at - 1] !== openBrace) out.byte(comma)
}

let lastPosition: Position | undefined
let lastBytes = viewOf(Buffer.alloc(0))

/** All records of a message have the same one, but for their place in it. */
function writePosition(position: Position, index: number, out: JsonWriter): void {
  if (position !== lastPosition) {
    const { eventHub, consumerGroup, partitionId, sequenceNumber, offset, enqueuedTime } = position
    const named = {
      eventhub: eventHub,
      consumer_group: consumerGroup,
      partition_id: partitionId,
      sequence_number: sequenceNumber,
      offset,
      enqueued_time: enqueuedTime,
    }
    lastPosition = position
    lastBytes = viewOf(Buffer.from(`${JSON.stringify(named).slice(0, -1)},"record_index":`))
  }
  out.copy(lastBytes, 0, lastBytes.byteLength)
  out.value(index)
  out.byte(closeBrace)
}
