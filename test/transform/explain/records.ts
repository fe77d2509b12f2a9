import { createGenerator } from '../../../src/emulator/generator/generator.ts'
import { createTracer, type Place } from '../../../src/transform/explain/trace.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { options, origin } from '../support/batches.ts'

export const tables = loadSchemas().map(({ table }) => table)

export const trace = createTracer({ ...options, ids: 'content' })

export function placeOf(body: string, record = 0): Place {
  return { origin, message: { body: Buffer.from(body), sequenceNumber: 7, offset: '70', enqueuedTime: 0 }, record }
}

/** A single record of this table and with these columns. */
export function placeOfColumns(table: string, properties: object, envelope: object = {}): Place {
  return placeOf(JSON.stringify({ records: [{ category: `AdvancedHunting-${table}`, ...envelope, properties }] }))
}

/** Records as the service sends them, and the same ones with columns emptied, turned into other types and added. */
export function* generated(table: string, count: number): Generator<string> {
  for (const native of [false, true]) {
    const generator = createGenerator({ seed: `explain-${table}`, tables: [table], native })
    for (let made = 0; made < count; made++) {
      const text = generator.nextRecord()
      yield text
      yield spoilt(JSON.parse(text), made)
    }
  }
}

const values = [
  '',
  null,
  '-',
  0,
  '0',
  true,
  'x',
  'PERSISTENCE',
  {},
  { direction: 'In' },
  ['a', 'B'],
  '{"direction":"out"}',
]

/** Every third column or so has another value; which ones differs from call to call. */
function spoilt(record: { properties: Record<string, unknown> }, made: number): string {
  const properties = Object.entries(record.properties).map(([column, value], index) => {
    const dice = (index * 7 + made * 5) % 3
    return [column, dice === 0 ? values[(index + made) % values.length] : value]
  })
  return JSON.stringify({ ...record, extra: made, properties: { ...Object.fromEntries(properties), Brand_New: made } })
}
