import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hostileValues } from '../../scripts/fuzz/mutate.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { readCases } from '../../src/transform/cases/read-cases.ts'
import { loadSchemas } from '../../src/transform/mapping/schemas.ts'
import { batch, options } from './support/batches.ts'

/** Two transforms, so that neither learns from the other. */
const scanning = createBatchTransform(options)
const parsing = createBatchTransform(options)

/** What becomes of a body: of one in the usual form, or of one that has to be parsed, because something stands before its records. */
function outcome(transform: typeof scanning, text: string) {
  const { chunk, rejects, drift } = transform(batch(text))
  return {
    lines: Buffer.from(chunk.lines).toString().split('\n').slice(0, -1),
    ids: chunk.ids,
    rejects: rejects.map(({ reason, detail, pointer, recordIndex, bytes }) => ({
      ...{ reason, detail, pointer, recordIndex },
      bytes: Buffer.from(bytes).toString(),
    })),
    drift: drift.map(entry => ({ ...entry, forms: Object.entries(entry.forms).sort() })).sort(byColumn),
  }
}

const byColumn = (a: { table: string; column: string }, b: { table: string; column: string }) =>
  `${a.table} ${a.column}` < `${b.table} ${b.column}` ? -1 : 1

function expectSame(records: readonly string[], [one, other] = [scanning, parsing]): void {
  const list = `"records":[${records.join()}]}`
  expect(outcome(one, `{${list}`)).toEqual(outcome(other, `{"before":0,${list}`))
}

const schemas = loadSchemas()

