import * as kind from '../../kernel/kinds.ts'
import type { DefenderRecord } from '../../record.ts'
import type { Cells } from './cells.ts'
import { dropHyphens } from './settle.ts'
import type { TableCells } from './slots.ts'

/** Puts a record whose values were parsed into the cells. Returns how many of its members have no slot. */
export function loadParsed(
  cells: Cells,
  table: TableCells,
  { envelope, properties }: Pick<DefenderRecord, 'envelope' | 'properties'>,
): number {
  cells.begin(table)
  const { slots } = table
  cells.members = countKeys(envelope) + countKeys(properties)
  let without = cells.members - (Object.hasOwn(envelope, 'properties') ? 1 : 0)
  for (let slot = 0; slot < slots.columns.length; slot++) {
    const { column, type } = slots.columns[slot]!
    const value = slot < slots.envelope ? envelope[column] : properties[column]
    if (value === undefined) continue
    without--
    if (value === null || value === '') cells.kinds[slot] = kind.empty
    else {
      const form = slots.forms[slot]
      const isUsual = typeof value === form && (form !== 'number' || isUsualNumber(value, type))
      cells.kinds[slot] = isUsual ? kind.worked : kind.parsed
      cells.worked[slot] = value
    }
  }
  dropHyphens(cells, slots)
  cells.kernel.run.findOdd(slots.columns.length, slots.usual)
  return without
}

function isUsualNumber(value: unknown, type: string): boolean {
  return type === 'real' ? Number.isFinite(value) : Number.isSafeInteger(value)
}

/** Both come from JSON.parse: they inherit nothing that could be enumerated. */
function countKeys(record: object): number {
  let count = 0
  for (const _key in record) count++
  return count
}
