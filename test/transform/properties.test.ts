import fc from 'fast-check'
import { describe, test } from 'vitest'
import { createCheck, messageOf } from '../../scripts/fuzz/invariants.ts'
import { hostileKeys, hostileValues } from '../../scripts/fuzz/mutate.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { loadRuleFiles } from '../../src/transform/mapping/rule-files.ts'
import { loadSchemas } from '../../src/transform/mapping/schemas.ts'

// The invariants stand in scripts/fuzz/invariants.ts, which `npm run fuzz` looks after as well.
const checks = [{}, { preserveDuplicateCustomFields: true }, { strict: true }].map(options => createCheck(options))
const check = fc.constantFrom(...checks)
const tables = loadSchemas()

/** JSON texts: fast-check's own values, in which anything may stand anywhere, and those that are known to be hostile. */
const scalar = fc.oneof(
  fc.constantFrom(...hostileValues),
  fc.string({ unit: 'binary' }).map(text => JSON.stringify(text)),
  fc.string({ unit: 'grapheme' }).map(text => JSON.stringify(text)),
  // Any sixteen bits, halves of characters too, each as an escape.
  fc.array(fc.nat(0xffff), { maxLength: 6 }).map(units => `"${units.map(escaped).join('')}"`),
  fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(value => (Object.is(value, -0) ? '-0' : String(value))),
  fc
    .date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') })
    .map(date => JSON.stringify(date)),
)
const key = fc.oneof(
  fc.constantFrom(...hostileKeys),
  fc.string({ maxLength: 8 }).map(text => JSON.stringify(text)),
)
const space = fc.constantFrom('', '', '', ' ', '\n', '\r\n\t')
const { json } = fc.letrec<{ json: string }>(tie => ({
  json: fc.oneof(
    { depthSize: 'small' },
    { weight: 4, arbitrary: scalar },
    { weight: 1, arbitrary: fc.array(tie('json'), { maxLength: 4 }).map(items => `[${items.join()}]`) },
    { weight: 1, arbitrary: fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map(objectOf) },
    { weight: 1, arbitrary: tie('json').map(text => JSON.stringify(text)) },
  ),
}))

