import { expect } from 'vitest'
import { Kernel } from '../../../../src/transform/kernel/kernel.ts'
import { Cells } from '../../../../src/transform/mapping/cells/cells.ts'
import { createSlots, type Slots } from '../../../../src/transform/mapping/cells/slots.ts'
import type { Column } from '../../../../src/transform/mapping/names.ts'
import { createKeys } from '../../../../src/transform/scan/keys.ts'
import { Scanner } from '../../../../src/transform/scan/scan.ts'

const names = ['A', 'B', 'C', 'D', 'E']
const kernel = new Kernel()
const keys = createKeys(kernel, ['category', 'properties'], names)
const scanner = new Scanner(kernel)
const cells = new Cells(kernel)
const columnOf = (column: string, type: Column['type']): Column => ({
  ...{ column, type, label: column, name: column.toLowerCase(), fieldType: 'keyword', duplicate: false },
})

const slots = new Map<Column['type'], Slots>()

function slotsOf(type: Column['type']): Slots {
  const columns = names.map(name => columnOf(name, type))
  const known = slots.get(type) ?? createSlots([], columns, () => true, kernel, keys)
  slots.set(type, known)
  return known
}

/** Cells with these values in columns A to E, all of one type. They are the same each time. */
export function cellsOf(type: Column['type'], ...values: unknown[]): Cells {
  const members = values.flatMap((value, index) =>
    value === undefined ? [] : [`"${names[index]}":${JSON.stringify(value)}`],
  )
  const body = Buffer.from(`{"records":[{"category":"Table","properties":{${members.join()}}}]}`)
  expect(scanner.open(body) && scanner.next()).toBe('record')
  cells.load({ slots: slotsOf(type), inner: 0, fields: 3, constants: [], constantsAt: 0 }, scanner.tape)
  return cells
}
