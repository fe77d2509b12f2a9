import { kind } from '../../scan/kinds.ts'
import type { Column } from '../names.ts'
import type { Run } from '../run.ts'
import type { Finding, Validator } from '../validate.ts'
import { scalarText } from '../values.ts'
import { reads } from '../vendor.ts'
import type { Cells } from './cells.ts'
import type { Slots } from './slots.ts'

const hyphen = 0x2d

/** Gives each cell the form of its column's type. What fits none is kept beside, and its cell is empty then. */
export function settle(cells: Cells, slots: Slots, validate: Validator, run: Run): void {
  const { kinds } = cells
  const { usual, addresses } = slots
  let odd: number[] | undefined
  for (let slot = 0; slot < usual.length; slot++) {
    if (((usual[slot]! >> kinds[slot]!) & 1) !== 0) continue
    odd ??= []
    odd.push(slot)
  }
  if (odd !== undefined) settleOdd(odd, cells, slots, validate, run)
  for (const slot of addresses) {
    if (isHyphen(cells, slot)) kinds[slot] = kind.empty
  }
}

function settleOdd(odd: readonly number[], cells: Cells, slots: Slots, validate: Validator, run: Run): void {
  const values = new Map(odd.map(slot => [slot, cells.parsed(slot)]))
  const ofColumns = odd.filter(slot => slot >= slots.envelope)
  const columns = Object.fromEntries(ofColumns.map(slot => [slots.columns[slot]!.column, values.get(slot)]))
  const findings = new Map(validate(columns)?.map(finding => [finding.column, finding]))
  for (const slot of odd) {
    const column = slots.columns[slot]!
    const finding = slot < slots.envelope ? undefined : findings.get(column.column)
    const value = values.get(slot)
    const isKept = finding === undefined || fits(finding, value, run)
    cells.set(slot, isKept ? read(column, value, run) : undefined)
  }
}

/** What converts without loss stays; what fits no field is kept beside. */
function fits({ column, name, expected, found }: Finding, value: unknown, run: Run): boolean {
  if (expected === 'string' && scalarText(value) !== undefined) {
    run.converted(column, value, { expected, found, field: `${run.root}.${name}` })
    return true
  }
  run.keepWithin(column, value, expected, found)
  return false
}

/** The one form that a type has for rules. */
function read({ label, type }: Column, value: unknown, run: Run): unknown {
  if (type === 'dynamic') return reads.dynamic(value, label, run)
  if (type === 'long' || type === 'int') return Number.isSafeInteger(value) ? value : reads.number(value)
  if (type === 'real') return reads.real(value)
  if (type === 'bool') return reads.boolean(value)
  return reads.text(value, label, run)
}

function isHyphen(cells: Cells, slot: number): boolean {
  const what = cells.kinds[slot]
  if (what === kind.plain)
    return cells.to[slot]! - cells.from[slot]! === 1 && cells.view.getUint8(cells.from[slot]!) === hyphen
  return what === kind.worked && cells.worked[slot] === '-'
}
