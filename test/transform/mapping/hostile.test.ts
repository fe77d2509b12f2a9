import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactDigits, exactNumber, isExactNumber } from '../../../src/transform/digits.ts'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { recordOf, usual } from './records.ts'

const schemas = loadSchemas()
const mappers = [usual, { ...usual, preserveDuplicateCustomFields: true }].map(options => createMapper(options))

const scalar = fc.oneof(
  fc.string(),
  fc.constantFrom('-', '10.0.0.1', '2026-01-01T00:00:00Z', 'a\\b/c.d', '"x y" z', 'true', '0', 'http://[x/'),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter(value => !Object.is(value, -0)),
  fc.boolean(),
  fc.constant(null),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }).map(value => exactNumber(String(value))),
)
const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', 'constructor', 'toString', 'a.b', '', ' ', '\0', 'Device', 'foo', 'Foo'),
)
const { value: anything } = fc.letrec(tie => ({
  value: fc.oneof(
    { weight: 4, arbitrary: scalar },
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map(objectOf),
    fc.array(scalar, { maxLength: 3 }).map(list => JSON.stringify(list)),
  ),
}))
const record = fc
  .tuple(
    fc.constantFrom(...schemas, undefined),
    fc.array(anything, { minLength: 5, maxLength: 25 }),
    fc.array(fc.tuple(key, anything), { maxLength: 6 }),
  )
  .map(([schema, values, others]) => {
    const columns = [...(schema?.columns.keys() ?? ['DeviceName', 'ReportId', 'FileName'])]
    const known = columns.map((column, index) => [column, values[index % values.length]] as [string, unknown])
    return { table: schema?.table ?? 'Unknown', entries: [...known, ...others] }
  })

/** Own keys whatever they are called, as JSON.parse makes them. */
function objectOf(entries: readonly (readonly [string, unknown])[]): object {
  const result = {}
  for (const [name, value] of entries) {
    Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return result
}

test('no record makes the mapper throw, and every value can be found again', () => {
  fc.assert(
    fc.property(record, fc.nat(1), ({ table, entries }, which) => {
      const properties = objectOf(entries) as Record<string, unknown>
      const { document, reject } = mappers[which]!.map(
        recordOf(table, properties, { envelope: { Extra: properties.Extra } }),
      )
      expect(reject).toBeUndefined()
      const found = texts(JSON.parse(JSON.stringify(document, undefined), keepDigits))
      const all = [...found].join('\n')
      for (const leaf of texts(properties)) {
        if (isNothing(leaf)) continue
        const forms =
          leaf === 'true' ? ['true', '1'] : leaf === 'false' ? ['false', '0'] : [JSON.stringify(leaf).slice(1, -1)]
        if (!found.has(leaf) && !forms.some(form => all.includes(form)))
          throw new Error(`${JSON.stringify(leaf)} is lost`)
      }
    }),
    { numRuns: 300 },
  )
})

/** A hyphen in an address column is nothing, and so is JSON text without a value. */
function isNothing(leaf: string): boolean {
  return leaf === '-' || /^\s*[{[]/.test(leaf)
}

function texts(value: unknown, found: Set<string> = new Set()): Set<string> {
  if (isExactNumber(value)) found.add(exactDigits(value))
  else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) texts(inner, found)
  else if (value === true || value === 1 || value === 'true' || value === '1') found.add('true')
  else if (value === false || value === 0 || value === 'false' || value === '0') found.add('false')
  else if (value !== null && value !== undefined && value !== '') found.add(String(value).toLowerCase())
  return found
}

function keepDigits(this: unknown, _key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) ? (context?.source ?? value) : value
}

test.each(['\n', '\u2028', 'ab\ncd', '😀', '\0'])('an address of odd characters (%j) is kept', text => {
  for (const { table, columns } of schemas) {
    const addresses = [...columns.keys()].filter(column => /Mac|IP|Ip/.test(column))
    const properties = Object.fromEntries(addresses.map(column => [column, text]))
    const { document, reject } = mappers[0]!.map(recordOf(table, properties))
    expect(reject).toBeUndefined()
    if (addresses.length > 0) expect(texts(document)).toContain(text)
  }
})

test('long texts take time in proportion to their length', () => {
  const length = 400_000
  const mapper = createMapper(usual)
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
      expect(mapper.map(recordOf(table, { ...properties, [text]: text })).document).toBeDefined()
    }
  }
  expect(JSON.stringify(mapper.takeDrift()).length).toBeLessThan(1_000_000)
})
