import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ConfigError, formatFinding } from '../../src/config/finding.ts'
import { checkConfig, findConfig, loadConfig } from '../../src/config.ts'
import { Secret } from '../../src/core/secret.ts'
import { canary, complete, connectionString, env, hubOf, withLine } from './samples.ts'

const findingsOf = (text: string, variables: Record<string, string> = env) =>
  checkConfig(text, 'xdrelay.yaml', variables, { cwd: '/etc/xdrelay' }).findings.map(formatFinding)

function folder(files: Record<string, string | Buffer>): string {
  const path = mkdtempSync(join(tmpdir(), 'xdrelay-config-'))
  onTestFinished(() => rmSync(path, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text)
  return path
}

test('the documented example becomes options with defaults, units and absolute paths', () => {
  const { config, findings } = checkConfig(complete, '/etc/xdrelay/xdrelay.yaml', env)
  expect(findings).toEqual([])
  expect(config).toMatchObject({
    sources: [
      {
        name: 'xdr',
        kind: 'event_hub',
        options: { eventHub: 'defender', consumerGroup: '$Default', start: 'earliest', ownership: { renew: 5000 } },
      },
    ],
    checkpoints: { storageAccount: 'contosologs', container: 'xdrelay-checkpoints', createContainer: true },
    outputs: [
      { name: 'siem', kind: 'elasticsearch', options: { urls: ['http://127.0.0.1:9200'], namespace: 'default' } },
      { name: 'archive', kind: 'file', options: { path: '/etc/xdrelay/out/{table}.ndjson' }, required: true },
    ],
    deadLetter: { file: { path: '/etc/xdrelay/dead-letters' } },
    limits: { inFlightBytes: 64 * 1024 * 1024, drain: 25_000 },
    admin: { listen: { host: '127.0.0.1', port: 9464 } },
  })
  expect(hubOf(config).connectionString?.reveal()).toBe(connectionString)
  expect(config?.checkpoints.storageAccountKey).toBeInstanceOf(Secret)
  expect(config?.outputs[0]?.tables).toEqual(['*'])
})

test('a configuration is frozen all the way down', () => {
  const { config } = checkConfig(complete, 'xdrelay.yaml', env)
  expect(() => Object.assign(config!.limits, { drain: 1 })).toThrow(TypeError)
  expect(() => (config!.outputs as unknown[]).push({})).toThrow(TypeError)
  expect(() => Object.assign(config!.outputs[0]!.options, { namespace: 'x' })).toThrow(TypeError)
})

test('JSON is taken as well', () => {
  const json = JSON.stringify({
    sources: {
      xdr: { event_hub: { connection_string: `\${env:EVENT_HUB_CONNECTION_STRING}`, event_hub: 'defender' } },
    },
    checkpoints: { storage_account: 'contosologs', storage_account_key: `\${env:STORAGE_ACCOUNT_KEY}` },
    outputs: { screen: { stdout: null } },
  })
  expect(checkConfig(json, 'xdrelay.json', env).config?.outputs[0]?.kind).toBe('stdout')
})

test('six mistakes are six findings, each with its place and a fix', () => {
  const text = `version: 1
sources:
  xdr:
    event_hub:
      connection_string: \${env:NOT_SET}
      consumer_grup: xdrelay
      start: erliest
checkpoints:
  storage_account: contosologs
  storage_account_key: \${env:STORAGE_ACCOUNT_KEY}
  interval: 5
outputs:
  siem:
    elastcsearch:
      urls: ["http://127.0.0.1:9200"]
  archive:
    file: { path: ./out.ndjson }
    required: maybe
`
  expect(findingsOf(text).join('\n')).toMatchInlineSnapshot(`
    "xdrelay.yaml:5:26  sources.xdr.event_hub.connection_string: environment variable NOT_SET is not set (found: [redacted])
        fix: Set NOT_SET.
    xdrelay.yaml:6:7  sources.xdr.event_hub.consumer_grup: unknown key (found: consumer_grup)
        fix: Did you mean \`consumer_group\`?
    xdrelay.yaml:7:14  sources.xdr.event_hub.start: expected earliest, latest or a time such as 2026-01-31T00:00:00Z (found: erliest)
        fix: Did you mean \`earliest\`?
    xdrelay.yaml:11:13  checkpoints.interval: needs a unit (found: 5)
        fix: Write 5s for seconds; units are ms, s, m, h, d.
    xdrelay.yaml:14:5  outputs.siem.elastcsearch: unknown key (found: elastcsearch)
        fix: Did you mean \`elasticsearch\`?
    xdrelay.yaml:18:15  outputs.archive.required: expected true or false (found: maybe)
        fix: Write true or false."
  `)
})

test.each([
  ['an unknown key at the top', withLine('dead_letter:', 'dead_leter:'), 'xdrelay.yaml:20:1  dead_leter: unknown key'],
  ['a wrong type', withLine('["*"]', '"*"'), 'xdrelay.yaml:19:13  outputs.archive.tables: expected a list (found: *)'],
  ['a map for a value', withLine('defender', '{ a: 1 }'), 'expected text (found: a map)'],
  ['a value for a map', withLine('{ in_flight_bytes: 64MiB }', '64MiB'), 'limits: expected a map (found: 64MiB)'],
  ['a number for text', withLine('defender', '42'), 'event_hub: expected text (found: 42)'],
  ['a key without a value', withLine(' defender', ''), 'event_hub.event_hub: has no value (found: nothing)'],
  ['a size without a known unit', withLine('64MiB', '64M'), 'limits.in_flight_bytes: expected a size such as 64MiB'],
  ['a size out of range', withLine('64MiB', '1KiB'), 'limits.in_flight_bytes: is less than 1MiB (found: 1KiB)'],
  [
    'a dead letter that could not take every letter',
    withLine('./dead-letters }', './dead-letters, max_bytes: 1MiB }'),
    'dead_letter.file.max_bytes: is less than 2MiB (found: 1MiB)',
  ],
  [
    'checkpoints so often that they only burn the processor',
    withLine('  container: xdrelay-checkpoints', '  interval: 10ms'),
    'checkpoints.interval: is less than 100ms (found: 10ms)',
  ],
  [
    'renewals so often that they only burn the processor',
    withLine('event_hub: defender', 'ownership: { renew: 99ms, expiry: 1s }\n      event_hub: defender'),
    'ownership.renew: is less than 100ms (found: 99ms)',
  ],
  [
    'a stall that a receiver which works would show',
    withLine('event_hub: defender', 'stall_after: 1s\n      event_hub: defender'),
    'event_hub.stall_after: is less than 5s (found: 1s)',
  ],
  ['an address without http', withLine('http://127', '127'), 'urls[0]: expected an http or https address'],
  [
    'two kinds in one output',
    withLine('    required: true', '    stdout: {}'),
    ':18:5  outputs.archive: has two kinds',
  ],
  ['no kind', withLine('    file: { path: "./out/{table}.ndjson" }\n', ''), ':16:3  outputs.archive: has no kind'],
  [
    'an unknown version',
    withLine('version: 1', 'version: 2'),
    'xdrelay.yaml:1:10  version: unknown version (found: 2)',
  ],
  ['a missing part', withLine('outputs:', 'limits2:'), 'outputs: is required'],
  ['no output', complete.replace(/outputs:.*(?=dead_letter)/s, 'outputs: {}\n'), ':13:1  outputs: there is no output'],
  ['a bad address of the admin endpoint', withLine('127.0.0.1:9464', '9464'), 'admin.listen: expected text'],
  ['an admin port out of range', withLine(':9464', ':94640'), 'admin.listen: expected a host and a port'],
  ['a name that is no name', withLine('  siem:', '  ../siem:'), 'outputs.../siem: is not a usable name'],
  ['what a source says itself', withLine('      event_hub: defender\n', ''), 'the connection string has no EntityPath'],
  ['what the store says itself', withLine('xdrelay-checkpoints', 'Upper_Case'), ':12:14  checkpoints.container: '],
  [
    'an event hub without a storage account',
    complete.replace(/checkpoints:.*(?=outputs)/s, 'checkpoints: { directory: ./state }\n'),
    'checkpoints.directory: a source of kind `event_hub` needs a storage account',
  ],
  [
    'what an output says itself',
    withLine('{table}', '{tabel}'),
    ':17:19  outputs.archive.file.path: there is no placeholder',
  ],
])('%s is a finding', (_case, text, expected) => {
  const findings = findingsOf(text)
  expect(findings.filter(line => line.includes(expected))).toHaveLength(1)
  expect(checkConfig(text, 'xdrelay.yaml', env).config).toBeUndefined()
})

test('a misspelt kind and a misspelt required key are one finding each, not two', () => {
  expect(findingsOf(withLine('elasticsearch:', 'elasticsaerch:'))).toEqual([
    expect.stringContaining('Did you mean `elasticsearch`?'),
  ])
  expect(findingsOf(withLine('{ urls:', '{ ulrs:'))).toEqual([expect.stringContaining('Did you mean `urls`?')])
  expect(findingsOf(withLine('outputs:', 'output:'))).toEqual([expect.stringContaining('Did you mean `outputs`?')])
})

test('two outputs that write the same file are refused, however the path is written', () => {
  const text = withLine(
    'dead_letter:',
    '  copy:\n    file: { path: "/etc/xdrelay/./out/{table}.ndjson" }\ndead_letter:',
  )
  expect(findingsOf(text)).toEqual([expect.stringContaining(':21:19  outputs.copy.file.path: output archive writes')])
})

test('admin: null turns the endpoint off, and without the key it is on', () => {
  expect(checkConfig(withLine('{ listen: 127.0.0.1:9464 }', 'null'), 'x.yaml', env).config?.admin).toBeNull()
  const without = withLine('admin: { listen: 127.0.0.1:9464 }\n', '')
  expect(checkConfig(without, 'x.yaml', env).config?.admin?.listen).toEqual({ host: '127.0.0.1', port: 9464 })
  const six = withLine('127.0.0.1:9464', '"[::1]:0"')
  expect(checkConfig(six, 'x.yaml', env).config?.admin?.listen).toEqual({ host: '::1', port: 0 })
})

test('a plain secret is a warning and the configuration still works', () => {
  const { config, findings } = checkConfig(withLine(`\${env:STORAGE_ACCOUNT_KEY}`, canary), 'x.yaml', env)
  expect(config).toBeDefined()
  expect(findings).toMatchObject([
    { severity: 'warning', path: 'checkpoints.storage_account_key', value: '[redacted]' },
  ])
  expect(findingsOf(withLine(`\${env:STORAGE_ACCOUNT_KEY}`, `\${env:NO:-${canary}}`))).toHaveLength(1)
})

// Not the canary: a secret that was seen once in this process is struck from all text, which would hide a leak.
const fresh = 'RnJlc2hTZWNyZXRUaGF0Tm9ib2R5SGFzU2Vlbg'
const key = `\${env:STORAGE_ACCOUNT_KEY}`

test.each([
  ['in its own field, of the wrong form', withLine(key, `"not base64! ${fresh}"`)],
  ['as a number where text belongs', withLine(key, '31415926535')],
  ['as a list where text belongs', withLine(key, `[${fresh}]`)],
  ['under a misspelt key', withLine('storage_account_key', 'storage_acount_key').replace(key, fresh)],
  ['one level too high', complete.replace(/event_hub:\n {6}conn.*?earliest/s, `event_hub: ${fresh}`)],
  ['in an address', withLine('http://127.0.0.1', `http://elastic:${fresh}@127.0.0.1`)],
  ['behind a reference that is not closed', withLine(key, `"\${${fresh}"`)],
  ['as a whole file', fresh],
  ['as a tag', withLine(key, `!${fresh}`)],
  ['as an alias', withLine(key, `*${fresh}`)],
  ['as a block header', withLine(key, `|${fresh}`)],
  ['as a connection string elsewhere', withLine('64MiB', `"Endpoint=sb://x;SharedAccessKey=${fresh}"`)],
])('a secret %s is not printed', (_case, text) => {
  const findings = findingsOf(text).join('\n')
  expect(findings).not.toBe('')
  expect(findings).not.toContain(fresh)
  expect(findings).not.toContain('31415926535')
})

test('a secret that is used in a field of another kind is not printed, whichever comes first', () => {
  const variables = { ...env, STORAGE_ACCOUNT_KEY: 'YSBrZXkgdGhhdCBpcyB1c2VkIHR3aWNl'.repeat(4) }
  const early = withLine('earliest', key)
  const late = withLine('64MiB', `"${key}"`)
  for (const text of [early, late]) {
    expect(findingsOf(text, variables)).toEqual([expect.stringContaining('(found: [redacted])')])
  }
})

test('control characters of a value cannot act on the terminal', () => {
  const [found] = findingsOf(withLine('64MiB', '"\\e[31m\\nfake: line"'))
  expect(found).toContain('�[31m�fake')
})

test('without --config, ./xdrelay.yaml is read, and the environment only where there is none', async () => {
  const cwd = folder({ 'xdrelay.yaml': complete })
  expect((await loadConfig({ env, cwd })).outputs.map(output => output.name)).toEqual(['siem', 'archive'])
  const alone = { ...env, EVENT_HUB_NAME: 'h', OUTPUT_FILE: 'x.ndjson' }
  expect((await loadConfig({ env: alone, cwd: folder({}) })).outputs.map(output => output.name)).toEqual(['file'])
})

test('loadConfig rejects with every finding', async () => {
  const cwd = folder({ 'bad.yaml': withLine('64MiB', 'lots').replace('version: 1', 'version: 9') })
  const error = await loadConfig({ path: 'bad.yaml', env, cwd }).catch(thrown => thrown)
  expect(error).toBeInstanceOf(ConfigError)
  expect(error).toMatchObject({ code: 'XP1001', exit: 78, findings: [{ line: 1 }, { line: 22 }] })
  expect(error.message).toContain('bad.yaml:22:28')
})

test('a file that was asked for and cannot be read is an error of its own', async () => {
  const cwd = folder({})
  await expect(loadConfig({ path: 'none.yaml', env, cwd })).rejects.toMatchObject({ code: 'XP1002', exit: 78 })
  expect(() => findConfig({ path: '.', env, cwd })).toThrow(/cannot read \./)
})

test.each([
  ['UTF-16', Buffer.from(`\ufeff${complete}`, 'utf16le')],
  ['Latin-1', Buffer.from(`# Z\u00fcrich\n${complete}`, 'latin1')],
])('a file in %s is to be saved as UTF-8, and is not a matter of its path', (_encoding, bytes) => {
  const cwd = folder({ 'xdrelay.yaml': bytes })
  expect(() => findConfig({ env, cwd })).toThrow(
    expect.objectContaining({
      kind: 'config_unreadable',
      message: `cannot read ${cwd}/xdrelay.yaml: it is not in UTF-8; save it as UTF-8`,
      next: expect.stringContaining('UTF-8'),
    }),
  )
})

test('so is UTF-16 without a mark, which would be UTF-8 with NUL characters', () => {
  const text = Buffer.from(complete, 'utf16le').toString()
  expect(findingsOf(text)).toEqual([expect.stringMatching(/^xdrelay.yaml:1:1 .*UTF-16.*\n.*Save it as UTF-8/)])
})

test('a secret in another encoding is a finding that says so', () => {
  const cwd = folder({ key: Buffer.from([0x4b, 0xff, 0xfe]) })
  const { findings } = checkConfig(withLine(`\${env:STORAGE_ACCOUNT_KEY}`, `\${file:key}`), 'xdrelay.yaml', env, {
    cwd,
  })
  expect(findings).toMatchObject([{ message: 'file key is not in UTF-8', fix: 'Save it as UTF-8.' }])
})
