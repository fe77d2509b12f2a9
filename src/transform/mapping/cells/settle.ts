import * as kind from '../../kernel/kinds.ts'
import { stateOdd } from '../../kernel/layout.ts'
import type { Column } from '../names.ts'
import type { Run } from '../run.ts'
import type { Finding, Validator } from '../validate.ts'
import { scalarText } from '../values.ts'
import { reads } from '../vendor.ts'
import type { Cells } from './cells.ts'
import type { Slots } from './slots.ts'

/**
 * Gives each cell whose member has another form the form of its column's type. What fits none is kept beside, and its cell
 * is empty then.
 */
export function settle(cells: Cells, slots: Slots, validate: Validator, run: Run): void {
  const { state, odd } = cells.kernel
  const count = state[stateOdd]!
  if (count > 0) settleOdd(Array.from(odd.subarray(0, count)), cells, slots, validate, run)
}

function settleOdd(odd: readonly number[], cells: Cells, slots: Slots, validate: Validator, run: Run): void {
  const values = odd.map(slot => cells.parsed(slot))
  const columns: Record<string, unknown> = {}
  for (const [place, slot] of odd.entries()) {
    if (slot >= slots.envelope) columns[slots.columns[slot]!.column] = values[place]
  }
  const findings = validate(columns)
  for (const [place, slot] of odd.entries()) {
    const column = slots.columns[slot]!
    const isColumn = slot >= slots.envelope
    const finding = isColumn ? findings?.find(each => each.column === column.column) : undefined
    const value = values[place]
    const isKept = finding === undefined || fits(finding, value, run)
    cells.set(slot, isKept ? read(column, value, run) : undefined)
  }
  dropHyphens(cells, slots)
}

/** The service writes a hyphen where there is no address. */
export function dropHyphens(cells: Cells, { addresses }: Slots): void {
  for (const slot of addresses) {
    if (cells.kinds[slot] === kind.worked && cells.worked[slot] === '-') cells.kinds[slot] = kind.empty
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
