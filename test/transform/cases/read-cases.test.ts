import { expect, test } from 'vitest'
import { readCases } from '../../../src/transform/cases/read-cases.ts'
import { CaseRunner } from '../../../src/transform/cases/run-case.ts'

const runner = new CaseRunner()

function failures(yaml: string) {
  const { cases, problems } = readCases(yaml)
  expect(problems).toEqual([])
  return cases.flatMap(one => runner.run(one))
}

test.each([
  ['name: x', 'is not a list of cases'],
  ['- [', 'is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
  ['- text', 'is no case'],
  ['- { name: n, colour: red }', 'unknown key colour'],
  ['- { table: T, properties: {}, absent: [a] }', 'name is missing'],
  ['- { name: 4, table: T, properties: {}, absent: [a] }', 'name is no text'],
  ['- { name: n, properties: {}, absent: [a] }', 'table is missing'],
  ['- { name: n, table: T, absent: [a] }', 'properties is missing'],
  ['- { name: n, table: T, properties: [], absent: [a] }', 'properties is no mapping'],
  ['- { name: n, table: T, record: {}, absent: [a] }', 'table stands beside record'],
  ['- { name: n, table: T, properties: {} }', 'n: expects nothing'],
  ['- { name: n, table: T, properties: {}, expect: [a] }', 'expect is no mapping'],
  ['- { name: n, table: T, properties: {}, absent: a }', 'absent is no list'],
  ['[]', 'is not a list of cases'],
  ['- { name: n, table: T, properties: { A: &a x }, expect: { b: *a } }', 'an alias is not supported'],
  ['- { name: n, table: T, properties: { A: &a x, B: *a }, expect: { b: x } }', 'an alias is not supported'],
  ['- { name: n, table: T, properties: {}, expect: { b } }', 'b has no value'],
  ['- { name: n, table: T, properties: {}, expect: { b: null } }', 'b has no value'],
  ['- { name: n, table: T, properties: {}, absent: [a], strict: maybe }', 'strict is neither true nor false'],
  ['- { name: n, dataset: alerts, item: {}, absent: [a] }', 'dataset is none of alert, incident, vulnerability'],
  ['- { name: n, dataset: alert, absent: [a] }', 'item is missing'],
  ['- { name: n, dataset: alert, item: {}, record: {}, absent: [a] }', 'item stands beside record'],
  ['- { name: n, dataset: alert, table: T, item: {}, absent: [a] }', 'table is for events'],
  ['- { name: n, table: T, properties: {}, pair: 1, absent: [a] }', 'pair is for items of a dataset'],
  ['- { name: n, dataset: incident, item: {}, pair: 0, absent: [a] }', 'pair is no number from 1 on'],
  ['- { name: n, dataset: alert, item: {}, body: [], absent: [a] }', 'body is no mapping'],
])('%j is a problem: %s', (yaml, message) => {
  const { cases, problems } = readCases(yaml)
  expect(cases).toEqual([])
  expect(problems).toMatchObject([{ message, line: 1 }])
  expect(problems[0]!.fix).not.toBe('')
})

test('whole numbers are compared to the last digit, in the record and in what is expected', () => {
  const one = (expected: string) => `- name: n
  table: DeviceEvents
  properties: { AdditionalFields: { big: 9007199254740993 } }
  expect: { V.additional_fields.big: ${expected} }`
  expect(failures(one('9007199254740993'))).toEqual([])
  expect(failures(one('9007199254740992'))).toHaveLength(1)
})

test('a record may be JSON text, and keeps its form', () => {
  const record = `'{"category": "AdvancedHunting-DeviceInfo", "properties": {"DeviceName":"WS", "DeviceName":"WS2"}}'`
  expect(failures(`- { name: n, original: true, record: ${record}, expect: { event.original: ${record} } }`)).toEqual(
    [],
  )
})

test('lists are compared in order', () => {
  const one = (list: string) => `- name: n
  table: DeviceInfo
  properties: { DeviceName: ws, DeviceId: d1 }
  expect: { related.hosts: ${list} }`
  expect(failures(one('[d1, ws]'))).toEqual([])
  expect(failures(one('[ws, d1]'))).toHaveLength(1)
  expect(failures(one('[d1]'))).toHaveLength(1)
})

test('a record that is rejected without being asked to fails', () => {
  const found = failures(`- { name: n, record: { category: 5 }, absent: [a] }`)
  expect(found).toMatchObject([{ path: '', expected: undefined, found: { reason: 'bad_envelope' } }])
})

test('text of a record that is not one JSON value is a problem', () => {
  for (const text of ['{"category":"x"},{"category":"y"}', '{"category":']) {
    const { problems } = readCases(`- { name: n, record: '${text}', absent: [a] }`)
    expect(problems).toMatchObject([{ message: 'record is no JSON text' }])
  }
})

test.each(['0.12345678901234567891', '-0', '1e400', '9007199254740993'])('%s stays as it is written', digits => {
  const one = (expected: string) => `- name: n
  table: DeviceEvents
  properties: { AdditionalFields: { x: ${digits} } }
  expect: { V.additional_fields.x: ${expected} }`
  expect(failures(one(digits))).toEqual([])
  expect(failures(one('0.1'))).toHaveLength(1)
})
