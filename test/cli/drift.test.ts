import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { packageCopy } from '../support/package-copy.ts'
import { folder, xdrelay } from './run-cli.ts'

const canary = 'canary-4711@example.com'
const records = [
  {
    category: 'AdvancedHunting-DeviceInfo',
    time: '2026-07-03T10:00:00Z',
    organization: canary,
    properties: {
      Timestamp: '2026-07-03T10:00:00Z',
      DeviceName: 'PC-1',
      OSBuild: canary,
      Gateway: '10.0.0.1',
      Words: ['a', canary],
      RemoteIP: '203.0.113.7',
      AccountUpn: canary,
      device: canary,
      'A name': canary,
    },
  },
  { category: 'AdvancedHunting-DeviceInfo', properties: { Gateway: '', Words: '["b"]', OSBuild: 7, Level: 1 } },
  {
    category: 'AdvancedHunting-NovelEvents',
    properties: {
      Timestamp: '2026-07-03T10:00:00Z',
      DeviceName: 'PC-1',
      AccountUpn: canary,
      RemoteIP: '203.0.113.7',
      SHA256: 'ab'.repeat(32),
      SenderFromAddress: canary,
      RemoteUrl: `https://${canary}/x`,
      Seen: '2026-07-03T10:00:00Z',
      Score: 1.5,
      Number: 639_199_916,
      Yes: true,
      Details: { secret: canary },
      DetailsText: JSON.stringify({ secret: canary }),
      Mixed: 1,
      Nothing: null,
    },
  },
  { category: 'AdvancedHunting-NovelEvents', properties: { Mixed: canary, Score: 2, Details: [{ a: canary }] } },
]
const lines = (all: readonly object[]) => all.map(record => JSON.stringify(record)).join('\n')
const file = () => join(folder({ 'records.ndjson': lines(records) }), 'records.ndjson')

describe('drift of a file', () => {
  test('tells tables, columns, forms and where the values are, and never a value', async () => {
    const { code, stdout, stderr } = await xdrelay(['drift', file()])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('drift: 1 new table, 7 new columns, 1 changed type, 1 new key\n')
    expect(stdout).toContain('  OSBuild: changed type, long is expected, once; text 1; kept in xdrelay.kept.OSBuild\n')
    expect(stdout).toContain('  Gateway: new column, 2 times; ip 1, empty 1; kept in m365_defender.event.gateway\n')
    expect(stdout).toContain('\nNovelEvents: new table, 2 times\n')
    expect(stdout).toContain('  Details: object 1, list of objects 1; kept in m365_defender.event.details\n')
    expect(stdout).toContain('  organization: new key, once in DeviceInfo; text 1; kept in m365_defender.event.organi')
    expect(stdout).not.toContain(canary)
    expect(stdout).not.toMatch(/4711|203\.0/)
  })

  test('--json has the same for tools, and no value either', async () => {
    const { code, stdout } = await xdrelay(['drift', file(), '--json'])
    const { drift, proposal } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(drift).toContainEqual({
      kind: 'new_column',
      table: 'DeviceInfo',
      column: 'Gateway',
      expected: '',
      field: 'm365_defender.event.gateway',
      count: 2,
      forms: { ip: 1, empty: 1 },
    })
    expect(proposal.tables.map(({ table, isNew }: { table: string; isNew: boolean }) => [table, isNew])).toEqual([
      ['DeviceInfo', false],
      ['NovelEvents', true],
    ])
    expect(stdout).not.toContain(canary)
  })

  test('--fail exits 1 when there is any, and only then', async () => {
    expect((await xdrelay(['drift', file(), '--fail'])).code).toBe(1)
    const known = join(folder({ known: '{"DeviceName":"a"}' }), 'known')
    expect(await xdrelay(['drift', known, '--fail', '--table', 'DeviceInfo'])).toMatchObject({
      code: 0,
      stdout: 'no drift\n',
    })
  })
})

describe('--fail, of input that says nothing about drift', () => {
  test.each([
    ['garbage', '\u0000\u0001 not a record\n', '1 rejected'],
    ['good and bad records', '{"DeviceName":"a"}\n{"DeviceName":\n', '1 rejected'],
    ['an empty file', '', 'has no record'],
    ['a message without records', '{"records":[]}', 'has no record'],
  ])('%s: exit 65', async (_case, text, message) => {
    const path = join(folder({ input: text }), 'input')
    const { code, stderr } = await xdrelay(['drift', path, '--fail', '--table', 'DeviceInfo'])
    expect({ code, stderr }).toEqual({ code: 65, stderr: expect.stringMatching(`XP5001 .*${message}`) })
    expect((await xdrelay(['drift', path, '--table', 'DeviceInfo'])).code).toBe(0)
  })
})

