import type { JsonWriter } from '../../json-writer.ts'
import {
  stateHasRemarks,
  stateIndex,
  stateNeed,
  statePosition,
  statePositionEnd,
  stateSlot,
  stateStep,
  stepField,
  stepOthers,
  stepRemarks,
  stepVendor,
  stepWords,
  stopCompare,
  stopEnd,
  stopRoom,
} from '../../kernel/layout.ts'
import { parseExact } from '../../parse.ts'
import type { DefenderRecord } from '../../record.ts'
import type { Cells } from '../cells/cells.ts'
import { ip } from '../cells/references.ts'
import { isSlot } from '../cells/sets.ts'
import type { Run } from '../run.ts'
import { runtime } from '../runtime.ts'
import type { DocumentPlan } from './document-plan.ts'
import type { VendorField } from './vendor-field.ts'

const openBrace = 0x7b
const comma = 0x2c

/** More than an opening brace, and the object that is open, take. */
const beginning = 64

/** What all documents of a table have in common. */
export interface DocumentForm {
  readonly plan: DocumentPlan
  readonly vendor: readonly VendorField[]
  /** Told what each vendor field gets. */
  readonly told: ((field: VendorField, value: unknown) => void) | undefined
}

/** Adds what the table lacks to the object that holds the vendor fields. */
export type Others = (vendor: Record<string, unknown>) => void

/**
 * Writes the document of the record in the cells: one object, without what is empty. The kernel copies all that is bytes,
 * and stops where a value has to be made.
 */
export function writeDocument(
  form: DocumentForm,
  cells: Cells,
  record: DefenderRecord,
  others: Others | undefined,
  run: Run,
  out: JsonWriter,
): void {
  const { kernel } = cells
  const { plan } = form
  kernel.reserve(beginning)
  tellPosition(cells, record)
  tellRemarks(cells, record, run)
  let stop = kernel.run.write(plan.steps, plan.stepsEnd, others !== undefined)
  while (stop !== stopEnd) {
    const { state, words } = kernel
    const step = state[stateStep]!
    const number = words[step / 4 + 3]!
    let isAgain = false
    if (stop === stepField) {
      out.value(cells.of(cells.refs[number]!))
      out.byte(comma)
    } else if (stop === stepVendor) {
      writeVendor(cells, step, form.vendor[number]!, state[stateSlot]!, run, out, form.told)
    } else if (stop === stopCompare) {
      isAgain = !isElsewhere(cells, form.vendor[number]!.copies, state[stateSlot]!)
    } else if (stop === stepOthers) {
      writeOthers(cells, others!, out)
    } else if (stop === stepRemarks) {
      out.value(run.remarks(record.sanitized))
      out.byte(comma)
    } else {
      if (stop !== stopRoom) throw new Error(`the kernel stopped for ${stop}`)
      kernel.reserve(state[stateNeed]!)
      isAgain = true
    }
    tellRemarks(cells, record, run)
    const isChecked = isAgain && stop === stopCompare
    stop = kernel.run.resumeWrite(isAgain ? step : step + stepWords * 4, isChecked)
  }
}

/** A field that has to be looked at more closely, or whose value is not the bytes that came. */
function writeVendor(
  cells: Cells,
  step: number,
  field: VendorField,
  slot: number,
  run: Run,
  out: JsonWriter,
  told: DocumentForm['told'],
): void {
  const { copies } = field
  // The kernel has compared already, unless somebody is to be told.
  const isThere = told !== undefined && copies.length > 0 && isElsewhere(cells, copies, slot)
  if (isThere || field.isElsewhere?.(cells, slot) === true) {
    told?.(field, undefined)
    return
  }
  const value = field.isAddress && ip(cells, slot) !== 0 ? cells.value(slot) : field.value(cells, slot, run)
  told?.(field, value)
  if (value === undefined) return
  const { words } = cells.kernel
  out.copy(words[step / 4 + 1]!, words[step / 4 + 2]!)
  out.value(value)
  out.byte(comma)
}

/** Whether a field has the column's value: mostly as a reference to it. */
function isElsewhere(cells: Cells, copies: Int32Array, slot: number): boolean {
  const { refs } = cells
  return copies.some(copy => {
    const ref = refs[copy]!
    return ref !== 0 && (isSlot(cells, ref, slot) || runtime.same(cells.of(ref), cells.value(slot)))
  })
}

/** The object that is open has only what is known so far; it is read back, which only records with new keys need. */
function writeOthers(cells: Cells, add: Others, out: JsonWriter): void {
  const { bytes, run } = cells.kernel
  const begin = bytes.indexOf(openBrace, run.opened())
  const known = bytes.toString('utf8', begin, out.at).replace(/,$/, '')
  const vendor = parseExact(Buffer.from(`${known}}`)).value as Record<string, unknown>
  add(vendor)
  out.at = begin
  out.json(JSON.stringify(vendor).slice(0, -1))
  if (cells.bytes[out.at - 1] !== openBrace) out.byte(comma)
}

function tellRemarks({ kernel }: Cells, { sanitized }: DefenderRecord, run: Run): void {
  kernel.state[stateHasRemarks] = run.hasRemarks(sanitized) ? 1 : 0
}

/** All records of a message have the same one, but for their place in it. */
function tellPosition(cells: Cells, { position, index }: DefenderRecord): void {
  const { state } = cells.kernel
  const span = position === undefined ? { from: 0, to: 0 } : cells.remembered.position(position)
  state[statePosition] = span.from
  state[statePositionEnd] = span.to
  state[stateIndex] = index
}
