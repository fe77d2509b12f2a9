import { loadSchemas } from '../../src/transform/mapping/schemas.ts'
import type { Row } from './mapped-chunk.ts'

const schemas = loadSchemas()

/** Both are beyond the 32,766 bytes of a term. */
const longText = 'x'.repeat(33_000)
const longUmlauts = 'ä'.repeat(17_000)

/** Values of wrong types and sizes, each put into every column of a table at once. */
export const hostileValues: Readonly<Record<string, unknown>> = {
  'a long text': longText,
  'a long text of characters with several bytes': longUmlauts,
  'JSON text that holds a long one': JSON.stringify({ list: [longText] }),
  'JSON text with a long key': JSON.stringify({ [longText.slice(0, 8000)]: 'x' }),
  'JSON text that is deep': `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`,
  'an object': { Inner: 'x', Deeper: { value: 1 } },
  'an object in JSON text': '{"Inner":"x","direction":{"a":1},"query":["b"],"answers":[{"data":1}]}',
  'a list of objects': [{ A: 'x' }, { A: { B: 1 } }],
  'a list of everything': ['x', 1, true, null, { A: 1 }, ['y']],
  'a list of lists in JSON text': '[["a"],[1,["b"]]]',
  'a huge integer': '123456789012345678901234567890',
  'an integer beyond a long': 9_223_372_036_854_775_808n.toString(),
  'a float': 1.5e300,
  'a negative number': -1,
  'a boolean': true,
  'a word': 'no number',
  'a date with a blank': '2026-03-02 08:00:00.1234567',
  'an impossible date': '2026-02-30T25:61:00Z',
  'a year of five digits': '+12026-01-01T00:00:00Z',
  'an address that is none': '999.1.2.3',
  'an address with a zone': 'fe80::1%eth0',
  'strange keys': { '': 1, '.': 2, ' ': 3, 'a..b': 4, 'a.': 5, '.a': 6, __proto__x: 7 },
  'strange keys in JSON text': '{"":1,".":2," ":3,"a..b":4,"a.":5,"":{"":{}}}',
}

/** A row of every table for each of the values. */
export function wrongRows(): { title: string; row: Row }[] {
  return Object.entries(hostileValues).flatMap(([title, value]) =>
    schemas.map(({ table, columns }) => ({
      title: `${table}: ${title}`,
      row: { table, properties: Object.fromEntries([...columns.keys()].map(column => [column, value])) },
    })),
  )
}

/** Columns that nobody knows, each with one value after the other; most look like known columns. */
export function unknownRows(): { title: string; row: Row }[] {
  const lookAlikes = ['reportId', 'additionalFields', 'Ip_Address', 'timestamp', 'Xdrelay', 'isSigned', 'category']
  const columns = ['BrandNewColumn', ...lookAlikes]
  const known = { DeviceName: 'host', Timestamp: '2026-03-02T08:00:00Z' }
  const orders = [Object.entries(hostileValues), Object.entries(hostileValues).reverse()]
  return ['DeviceEvents', 'NobodyKnowsEvents'].flatMap(table =>
    orders.flatMap((order, turn) =>
      order.map(([title, value]) => ({
        title: `${table}: new columns with ${title}`,
        row: {
          table,
          properties: { ...known, ...Object.fromEntries(columns.map(name => [name + (turn || ''), value])) },
        },
      })),
    ),
  )
}