/** Duplicate keys and all. */
function objectOf(members: readonly (readonly [key: string, value: string])[]): string {
  return `{${members.map(([name, value]) => `${name}:${value}`).join()}}`
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`
}

/** A record of any table, known or not, with values of any kind in a few of its columns or in all, and unknown keys. */
const hostileRecord = fc
  .record({
    schema: fc.constantFrom(...tables, undefined),
    from: fc.nat(40),
    values: fc.oneof(fc.array(json, { maxLength: 3 }), fc.array(json, { minLength: 4, maxLength: 25 })),
    others: fc.array(fc.tuple(key, json), { maxLength: 4 }),
    beside: fc.array(fc.tuple(fc.oneof(key, fc.constantFrom('"time"', '"tenantId"', '"_TimeReceivedBySvc"')), json), {
      maxLength: 3,
    }),
    space,
  })
  .map(({ schema, from, values, others, beside, space }) => {
    const columns = [...(schema?.columns.keys() ?? ['DeviceName', 'ReportId', 'AdditionalFields'])]
    // A value that other columns have as well would not be missed.
    const some = values.length > 3 ? columns : values.map((_value, index) => columns[(from + index) % columns.length]!)
    const known = some.map((column, index) => [JSON.stringify(column), values[index % values.length]!] as const)
    const envelope = [
      ['"category"', JSON.stringify(`AdvancedHunting-${schema?.table ?? 'Novel'}`)],
      ['"properties"', space + objectOf([...known, ...others]) + space],
      ...beside,
    ] as const
    return objectOf(envelope)
  })

/** The members that rules read of the JSON in a column. */
const members = Map.groupBy(
  loadRuleFiles()
    .flatMap(({ rules }) => rules.flatMap(({ sources }) => sources))
    .flatMap(source => (source.kind === 'column' && source.key !== undefined ? [{ ...source, key: source.key }] : [])),
  ({ column }) => column,
)
const holding = tables.filter(({ columns }) => [...members.keys()].some(column => columns.has(column)))
const actions = ['ProcessCreated', 'OpenProcessApiCall', 'PnpDeviceConnected', 'ScheduledTaskCreated', 'LogonSuccess']

/** A record with any JSON in all of these members, where the column is an object or the text of one. */
const hostileMembers = fc
  .record({
    schema: fc.constantFrom(...holding),
    action: fc.constantFrom(...actions),
    values: fc.array(json, { minLength: 1, maxLength: 8 }),
    asText: fc.boolean(),
  })
  .map(({ schema, action, values, asText }) => {
    const columns = [...members]
      .filter(([column]) => schema.columns.has(column))
      .map(([column, sources]) => {
        const keys = [...new Set(sources.map(({ key }) => JSON.stringify(key)))]
        const object = objectOf(keys.map((key, index) => [key, values[index % values.length]!]))
        return [JSON.stringify(column), asText ? JSON.stringify(object) : object] as const
      })
    return objectOf([
      ['"category"', JSON.stringify(`AdvancedHunting-${schema.table}`)],
      ['"properties"', objectOf([...columns, ['"ActionType"', JSON.stringify(action)]])],
    ])
  })

/** A record as the service sends it; the table is chosen evenly, so that rare ones come as often as others. */
const usualRecord = fc
  .record({ schema: fc.constantFrom(...tables), seed: fc.nat(1_000_000), native: fc.boolean() })
  .map(({ schema, seed, native }) => createGenerator({ seed, tables: [schema.table], native }).nextRecord())

/** Whatever else may stand in `records`. */
const noRecord = fc.oneof(json, fc.array(fc.tuple(key, json), { maxLength: 4 }).map(objectOf))

const body = (record: fc.Arbitrary<string>, maxLength: number) =>
  fc.tuple(fc.array(record, { minLength: 1, maxLength }), space).map(([records, space]) => {
    return Buffer.concat([
      Buffer.from(space),
      messageOf(...records.map(text => Buffer.from(text + space))),
      Buffer.from(space),
    ])
  })

const holdsFor = (bodies: fc.Arbitrary<Buffer[]>, numRuns: number) =>
  fc.assert(
    fc.property(bodies, check, (some, checkAll) => {
      try {
        checkAll(some)
      } catch (error) {
        // fast-check shows bytes as numbers.
        throw new Error([String(error), ...some.map(String)].join('\n'), { cause: error })
      }
    }),
    // Always the same records: what other seeds find is for `npm run fuzz` to find.
    { numRuns, seed: 2026 },
  )

describe('from bytes to bytes, nothing is lost, doubled, distorted or spoilt by its neighbours', () => {
  test('for records as the service sends them, of all tables', () => {
    holdsFor(fc.array(body(usualRecord, 3), { minLength: 1, maxLength: 2 }), 40)
  })

  test('for records of all tables with any JSON in any column', () => {
    holdsFor(fc.array(body(hostileRecord, 3), { minLength: 1, maxLength: 2 }), 100)
  })

  test('for records with any JSON in the members of columns that rules read', () => {
    holdsFor(fc.array(body(hostileMembers, 3), { minLength: 1, maxLength: 2 }), 100)
  })

  test('for sound records among others and among what is no record at all', () => {
    const mixed = fc.oneof(usualRecord, hostileRecord, noRecord)
    holdsFor(fc.array(body(mixed, 5), { minLength: 1, maxLength: 3 }), 60)
  })

  test('for bodies that are any JSON, or any bytes', () => {
    const anything = fc.oneof(
      json.map(text => Buffer.from(text)),
      json.map(text => Buffer.from(`{"records":${text}}`)),
      fc.uint8Array({ maxLength: 40 }).map(bytes => Buffer.from(bytes)),
      fc
        .tuple(body(usualRecord, 2), fc.double({ min: 0, max: 1, noNaN: true }))
        .map(([whole, share]) => whole.subarray(0, whole.length * share)),
    )
    holdsFor(fc.array(anything, { minLength: 1, maxLength: 3 }), 150)
  })
})
