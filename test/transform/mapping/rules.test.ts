import { expect, test } from 'vitest'
import { checkRules } from '../../../src/transform/mapping/check-rules.ts'
import { Names } from '../../../src/transform/mapping/names.ts'
import { loadRuleFiles, parseRuleFile } from '../../../src/transform/mapping/rule-files.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { snakeCase } from '../../../src/transform/mapping/snake-case.ts'
import { parseYaml } from '../../../src/transform/mapping/yaml-file.ts'

const schemas = loadSchemas()

function load(rules: string, head = 'tables: [DeviceInfo]\n'): void {
  checkRules([parseRuleFile(parseYaml('some.yaml', `${head}${rules}`))], schemas)
}

test.each([
  ['unknown conversion', 'rules:\n  - { from: DeviceName, as: lowre, to: a }', 3, 'unknown conversion lowre'],
  ['unknown key', 'rules:\n  - { value: 1, to: a }\n  - { form: DeviceName, to: a }', 4, 'unknown key form'],
  ['unknown condition', 'rules:\n  - { value: 1, to: a, when: never }', 3, 'no condition above is named never'],
  ['unknown column', 'rules:\n  - { from: DeviceNam, to: a }', 3, 'no table of this file has a column DeviceNam'],
  ['unknown column in a condition', 'rules:\n  - { value: 1, to: a, when: { has: Nope } }', 3, 'column Nope'],
  ['unknown table in a condition', 'rules:\n  - { value: 1, to: a, when: { table: Nope } }', 3, 'no table Nope'],
  ['unknown part', 'rules:\n  - { from: DeviceName, split: address, to: { nam: a } }', 3, 'address has no part nam'],
  ['set and value', 'rules:\n  - { value: a, to: x.y }\n  - { value: b, add: x.y }', 4, 'x.y is set here'],
  ['value above a value', 'rules:\n  - { value: a, to: x }\n  - { value: b, to: x.y }', 4, 'x.y lies below x'],
  ['capitals in a comparison', 'rules:\n  - { value: a, to: x, when: { Model: Foo } }', 3, 'write foo'],
  ['broken YAML', 'rules:\n  - { value: a', 3, ''],
  ['neither to nor add', 'rules:\n\n  - { value: a }', 4, 'either to or add'],
])('a rule file with %s does not load, and the error has its line', (_name, rules, line, text) => {
  expect(() => load(rules)).toThrow(expect.objectContaining({ facts: { file: 'some.yaml', line } }))
  expect(() => load(rules)).toThrow(text)
})

test('a rule file for a table that does not exist does not load', () => {
  expect(() => load('rules: []', 'tables: [Nope]\n')).toThrow('there is no table Nope')
})

test('a rule file that keeps copies says so with yes or no', () => {
  expect(() => load('rules: []', 'tables: [DeviceInfo]\nkeep_copies: some\n')).toThrow('keep_copies is true or false')
})

test('a rule file with a character beyond Latin-1 does not load, since it would slow every document down', () => {
  expect(() => parseYaml('some.yaml', 'family: email\n# …\n')).toThrow('some.yaml:2: only Latin-1 characters')
})

test('every rule knows its file and line', () => {
  for (const { file, rules } of loadRuleFiles()) {
    expect(rules.length).toBeGreaterThan(0)
    const lines = rules.map(({ place }) => place.line)
    expect(lines, file).toEqual([...lines].sort((a, b) => a - b))
    expect(new Set(lines).size, file).toBe(lines.length)
  }
})

test('R4: every vendor path has one type over all tables, and none lies above another', () => {
  const names = new Names(schemas)
  const types = new Map<string, Set<string>>()
  for (const { table, columns } of schemas) {
    for (const { name, fieldType } of names.columns(table, columns)) {
      const type = fieldType === 'lower' || fieldType === 'keywords' ? 'keyword' : fieldType
      types.set(name, (types.get(name) ?? new Set()).add(type))
    }
  }
  expect([...types].filter(([, kinds]) => kinds.size > 1)).toEqual([])
  const paths = [...types.keys()]
  expect(paths.filter(path => paths.some(other => other.startsWith(`${path}.`)))).toEqual([])
})

test.each([
  ['two columns of one name', 'Model: vendor', 'DeviceInfo: Model and Vendor are both vendor'],
  ['a name above another', 'Model: device\n  DeviceId: device.id', 'DeviceInfo.Model: device has fields below it'],
  ['a name of the envelope', 'Model: category', 'DeviceInfo: category and Model are both category'],
  ['an unknown type', 'Model: { type: txt }', 'unknown type txt'],
])('R6: names with %s do not load', (_name, rows, text) => {
  const yaml = parseYaml('names.yaml', `envelope:\n  category: category\ncolumns:\n  ${rows}\n`)
  const one = schemas.filter(({ table }) => table === 'DeviceInfo')
  expect(() => new Names(one, yaml)).toThrow(`names.yaml:4: ${text}`)
})

test('R4: names with two types over tables do not load', () => {
  const yaml = parseYaml('names.yaml', 'envelope: {}\ncolumns: {}\n')
  expect(() => new Names(schemas, yaml)).toThrow(
    'raw_agent_info is keyword in AIAgentsInfo and flattened in AgentsInfo',
  )
})

test.each([
  ['AIAgentId', 'ai_agent_id'],
  ['OAuthAppId', 'oauth_app_id'],
  ['IPv4Dhcp', 'ipv4_dhcp'],
  ['IPTags', 'ip_tags'],
  ['ISP', 'isp'],
  ['MD5', 'md5'],
  ['CCEReference', 'cce_reference'],
  ['OSBuild', 'os_build'],
  ['OsBuildRevision', 'os_build_revision'],
  ['AadDeviceId', 'aad_device_id'],
  ['MergedDeviceIDs', 'merged_device_ids'],
])('R6: %s is %s', (column, name) => {
  expect(snakeCase(column)).toBe(name)
})
