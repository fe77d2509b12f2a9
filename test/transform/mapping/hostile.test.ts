import { expect, test } from 'vitest'
import { mapOne } from '../../../src/transform/cases/map-one.ts'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { at, recordOf, usual } from './records.ts'

// What else hostile records must not do is in test/transform/properties.test.ts.
const schemas = loadSchemas()
const mapper = createMapper(usual)

test.each(['\n', '\u2028', 'ab\ncd', 'a😀', '\0'])('an address of odd characters (%j) is kept', text => {
  for (const { table, columns } of schemas) {
    const addresses = [...columns.keys()].filter(column => /Mac|IP|Ip/.test(column))
    const properties = Object.fromEntries(addresses.map(column => [column, text]))
    const { document, reject } = mapOne(mapper, recordOf(table, properties))
    expect(reject).toBeUndefined()
    const written = JSON.stringify(document)
    if (addresses.length > 0) expect(written).toContain(JSON.stringify(text).slice(1, -1))
    // Half a character is written as an escape.
    expect(written).not.toMatch(/\\ud[89a-f]/)
  }
})

test('long texts take time in proportion to their length', () => {
  const length = 400_000
  const texts = [
    ' '.repeat(length),
    'A'.repeat(length),
    '\\"'.repeat(length / 2),
    'a.'.repeat(length / 2),
    '1'.repeat(length),
  ]
  for (const text of [
    ...texts,
    `[${'"",'.repeat(length / 3)}"x"]`,
    `${'['.repeat(length)}`,
    `http://${'a@'.repeat(length / 2)}`,
  ]) {
    for (const table of ['DeviceEvents', 'AlertEvidence', 'EmailUrlInfo', 'DeviceInfo']) {
      const schema = schemas.find(one => one.table === table)!
      const properties = Object.fromEntries([...schema.columns.keys()].map(column => [column, text]))
      // Quadratic time would be hours here, and end in the runner's timeout.
      expect(mapOne(mapper, recordOf(table, { ...properties, [text]: text })).document).toBeDefined()
    }
  }
  expect(JSON.stringify(mapper.takeDrift()).length).toBeLessThan(1_000_000)
})

/** As JSON text, as it is, and with white space, which is read in another way. */
const forms = [
  (value: object) => JSON.stringify(value),
  (value: object) => value,
  (value: object) => JSON.stringify(value, null, 1),
]

test.each(forms)('keys that Elasticsearch takes in no flattened field have others, or are text (%#)', form => {
  const additional = (value: object) => {
    const { document } = mapOne(mapper, recordOf('DeviceEvents', { AdditionalFields: form(value) }))
    return at(document, 'V.additional_fields')
  }
  expect(additional({ 'a\0b': 1, 'a\ufffdb': 2 })).toEqual({ 'a\ufffdb_': 1, 'a\ufffdb': 2 })
  const long = { ['k'.repeat(2701)]: 1 }
  expect(additional(long)).toEqual({ value: JSON.stringify(long) })
  const path = { ['k'.repeat(1400)]: { ['l'.repeat(1400)]: [{ a: 1 }] }, b: 2 }
  expect(additional(path)).toEqual({ value: JSON.stringify(path) })
  const fitting = { ['k'.repeat(1300)]: { ['l'.repeat(1300)]: 1 } }
  expect(additional(fitting)).toEqual(fitting)
})

test('a value whose name is too long for the index is kept with its whole name', () => {
  const name = `${'n'.repeat(33_000)}\0`
  const { document } = mapOne(mapper, recordOf('DeviceEvents', { [name]: 'here' }))
  const kept = at(document, 'xdrelay.kept') as Record<string, string>
  expect(Object.entries(kept)).toEqual([[`${'n'.repeat(1024)}…`, JSON.stringify({ [name]: 'here' })]])
})
