import { describe, expect, test } from 'vitest'
import { createBatchTransform } from '../../../src/transform/batch.ts'
import { valueAt } from '../../../src/transform/cases/documents.ts'
import { createExplainer, type Explanation } from '../../../src/transform/explain/explain.ts'
import type { ExplainedField } from '../../../src/transform/explain/model.ts'
import { parseExact } from '../../../src/transform/parse.ts'
import { options } from '../support/batches.ts'
import { generated, placeOf, placeOfColumns, tables } from './records.ts'

const byContent = { ...options, ids: 'content' } as const
const explain = createExplainer(byContent)
const preserving = createExplainer({ ...byContent, preserveDuplicateCustomFields: true })
const transform = createBatchTransform(byContent)

const of = (table: string, properties: object, envelope: object = {}) =>
  explain(placeOfColumns(table, properties, envelope))
const field = ({ fields }: Explanation, name: string): ExplainedField => fields.find(each => each.field === name)!
const column = ({ columns }: Explanation, name: string) => columns.find(each => each.column === name)!

/** The paths of all values; what is inside of a list or of a flattened field is part of its value. */
function pathsOf(document: unknown, isWhole: (path: string) => boolean, path = ''): string[] {
  if (typeof document !== 'object' || document === null || Array.isArray(document) || isWhole(path)) return [path]
  return Object.entries(document).flatMap(([key, value]) =>
    pathsOf(value, isWhole, path === '' ? key : `${path}.${key}`),
  )
}

describe.each(tables)('%s', table => {
  const places = [...generated(table, 5)].map(record => placeOf(`{"records":[0,${record}]}`, 1))

  test('the document is the one that the batch transform makes', () => {
    for (const place of places) {
      const { origin, message } = place
      const { chunk } = transform({
        stream: '',
        origin,
        messages: [message],
        cursor: message,
        bytes: message.body.length,
      })
      const { document } = explain(place)
      expect(document).toEqual({ id: chunk.ids[0], line: Buffer.from(chunk.lines).toString().trimEnd() })
    }
  })

  test('no value of the document is without an explanation, and no column without a fate', () => {
    for (const explained of places.flatMap(place => [explain(place), preserving(place)])) {
      // With all digits of long numbers.
      const document = parseExact(Buffer.from(explained.document!.line)).value as object
      const known = new Set([
        ...explained.fields.filter(({ set_by: setBy }) => setBy.length > 0).map(each => each.field),
        ...explained.columns.flatMap(({ vendor }) => vendor.map(each => each.field)),
        ...explained.columns.flatMap(({ kept }) => (kept === null ? [] : [`xdrelay.kept.${kept}`])),
        'xdrelay.notes',
      ])
      const paths = pathsOf(document, path => known.has(path)).filter(path => !path.startsWith('azure.'))
      expect(paths.filter(path => !known.has(path))).toEqual([])
      for (const { field: name, value } of explained.fields) {
        expect(JSON.stringify(value), name).toBe(JSON.stringify(valueAt(document, name) ?? null))
      }
      for (const each of explained.columns) {
        const { vendor, duplicate_of: duplicate, kept, nothing } = each
        const fates = [vendor.length > 0, duplicate !== null, kept !== null, nothing !== null]
        expect(fates.filter(Boolean).length, JSON.stringify(each)).toBeGreaterThanOrEqual(1)
        for (const { field: path } of vendor) expect(valueAt(document, path), path).toBeDefined()
        if (duplicate !== null) {
          const there = [valueAt(document, duplicate)].flat().map(value => String(value).toLowerCase())
          expect(there).toContain(String(each.value).toLowerCase())
        }
      }
    }
  })
})