describe('a message that is read without parsing it becomes what it would become when it is parsed', () => {
  test.each(schemas.map(({ table }) => table))('%s, as the service sends it', table => {
    const { body } = createGenerator({ seed: 'scan', tables: [table] }).nextMessage(40)
    const { records } = JSON.parse(Buffer.from(body).toString()) as { records: object[] }
    expectSame(records.map(record => JSON.stringify(record)))
  })

  const cases = new URL('./mapping/cases/', import.meta.url)

  test.each(readdirSync(cases))('the events of %s', file => {
    const { cases: all } = readCases(readFileSync(new URL(file, cases), 'utf8'))
    for (const { record } of all.filter(({ dataset }) => dataset === 'event')) expectSame([record])
  })

  test('with any value in any column', () => {
    const value = fc.oneof(
      fc.constantFrom(...hostileValues),
      fc.constantFrom(
        '"-"',
        '"1.2.3.4"',
        '"01.2.3.4"',
        '"1.2.3"',
        '"fe80::1%eth0"',
        '123456789012345678',
        '12345678901234567890',
      ),
      fc.constantFrom(
        '"a\\\\b\\\\c.exe"',
        '"c.exe"',
        '"C.EXE"',
        '"a/b.txt"',
        '"b.txt"',
        '"a\\\\\\nb"',
        '"\\u0041"',
        '"\\/"',
      ),
      fc.constantFrom('"2026-02-28T23:59:59.999Z"', '"2026-02-29T00:00:00.0000000Z"', '"2026-01-01T00:00:00.1234567"'),
      fc.string({ unit: 'grapheme', maxLength: 12 }).map(text => JSON.stringify(text)),
      fc.integer().map(String),
      fc.boolean().map(String),
    )
    const record = fc
      .record({ schema: fc.constantFrom(...schemas), values: fc.array(value, { minLength: 1, maxLength: 60 }) })
      .map(({ schema, values }) => {
        const columns = [...schema.columns.keys()].map(
          (column, index) => `"${column}":${values[index % values.length]}`,
        )
        return `{"time":"2026-03-02T08:00:00.1234567Z","category":"AdvancedHunting-${schema.table}","properties":{${columns.join()}}}`
      })
    fc.assert(
      fc.property(fc.array(record, { minLength: 1, maxLength: 3 }), records => expectSame(records)),
      { numRuns: 400, seed: 2026 },
    )
  })

  test('more categories than are told apart by their bytes, twice', () => {
    const records = Array.from(
      { length: 1000 },
      (_, number) => `{"category":"Table${number % 500}","properties":{"A":1}}`,
    )
    expectSame(records)
  })

  describe('JSON that came as text', () => {
    const recordOf = (table: string, columns: Readonly<Record<string, string>>) =>
      `{"category":"AdvancedHunting-${table}","properties":${JSON.stringify(columns)}}`
    const jsonOf = (text: string) => recordOf('DeviceEvents', { AdditionalFields: text })

    const scalar = fc.constantFrom(
      ...[
        '"x"',
        '""',
        '"\\""',
        '"\\\\"',
        '"\\/"',
        '"\\u0041"',
        '"\\t\\b\\f\\r\\n"',
        '"é"',
        '"\\ud83d\\ude00"',
        '"\\ud83d"',
      ],
      ...['0', '-0', '1', '-1', '01', '1.5', '1e2', '1e999', 'true', 'false', 'null'],
      ...['123456789012345', '1234567890123456', '12345678901234567', '12345678901234567890'],
      ...['{}', '[]', '"', 'x', '', ' 1', '1 ', '"{\\"a\\":1}"', '"in"', '"2026-03-02T08:00:00Z"', '"10.0.0.1"'],
    )
    const listOf = (item: fc.Arbitrary<string>) => fc.array(item, { maxLength: 4 }).map(items => `[${items.join()}]`)
    const objectOf = (key: fc.Arbitrary<string>, json: fc.Arbitrary<string>) =>
      fc.array(fc.tuple(key, json), { maxLength: 5 }).map(all => `{${all.map(each => each.join(':')).join()}}`)
    const anyKey = fc.constantFrom(
      ...[
        '"a"',
        '"b"',
        '"A b"',
        '"1"',
        '"01"',
        '"-1"',
        '""',
        '"\\n"',
        '"\\u0061"',
        '"__proto__"',
        '"é"',
        '"direction"',
        '"query"',
      ],
    )
    const { json } = fc.letrec<{ json: string }>(tie => ({
      json: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        scalar,
        listOf(tie('json')),
        objectOf(anyKey, tie('json')),
      ),
    }))

    test('any, with everything that may be written in another way', () => {
      const text = fc.oneof(
        objectOf(anyKey, json),
        listOf(objectOf(anyKey, json)),
        listOf(scalar),
        fc.constantFrom(
          'x',
          ' [1]',
          '\t{"a":1}',
          '\u00a0{"a":1}',
          '[] ',
          '{"a":1}x',
          '["a"]x',
          '{"a":1}\n',
          '{ "a":1}',
        ),
      )
      fc.assert(
        fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), texts =>
          expectSame(
            texts.flatMap(each => [
              jsonOf(each),
              recordOf('DeviceNetworkInfo', { DnsAddresses: each, DefaultGateways: each }),
              recordOf('IdentityInfo', { Tags: each, AssignedRoles: each }),
            ]),
          ),
        ),
        { numRuns: 3000 },
      )
    })

    test('any, whose members are read by rules', () => {
      const names = ['direction', 'query', 'answers', 'TTLs', 'AA', 'RegionSize', 'InitiatingProcessPosixRealUser']
      const key = fc.constantFrom(...names.map(name => `"${name}"`), '"a"', '"\\u0041A"')
      const text = fc.oneof(
        { weight: 9, arbitrary: objectOf(key, json) },
        { weight: 1, arbitrary: listOf(objectOf(key, json)) },
        { weight: 1, arbitrary: objectOf(key, json).map(object => `${object}x`) },
      )
      const record = fc
        .tuple(
          fc.constantFrom('DeviceNetworkEvents', 'DeviceEvents', 'DeviceFileEvents'),
          fc.constantFrom('DnsConnectionInspected', 'InboundConnectionAccepted', 'NtAllocateVirtualMemoryApiCall'),
          text,
        )
        .map(([table, ActionType, AdditionalFields]) => recordOf(table, { ActionType, AdditionalFields }))
      fc.assert(
        fc.property(fc.array(record, { minLength: 1, maxLength: 6 }), records => expectSame(records)),
        { numRuns: 3000 },
      )
    })

    test('with more digits inside than a double holds', () => {
      const AdditionalFields = '{"answers":[12345678901234567890]}'
      const record = recordOf('DeviceNetworkEvents', { ActionType: 'DnsConnectionInspected', AdditionalFields })
      expectSame([record])
      expect(outcome(scanning, `{"records":[${record}]}`).lines[0]).toContain('"data":"12345678901234567890"')
    })

    test('so long that it has no room beside what was made', () => {
      const long = JSON.stringify({ a: 'x'.repeat(1_050_000), direction: 'in' })
      expectSame([recordOf('DeviceNetworkEvents', { AdditionalFields: long, LocalIP: '10.0.0.1' })])
    })

    test.each([2, 15, 16, 17, 18, 63, 64, 65])('nested %i deep', depth => {
      expectSame([jsonOf(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)])
      expectSame([jsonOf(`{"a":${'['.repeat(depth - 1)}1${']'.repeat(depth - 1)}}`)])
    })

    test.each([3, 4, 5, 6, 7])('nested %i deep where less is allowed', depth => {
      const limited = () => createBatchTransform({ ...options, limits: { depth: 5, keys: 8 } })
      const both = [limited(), limited()] as [typeof scanning, typeof parsing]
      expectSame([jsonOf(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`)], both)
      expectSame([jsonOf(`{"a":[${'1,'.repeat(depth)}1]}`)], both)
      expectSame([recordOf('IdentityInfo', { Tags: `[${'"x",'.repeat(depth + 3)}"x"]` })], both)
    })

    test.each([23, 24, 25, 9_998, 9_999, 10_000, 10_001])('with %i keys or elements', count => {
      const members = Array.from({ length: count }, (_, number) => `"k${number}":1`)
      expectSame([jsonOf(`{${members.join()}}`), jsonOf(`{"a":[${members.map(() => 1).join()}]}`)])
    })
  })

  test.each([
    [
      'keys that come twice',
      '{"category":"DeviceInfo","properties":{"DeviceName":"a","DeviceId":"d","DeviceName":"B"}}',
    ],
    ['a second category', '{"category":"DeviceInfo","category":"DeviceEvents","properties":{"DeviceName":"a"}}'],
    ['a second category that is none', '{"category":"DeviceInfo","properties":{"DeviceName":"a"},"category":{"a":1}}'],
    [
      'a hyphen for an address, and what begins with one',
      '{"category":"DeviceNetworkEvents","properties":{"LocalIP":"-","RemoteIP":"-1","MacAddress":"-a"}}',
    ],
    ['a category behind the properties', '{"properties":{"DeviceName":"a"},"category":"DeviceInfo"}'],
    ['a category with escapes', '{"category":"Device\\u0049nfo","properties":{"DeviceName":"a"}}'],
    ['a category beyond ASCII', '{"category":"Gerät","properties":{"DeviceName":"ä"}}'],
    ['an empty category', '{"category":"","properties":{"DeviceName":"a"}}'],
    ['keys with escapes', '{"category":"DeviceInfo","properties":{"Device\\u004eame":"a","De\\\\x":1,"é":"ü"}}'],
    [
      'white space everywhere',
      '{ "category" :\t"DeviceInfo" ,\n"properties" : { "DeviceName"\r\n: "a" , "DeviceId":"b" } }',
    ],
    ['a second category behind', '{"category":"DeviceInfo","properties":{"DeviceName":"a"},"category":"DeviceEvents"}'],
    ['an empty category behind', '{"category":"DeviceInfo","properties":{"DeviceName":"a"},"category":""}'],
    ['second properties', '{"category":"DeviceInfo","properties":{"DeviceName":"a"},"properties":{"DeviceId":"d"}}'],
    ['half a character inside', '{"category":"DeviceInfo","properties":{"AdditionalFields":{"a":"\\ud800"}}}'],
    [
      'escapes beside what is beyond ASCII',
      '{"category":"DeviceInfo","properties":{"DeviceName":"\\u0041é","Model":"\\/é"}}',
    ],
    ['no properties', '{"category":"DeviceInfo"}'],
    ['properties that are no object', '{"category":"DeviceInfo","properties":[]}'],
    ['nothing in them', '{"category":"DeviceInfo","properties":{}}'],
    ['a record that is none', '17'],
    ['half a character', '{"category":"DeviceInfo","properties":{"DeviceName":"\\ud800"}}'],
    ['an escaped pair', '{"category":"DeviceInfo","properties":{"DeviceName":"\\ud83d\\ude00"}}'],
    [
      'numbers of all forms',
      '{"category":"DeviceInfo","properties":{"A":-0,"B":1E2,"C":0.10,"D":-12,"ReportId":-123456789012345678}}',
    ],
    ['a key named __proto__', '{"category":"DeviceInfo","__proto__":{"a":1},"properties":{"__proto__":{"b":2}}}'],
  ])('%s', (_what, record) => expectSame([record]))

  test('records of every length about 64 KiB, with odd characters before and behind', () => {
    for (let length = 65_370; length < 65_560; length++) {
      const properties = {
        DeviceName: 'é',
        FileName: 'a',
        ProcessCommandLine: 'x'.repeat(length),
        FolderPath: 'C:\\b\\c',
      }
      expectSame([
        JSON.stringify({ category: 'DeviceProcessEvents', properties }),
        '{"category":"x","properties":{"a":"ä"}}',
      ])
    }
  })
})

describe('a message that turns out to be no JSON', () => {
  const good = '{"category":"AdvancedHunting-Novel","properties":{"A":"a"}}'

  test.each([
    ['a control character in a text', `${good},{"category":"x","properties":{"a":"b\u0001"}}]}`],
    ['a control character in a key', `${good},{"category":"x","properties":{"a\u0001":"b"}}]}`],
    ['an unknown escape', `${good},{"category":"x","properties":{"a":"\\x"}}]}`],
    ['a short escape of four', `${good},{"category":"x","properties":{"a":"\\u12"}}]}`],
    ['a number with a zero before it', `${good},{"category":"x","properties":{"a":01}}]}`],
    ['a number without digits', `${good},{"category":"x","properties":{"a":-}}]}`],
    ['a fraction without digits', `${good},{"category":"x","properties":{"a":1.}}]}`],
    ['an unknown word', `${good},{"category":"x","properties":{"a":nulL}}]}`],
    ['a comma too many', `${good},]}`],
    ['a comma in an object', `{"category":"x","properties":{"a":1,}}]}`],
    ['no comma', `${good}${good}]}`],
    ['a broken object inside', `${good},{"category":"x","properties":{"a":{"b":}}}]}`],
    ['a semicolon', `${good};${good}]}`],
    ['an escape of other letters', `${good},{"category":"x","properties":{"a":"\\u12zzz"}}]}`],
    ['an end too early', `${good},{"category":"x","properties":{"a":"b`],
    ['no end', `${good}]`],
    ['something behind the end', `${good}]}x`],
  ])('%s: is rejected whole, and nothing of it counts', (_what, rest) => {
    const { lines, rejects, drift } = outcome(scanning, `{"records":[${rest}`)
    expect(lines).toEqual([])
    expect(rejects).toMatchObject([{ reason: 'invalid_json', recordIndex: null }])
    expect(drift).toEqual([])
  })

  test('or another message, when any byte of it is another', () => {
    const { body } = createGenerator({ seed: 'changed', tables: ['DeviceEvents', 'EmailEvents'] }).nextMessage(3)
    const [, list] = /^\{(.*)$/s.exec(Buffer.from(body).toString())!
    const start = '"records":['.length
    const byte = fc.constantFrom(...'{}[]",:\\ \t\n\u0001\u00e90-+.eEntfu/a1')
    fc.assert(
      fc.property(fc.nat(), fc.nat(3), byte, (place, removed, inserted) => {
        const at = start + (place % (list!.length - start))
        const changed = `${list!.slice(0, at)}${removed === 3 ? '' : inserted}${list!.slice(at + removed)}`
        const [found, expected] = [outcome(scanning, `{${changed}`), outcome(parsing, `{"before":0,${changed}`)]
        if (expected.rejects[0]?.recordIndex !== null) expect(found).toEqual(expected)
        else expect([found.lines, found.rejects[0]?.reason]).toEqual([[], expected.rejects[0].reason])
      }),
      { numRuns: 3000 },
    )
  })

  test('takes nothing from those before and behind it', () => {
    const bodies = [`{"records":[${good}]}`, `{"records":[${good},{]}`, `{"records":[${good},${good}]}`]
    const { chunk, rejects, drift } = scanning(batch(...bodies))
    expect([...chunk.message]).toEqual([0, 2, 2])
    expect([...chunk.record]).toEqual([0, 0, 1])
    expect(chunk.ends.length).toBe(3)
    expect(chunk.ends.at(-1)).toBe(chunk.lines.length)
    expect(rejects).toHaveLength(1)
    expect(drift.map(({ count }) => count)).toEqual([3, 3])
  })
})