describe('drift of an instance', () => {
  test('that does not answer: exit 69 and what to do', async () => {
    const server = createServer()
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    await new Promise(done => server.close(done))
    const { code, stdout, stderr } = await xdrelay(['drift', '--url', `http://127.0.0.1:${port}`])
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' })
    expect(stderr).toMatch(/^XP4005 http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED.*\nStart `xdrelay run`/)
  })

  test.each([
    ['a file and an address', ['drift', 'x', '--url', 'http://127.0.0.1:1']],
    ['a table without a file', ['drift', '--table', 'DeviceInfo']],
    ['an address that is none', ['drift', '--url', '127.0.0.1:9464']],
  ])('%s: usage', async (_case, args) => {
    expect(await xdrelay(args)).toMatchObject({ code: 64, stdout: '' })
  })
})

describe('the proposal', () => {
  /** All but the name that no column has: that stays drift. */
  const plain = records.map(({ properties, ...rest }) => {
    const { 'A name': _, ...others } = properties as Record<string, unknown>
    return { ...rest, properties: others }
  })

  test('pasted as it says, ends the drift, and the documents hold the fields as proposed', async () => {
    const copy = await packageCopy()
    const input = lines(plain)
    const before = await copy.run(['drift', '-', '--fail'], input)
    expect(before.code).toBe(1)
    await copy.paste(before.stdout)
    expect(await copy.run(['drift', '-', '--fail'], input)).toEqual({ stdout: 'no drift\n', stderr: '', code: 0 })

    const { stdout } = await copy.run(['map', '-'], input)
    const [first, second, novel, mixed] = stdout
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(first).toMatchObject({
      user: { email: canary },
      m365_defender: {
        event: {
          gateway: '10.0.0.1',
          words: ['a', canary],
          os: { build_text: canary },
          properties_device: canary,
          organization: canary,
        },
      },
    })
    expect(first.xdrelay).toBeUndefined()
    expect(second.m365_defender.event).toMatchObject({ words: ['b'], level: 1, os: { build_text: '7' } })
    expect(novel).toMatchObject({
      '@timestamp': '2026-07-03T10:00:00.000Z',
      host: { hostname: 'pc-1', name: 'pc-1' },
      user: { email: canary },
      destination: { ip: '203.0.113.7' },
      file: { hash: { sha256: 'ab'.repeat(32) } },
      email: { from: { address: [canary] } },
      url: { scheme: 'https', path: '/x' },
      m365_defender: {
        event: {
          seen: '2026-07-03T10:00:00Z',
          score: 1.5,
          number: 639_199_916,
          yes: true,
          details: { secret: canary },
          details_text: { secret: canary },
          mixed: '1',
        },
      },
    })
    expect(novel.xdrelay).toBeUndefined()
    expect(mixed.m365_defender.event).toMatchObject({ mixed: canary, score: 2, details: [{ a: canary }] })
  })

  test('names that would clash or do harm have none, or another name', async () => {
    const copy = await packageCopy()
    const hostile = ['__proto__', 'constructor', '../../evil', 'a: b', 'x'.repeat(300), 'Über']
    const properties = JSON.parse(
      `{${hostile.map(name => `${JSON.stringify(name)}:1`).join()},"FooBar":1,"fooBar":"a"}`,
    )
    const input = lines([
      { category: 'DeviceInfo', constructor: 'a', nested: { a: 1 }, properties },
      { category: '../evil', properties: { A: 1 } },
      { category: 'Envelope', properties: { A: 1 } },
    ])
    const before = await copy.run(['drift', '-'], input)
    await copy.paste(before.stdout)
    const { stdout } = await copy.run(['drift', '-', '--json'], input)
    const left = JSON.parse(stdout).drift as { table: string; column: string }[]
    expect(left.filter(({ table }) => table === 'DeviceInfo').map(({ column }) => column)).toEqual([
      ...hostile.map(name => name.slice(0, 200)),
      'envelope.constructor',
      'envelope.nested',
    ])
    expect(left.filter(({ table }) => table !== 'DeviceInfo').map(({ table, column }) => `${table}.${column}`)).toEqual(
      ['../evil.', '../evil.A', 'Envelope.', 'Envelope.A'],
    )
    const mapped = JSON.parse((await copy.run(['map', '-'], input)).stdout.split('\n')[0]!)
    expect(mapped.m365_defender.event).toMatchObject({ foo_bar: 1, properties_foo_bar: 'a' })
  })
})
