import { expect, test } from 'vitest'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { type ColumnType, loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { recordOf, usual, written } from './records.ts'

const schemas = loadSchemas()
const mapper = createMapper(usual)

/** A value of the type that stands nowhere else in the record. */
function marked(column: string, type: ColumnType, index: number): unknown {
  if (/IP$|^IpAddress$|IPAddress$|IpAddress$|^IPv4Dhcp|IPv4$/.test(column)) return `10.1.${index >> 8}.${index & 255}`
  if (/^IPv6Dhcp|IPv6$/.test(column)) return `2001:db8::${index.toString(16)}`
  if (type === 'datetime') return `2026-03-01T10:00:00.${String(1_000_000 + index).slice(0, 7)}Z`
  if (type === 'bool') return true
  // Of these two, some tables have the boolean as 0 and 1.
  if (column === 'IsExternalUser' || column === 'IsCompliant') return 1
  if (type === 'long' || type === 'int') return 100_000 + index
  if (type === 'real') return index + 0.5
  return type === 'dynamic' ? { mark: `mark-${index}` } : `mark-${index}`
}

function leaves(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) leaves(inner, found)
  else found.add(value === 1 ? 'true' : String(value).toLowerCase())
  return found
}

test('there are 62 tables with 1,542 columns and the one that all rows have', () => {
  expect(schemas.length).toBe(62)
  const columns = schemas.flatMap(({ columns }) => [...columns.keys()].filter(column => column !== 'MachineGroup'))
  // MachineGroup is documented for DeviceInfo.
  expect(columns.length + 1).toBe(1542)
})

for (const { table, columns } of schemas) {
  test(`every column of ${table} reaches the document, alone and with all others`, () => {
    const values = [...columns].map(([column, type], index) => [column, marked(column, type, index)] as const)
    const whole = leaves(written(mapper.map(recordOf(table, Object.fromEntries(values))).document))
    for (const [column, value] of values) {
      const mark = [...leaves(value)][0]!
      const alone = written(mapper.map(recordOf(table, { [column]: value })).document)
      expect(leaves(alone), `${column} alone`).toContain(mark)
      expect(whole, column).toContain(mark)
      expect(alone).not.toHaveProperty('xdrelay')
    }
    expect(mapper.takeDrift()).toEqual([])
  })
}

test('ids and texts beyond 2^53 keep their digits in every long column', async () => {
  const { exactNumber } = await import('../../../src/transform/digits.ts')
  for (const { table, columns } of schemas) {
    const digits = [...columns].map(
      ([column], index) => [column, String(9_007_199_254_740_993n + BigInt(index) * 2n)] as const,
    )
    const record = recordOf(table, Object.fromEntries(digits.map(([column, text]) => [column, exactNumber(text)])))
    const text = JSON.stringify(mapper.map(record).document)
    for (const [column, exact] of digits) expect(text, `${table}.${column}`).toContain(exact)
  }
})