describe('a field', () => {
  test('names its columns, what was done to them, and the rule', () => {
    const explained = of('DeviceEvents', { DeviceName: 'WS-1' })
    expect(field(explained, 'host.name').set_by).toEqual([
      {
        rule: expect.stringMatching(/^envelope\.yaml:\d+$/),
        from: ['DeviceName'],
        as: ['in lower case'],
        because: [],
        and_not: [],
        value: 'ws-1',
        overwritten: false,
      },
    ])
  })

  test('names the rules that a later one has overwritten, and those that came too late', () => {
    const explained = of('DeviceProcessEvents', {
      ActionType: 'ProcessCreated',
      FileName: 'a.exe',
      FolderPath: 'C:\\a.exe',
    })
    const action = field(explained, 'event.action')
    expect(action.set_by.map(({ value, overwritten }) => [value, overwritten])).toEqual([
      ['processcreated', true],
      ['start', false],
    ])
    expect(action.set_by[1]!.because).toEqual(['ActionType is "ProcessCreated"'])
    const held = field(explained, 'process.name').not_by.filter(({ kind }) => kind === 'held_back')
    expect(held.map(({ from, why }) => [from, why[0]])).toEqual([
      [['process.executable'], expect.stringMatching(/^process\.name has a value already, by device\.yaml:\d+$/)],
    ])
  })

  test.each<[name: string, table: string, properties: object, field: string, why: string]>([
    [
      'a column that is not there',
      'DeviceNetworkEvents',
      {},
      'user.name',
      'InitiatingProcessAccountName is not in the record',
    ],
    [
      'an empty column',
      'DeviceNetworkEvents',
      { InitiatingProcessAccountName: '' },
      'user.name',
      'InitiatingProcessAccountName is empty',
    ],
    [
      'several columns',
      'AlertEvidence',
      { AccountSid: null },
      'user.id',
      'AccountSid is empty; AccountObjectId is not in the record',
    ],
    [
      'a column of another type',
      'DeviceProcessEvents',
      { AccountName: { a: 1 } },
      'user.name',
      'AccountName is of no use (object where string is expected)',
    ],
    [
      'a key that is not there',
      'DeviceNetworkEvents',
      { ActionType: 'DnsConnectionInspected', AdditionalFields: '{"a":1}' },
      'dns.question.name',
      'AdditionalFields.query is not there',
    ],
    [
      'a condition',
      'DeviceNetworkEvents',
      { ActionType: 'ConnectionSuccess', AdditionalFields: '{"query":"a"}' },
      'dns.question.name',
      'ActionType is "ConnectionSuccess", not "dnsconnectioninspected"',
    ],
    [
      'a part of a condition',
      'DeviceFileEvents',
      {},
      'host.os.type',
      'InitiatingProcessAccountSid and RequestAccountSid are not in the record',
    ],
    ['no address', 'DeviceNetworkEvents', { RemoteIP: 'somewhere' }, 'destination.ip', '"somewhere" is no IP address'],
    [
      'no address at all',
      'DeviceNetworkEvents',
      { RemoteIP: '-' },
      'destination.ip',
      'RemoteIP is "-", which stands for none',
    ],
    [
      'no number',
      'DeviceNetworkEvents',
      { RemotePort: 'x' },
      'destination.port',
      'RemotePort is of no use (string where int is expected)',
    ],
    [
      'one of several inputs',
      'DeviceProcessEvents',
      { ProcessId: 1, DeviceId: 'd' },
      'process.entity_id',
      'ProcessCreationTime is not in the record',
    ],
    [
      'a part that is not there',
      'DeviceNetworkEvents',
      { RemoteUrl: 'a.example' },
      'url.query',
      'RemoteUrl gives no query',
    ],
    [
      'a value without translation',
      'DeviceLogonEvents',
      { Protocol: 'NTLM' },
      'network.transport',
      '"NTLM" is none of the values that the rule translates',
    ],
  ])('says why it is empty: %s', (_name, table, properties, name, why) => {
    const { value, set_by: setBy, not_by: notBy } = field(of(table, properties), name)
    expect({ value, setBy }).toEqual({ value: null, setBy: [] })
    expect(notBy.filter(({ by_table: byTable }) => !byTable).map(each => each.why.join('; '))).toContain(why)
  })

  test('tells rules for other tables from those that this record did not meet', () => {
    const rules = field(of('DeviceNetworkEvents', {}), 'user.name').not_by
    expect(rules.map(({ by_table: byTable }) => byTable)).toEqual([true, false])
    expect(rules[0]!.why).toEqual(['RequestAccountName and AccountName are no columns of DeviceNetworkEvents'])
  })
})

test('where duplicates are preserved, the copies that a rule makes are fields as well', () => {
  const columns = { DeviceName: 'WS', ActionType: 'DnsConnectionInspected', AdditionalFields: '{"query":"a.example"}' }
  const explained = preserving(placeOfColumns('DeviceNetworkEvents', columns))
  expect(field(explained, 'm365_defender.event.dns.query')).toMatchObject({
    value: 'a.example',
    set_by: [{ from: ['AdditionalFields.query'] }],
  })
  expect(column(explained, 'DeviceName')).toMatchObject({
    duplicate_of: null,
    vendor: [{ field: 'm365_defender.event.device.name' }],
  })
})

