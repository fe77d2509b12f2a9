import { readdirSync, readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { generateSchemas } from '../scripts/generate-schemas.ts'
import { evidenceKinds } from '../src/emulator/microsoft/evidence.ts'
import { SecurityStore } from '../src/emulator/microsoft/security-store.ts'

const directory = new URL('../schemas/', import.meta.url)
const generated = generateSchemas()

function validator(name: string) {
  const ajv = new Ajv({ strict: true, allErrors: true, keywords: ['x-type'] })
  return ajv.compile(JSON.parse(generated.get(`${name}.json`)!))
}

test('the committed schemas are the generated ones: 62 tables, the envelope, the items of the APIs, and evidence', () => {
  const committed = readdirSync(directory).filter(name => name.endsWith('.json'))
  expect(committed.sort()).toEqual([...generated.keys()].sort())
  expect(committed).toHaveLength(67)
  for (const name of committed) expect(readFileSync(new URL(name, directory), 'utf8')).toBe(generated.get(name))
})

test('ajv compiles all of them together in strict mode', () => {
  const ajv = new Ajv({ strict: true, keywords: ['x-type'] })
  for (const text of generated.values()) ajv.addSchema(JSON.parse(text))
  for (const text of generated.values()) expect(ajv.getSchema(JSON.parse(text).$id)).toBeTypeOf('function')
})

test('the 1,542 documented columns and MachineGroup are there, each with its documented type', () => {
  const types = new Set<string>()
  let columns = 0
  for (const [name, text] of generated) {
    if (/^[a-z]/.test(name)) continue
    const { properties } = JSON.parse(text) as { properties: Record<string, { 'x-type': string }> }
    expect(properties.MachineGroup?.['x-type'], name).toBe('string')
    columns += Object.keys(properties).length
    for (const property of Object.values(properties)) types.add(property['x-type'])
  }
  // DeviceInfo documents MachineGroup itself; the other 61 tables get it on top.
  expect(columns).toBe(1542 + 61)
  expect([...types].sort()).toEqual(['bool', 'datetime', 'dynamic', 'int', 'long', 'real', 'string'])
})

const good: [table: string, column: string, value: unknown][] = [
  ['DeviceProcessEvents', 'ReportId', 20417],
  ['DeviceProcessEvents', 'ReportId', '639199916335081329'],
  ['DeviceProcessEvents', 'ProcessId', null],
  ['DeviceProcessEvents', 'Timestamp', '2026-03-01T08:15:40.9012345Z'],
  ['DeviceProcessEvents', 'MachineGroup', 'Workstations'],
  ['DeviceProcessEvents', 'ColumnOfTomorrow', { nested: [1] }],
  ['IdentityLogonEvents', 'Port', ''],
  ['IdentityLogonEvents', 'AdditionalFields', { 'TO.DEVICE': 'srv-02' }],
  ['IdentityLogonEvents', 'AdditionalFields', '{"Count":"1"}'],
  ['CloudAppEvents', 'UncommonForUser', ['ISP']],
  ['DeviceTvmSecureConfigurationAssessment', 'ConfigurationImpact', 7.5],
  ['DeviceTvmSecureConfigurationAssessment', 'ConfigurationImpact', '7.5'],
  ...[true, false, 0, 1, '0', '1', 'true', 'false', '', null].map((value): [string, string, unknown] => [
    'CloudAppEvents',
    'IsAdminOperation',
    value,
  ]),
]

test.each(good)('%s.%s takes %j', (table, column, value) => {
  const validate = validator(table)
  expect(validate({ [column]: value }), JSON.stringify(validate.errors)).toBe(true)
})

const bad: [table: string, column: string, value: unknown][] = [
  ['DeviceProcessEvents', 'FileName', 7],
  ['DeviceProcessEvents', 'Timestamp', 1234],
  ['DeviceProcessEvents', 'ProcessId', 1.5],
  ['DeviceProcessEvents', 'ProcessId', 'twelve'],
  ['DeviceProcessEvents', 'ReportId', 'd81f8a1c-1f0e-4c1d-8a90-2f6e1c9b7d44'],
  ['DeviceProcessEvents', 'MachineGroup', {}],
  ['CloudAppEvents', 'IsAdminOperation', 2],
  ['CloudAppEvents', 'IsAdminOperation', 'yes'],
  ['DeviceTvmSecureConfigurationAssessment', 'ConfigurationImpact', 'high'],
]

test.each(bad)('%s.%s objects to %j', (table, column, value) => {
  expect(validator(table)({ [column]: value })).toBe(false)
})

test('the envelope asks for a category and a properties object, and for nothing else', () => {
  const validate = validator('envelope')
  expect(validate({ category: 'AdvancedHunting-DeviceEvents', properties: {}, extra: 1 })).toBe(true)
  expect(validate({ category: 'AdvancedHunting-DeviceEvents', time: null, tenantId: null, properties: {} })).toBe(true)
  for (const record of [{ properties: {} }, { category: 'x' }, { category: '', properties: {} }, null, [], 'text']) {
    expect(validate(record), JSON.stringify(record)).toBe(false)
  }
  expect(validate({ category: 'x', properties: [] })).toBe(false)
})

test("an incident's schema has its own properties and those of an alert, each with the alert's type", () => {
  const types = (name: string) => {
    const { properties } = JSON.parse(generated.get(`${name}.json`)!) as { properties: Record<string, object> }
    return properties
  }
  const ofAlert = Object.entries(types('alert'))
  expect(ofAlert.length).toBeGreaterThan(30)
  for (const [column, type] of ofAlert) expect(types('incident')[`alerts.${column}`]).toEqual(type)
  expect(types('incident').redirectIncidentId).toBeDefined()
})

describe('evidence', () => {
  const isEvidence = validator('evidence')
  const type = (kind: string) => `#microsoft.graph.security.${kind}`

  test('has a definition for each kind that Graph documents', () => {
    const { definitions } = JSON.parse(generated.get('evidence.json')!) as { definitions: object }
    // Those of the reference, and what several kinds have in common.
    expect(Object.keys(definitions).filter(name => name.endsWith('Evidence'))).toHaveLength(49)
  })

  test('of each kind that the stand-in makes fits', () => {
    const store = new SecurityStore('76eca77d-9f67-4e26-816d-3fa3e0fc412e', 'schemas')
    store.add(300, Date.UTC(2026, 2, 1))
    const items = [...store.alerts.values()].flatMap(({ evidence }) => evidence as { '@odata.type': string }[])
    expect(new Set(items.map(item => item['@odata.type']))).toEqual(new Set(evidenceKinds.map(type)))
    for (const item of items) expect(isEvidence(item), JSON.stringify([isEvidence.errors, item])).toBe(true)
  })

  test.each([
    [{ '@odata.type': type('tomorrowEvidence'), anything: { at: ['all'] } }, true],
    [{ '@odata.type': type('deviceEvidence'), verdict: 'tomorrowsValue', osBuild: '22631', newKey: 1 }, true],
    [{ '@odata.type': type('processEvidence'), imageFile: null, processId: '9007199254740993' }, true],
    [{ '@odata.type': type('processEvidence'), imageFile: { fileSize: 'large' } }, false],
    [{ '@odata.type': type('deviceEvidence'), ipInterfaces: '10.0.0.1' }, false],
    [{ '@odata.type': type('nicEvidence'), ipAddress: { ipAddress: {} } }, false],
  ])('%j: %s', (item, expected) => {
    expect(isEvidence(item)).toBe(expected)
  })
})
