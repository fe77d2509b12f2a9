import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { folder, xdrelay } from './run-cli.ts'

/** The first block of YAML in the documentation. */
const documented = /```yaml\n(.*?)```/s.exec(readFileSync('docs/mapping-tests.md', 'utf8'))![1]!

test('the documented cases hold: exit 0', async () => {
  const { code, stdout, stderr } = await xdrelay(['test', '.'], { cwd: folder({ 'cases.yaml': documented }) })
  expect(stderr).toBe('')
  expect(stdout).toBe('2 cases, 2 passed, 0 failed\n')
  expect(code).toBe(0)
})

test('a case that fails is shown with place, expected, found and what may have been meant: exit 1', async () => {
  const cases = `- name: the user of a process
  table: DeviceProcessEvents
  properties: { AccountName: mara }
  expect:
    usr.name: mara
    process.nam: x
    process.pid: 4
  absent: [event.kind]
- name: a reject is expected
  table: DeviceInfo
  properties: { OSBuild: 1 }
  reject: { reason: invalid }
- name: fine
  table: DeviceInfo
  properties: { DeviceName: WS }
  expect: { host.name: ws }
`
  const { code, stdout, stderr } = await xdrelay(['test', 'a.yaml'], { cwd: folder({ 'a.yaml': cases }) })
  expect(stdout.split('\n')).toEqual([
    'a.yaml:1  the user of a process',
    '  a.yaml:5  usr.name',
    '    expected  "mara"',
    '    found     nothing',
    '    the value is in user.name',
    '  a.yaml:6  process.nam',
    '    expected  "x"',
    '    found     nothing',
    '    no rule writes this field; is process.name meant?',
    '  a.yaml:7  process.pid',
    '    expected  4',
    '    found     nothing',
    '    `xdrelay explain --field process.pid` says why',
    '  a.yaml:8  event.kind',
    '    expected  nothing',
    '    found     "event"',
    'a.yaml:9  a reject is expected',
    '  a.yaml:9  a document, and no reject',
    '    expected  {"reason":"invalid"}',
    '    found     nothing',
    '3 cases, 1 passed, 2 failed',
    '',
  ])
  expect(stderr).toContain('failed: 2 cases')
  expect(code).toBe(1)
})

test('with --json one object', async () => {
  const cases = '- { name: n, table: DeviceInfo, properties: { DeviceName: WS }, expect: { host.name: WS } }'
  const { code, stdout } = await xdrelay(['test', '--json', 'a.yaml'], { cwd: folder({ 'a.yaml': cases }) })
  const failure = { path: 'host.name', expected: 'WS', found: 'ws', place: { line: 1, column: 75 }, elsewhere: [] }
  expect(JSON.parse(stdout)).toEqual({
    cases: { run: 1, passed: 0, failed: 1 },
    failed: [{ file: 'a.yaml', name: 'n', line: 1, failures: [failure] }],
    problems: [],
  })
  expect(code).toBe(1)
})

test('what is no case is named with its place and the fix, and the others are run: exit 65', async () => {
  const cases = `- name: fine
  table: DeviceInfo
  properties: { DeviceName: WS }
  expect: { host.name: ws }
- name: mistyped
  tabel: DeviceInfo
`
  const { code, stdout, stderr } = await xdrelay(['test', 'a.yaml'], { cwd: folder({ 'a.yaml': cases }) })
  expect(stdout).toBe('1 case, 1 passed, 0 failed\n')
  expect(stderr).toContain('a.yaml:6:3  unknown key tabel\n    fix: A case has the keys name, dataset, ')
  expect(code).toBe(65)
})

test('a file that is not there is named: exit 65', async () => {
  const { code, stderr } = await xdrelay(['test', 'nowhere'])
  expect(stderr).toContain('XP5003 cannot read nowhere: ENOENT')
  expect(code).toBe(65)
})

test('--coverage names what no case reached', async () => {
  const { code, stdout } = await xdrelay(['test', '--coverage', '.'], { cwd: folder({ 'cases.yaml': documented }) })
  expect(stdout).toMatch(/^device\.yaml: \d+ of \d+ rules are reached$/m)
  expect(stdout).toMatch(/^ {2}device\.yaml:\d+ {2}registry\.path$/m)
  expect(code).toBe(0)
})

test('a folder without cases is no success: exit 65', async () => {
  const { code, stderr } = await xdrelay(['test', '.'], { cwd: folder({ 'notes.txt': '' }) })
  expect(stderr).toContain('cannot read .: there is no YAML file in this folder')
  expect(code).toBe(65)
})

test('everything is printed before the command ends, however much it is', async () => {
  const one = '- { name: a, table: DeviceInfo, properties: { DeviceName: a }, expect: { host.name: b } }\n'
  const { code, stdout } = await xdrelay(['test', 'many.yaml'], { cwd: folder({ 'many.yaml': one.repeat(3000) }) })
  expect(stdout.slice(-100)).toMatch(/\n3000 cases, 0 passed, 3000 failed\n$/)
  expect(code).toBe(1)
})