describe('a column', () => {
  test.each<[name: string, table: string, properties: object, column: string, expected: object]>([
    [
      'in a field that has it',
      'DeviceInfo',
      { DeviceName: 'WS' },
      'DeviceName',
      { duplicate_of: 'host.hostname', vendor: [], nothing: null },
    ],
    [
      'a boolean from text',
      'DeviceInfo',
      { IsExcluded: '0' },
      'IsExcluded',
      { vendor: [{ field: 'm365_defender.event.is_excluded', type: 'boolean', converted: 'boolean from "0"' }] },
    ],
    [
      'a number from text',
      'DeviceProcessEvents',
      { ProcessId: '12' },
      'ProcessId',
      { vendor: [{ field: 'm365_defender.event.process.id', type: 'long', converted: 'number from text "12"' }] },
    ],
    [
      'JSON text',
      'DeviceEvents',
      { AdditionalFields: '{"a":1}' },
      'AdditionalFields',
      {
        vendor: [
          { field: 'm365_defender.event.additional_fields', type: 'flattened', converted: 'parsed from JSON text' },
        ],
      },
    ],
    ['empty', 'DeviceEvents', { DeviceName: '' }, 'DeviceName', { nothing: 'empty', vendor: [], fields: [] }],
    ['of the wrong type', 'DeviceInfo', { DeviceName: { a: 1 } }, 'DeviceName', { kept: 'DeviceName', vendor: [] }],
    [
      'unknown',
      'DeviceInfo',
      { BrandNew: 1 },
      'BrandNew',
      { type: null, vendor: [{ field: 'm365_defender.event.brand_new', type: 'dynamic', converted: null }] },
    ],
    ['with a name that no field can have', 'DeviceInfo', { 'a b': 1 }, 'a b', { type: null, kept: 'a b', vendor: [] }],
    [
      'the same as its twin',
      'DeviceProcessEvents',
      { LogonId: 7, LogonID: 7 },
      'LogonID',
      { vendor: [], nothing: 'the same as LogonId' },
    ],
  ])('%s', (_name, table, properties, name, expected) => {
    expect(column(of(table, properties), name)).toMatchObject(expected)
  })

  test('its fields are named with their rules, those that a later rule overwrote apart', () => {
    const { fields } = column(of('DeviceProcessEvents', { ActionType: 'ProcessCreated' }), 'ActionType')
    expect(fields).toEqual([{ field: 'event.action', rule: expect.any(String), overwritten: true }])
  })

  test('keys of the envelope are columns too', () => {
    const explained = of('DeviceInfo', { organization: 'a' }, { time: '2026-03-01T10:00:00Z', organization: 'b' })
    expect(column(explained, 'time')).toMatchObject({ in: 'envelope', type: 'datetime' })
    const both = explained.columns.filter(each => each.column === 'organization')
    expect(both.map(each => [each.in, each.vendor[0]?.field])).toEqual([
      ['envelope', 'm365_defender.event.properties_organization'],
      ['properties', 'm365_defender.event.organization'],
    ])
  })
})

test.each([
  ['DeviceInfo', 'known', 'DeviceInfo'],
  ['deviceINFO', 'case', 'DeviceInfo'],
  ['Novel', 'unknown', null],
])('the table %s is recognised as %s', (table, recognised, schema) => {
  const { envelope } = of(table, {}, { time: 't', tenantId: 'c' })
  expect(envelope).toMatchObject({ table, recognised, schema, time: 't', tenant: 'c' })
})

test('a record that cannot be mapped has its reject and nothing else', () => {
  const { envelope, document, reject, fields } = explain(placeOf('{"records":[{"category":"DeviceInfo"}]}'))
  expect({ envelope, document, fields }).toEqual({ envelope: null, document: null, fields: [] })
  expect(reject).toMatchObject({ reason: 'bad_envelope', pointer: '/records/0' })
})

test('in strict mode a rejected record has its columns explained, but no field has a value', () => {
  const strict = createExplainer({ ...byContent, strict: true })
  const { document, reject, columns, fields } = strict(placeOfColumns('DeviceInfo', { DeviceName: 1, DeviceId: 'd' }))
  expect(document).toBeNull()
  expect(reject).toMatchObject({ reason: 'invalid', pointer: '/records/0/properties/DeviceName' })
  expect(columns.map(each => each.column)).toContain('DeviceId')
  expect(fields.every(({ value }) => value === null)).toBe(true)
})
