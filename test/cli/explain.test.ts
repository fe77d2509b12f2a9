import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { explainCommand } from '../../src/cli/explain.ts'
import { classify } from '../../src/core/errors.ts'
import type { Message } from '../../src/core/types.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { deadLetterLine } from '../../src/output/dead-letter-line.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { complete, env, withLine } from '../config/samples.ts'
import { origin as hub, options } from '../transform/support/batches.ts'
import { folder, xdrelay } from './run-cli.ts'

const network = (properties: object) => ({ category: 'AdvancedHunting-DeviceNetworkEvents', properties })

/** Runs `explain` in this process, over a file with this content; `@` in an argument stands for the folder of the files. */
async function explain(content: string, args: readonly string[] = [], files: Record<string, string> = {}) {
  const cwd = folder({ input: content, ...files })
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
  let stdout = ''
  const write = vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    stdout += text
    return true
  })
  onTestFinished(() => {
    vi.unstubAllEnvs()
    write.mockRestore()
  })
  try {
    const all = ['input', ...args].map((each, index) => (index === 0 ? join(cwd, each) : each.replace('@', cwd)))
    await explainCommand().parseAsync(all, { from: 'user' })
    return { code: 0, stdout, message: '' }
  } catch (error) {
    const { exit: code, message } = classify(error)
    return { code, stdout, message }
  } finally {
    write.mockRestore()
  }
}

async function explainJson(content: string, args: readonly string[] = [], files: Record<string, string> = {}) {
  const { stdout, message, code } = await explain(content, [...args, '--json'], files)
  expect({ message, code }).toEqual({ message: '', code: 0 })
  return JSON.parse(stdout)
}

test('the examples of docs/commands.md are what it prints, line numbers of rules aside', async () => {
  const section = readFileSync('docs/commands.md', 'utf8').split('\n## explain\n')[1]!.split('\n## ')[0]!
  const [, record] = /```json\n(.*?)```/s.exec(section)!
  const examples = [...section.matchAll(/```\n\$ xdrelay (.*?)\n(.*?)```/gs)]
  expect(examples).toHaveLength(3)
  const plain = (text: string) => text.replaceAll(/ *([\w-]+\.yaml):\d+ */g, ' $1 ')
  for (const [, command, output] of examples) {
    const { stdout, code } = await xdrelay(command!.split(' '), { cwd: folder({ 'record.json': record! }) })
    expect({ code, text: plain(stdout) }).toEqual({ code: 0, text: plain(output!) })
  }
})

test('shows a record in sections of at most 100 columns, without colours where there is no terminal', async () => {
  const generator = createGenerator({ seed: 'text', tables: ['DeviceProcessEvents'] })
  const { stdout, code } = await explain(`${generator.nextRecord()}\n`)
  expect(code).toBe(0)
  expect(stdout).toMatch(/^DeviceProcessEvents\n {2}category {5}AdvancedHunting-DeviceProcessEvents \(a known table\)/)
  expect(stdout.match(/^[A-Z]{2,}/gm)).toEqual(['FIELDS', 'COLUMNS', 'OUTPUTS'])
  expect(stdout).toMatch(/^ {2}process\.pid {17}\d+ {2,}ProcessId, as a number +device\.yaml:\d+$/m)
  expect(stdout).toMatch(/^ {2}MachineGroup +"\w+" → V\.machine_group \(keyword\)$/m)
  expect(Math.max(...stdout.split('\n').map(line => line.length))).toBeLessThanOrEqual(100)
  expect(stdout).not.toContain('\u001b')
})

test('what a record holds does nothing to the terminal', async () => {
  const nasty = '\u001b[2J\u009b31m\u202eevil'
  const { stdout } = await explain(
    JSON.stringify(network({ DeviceName: nasty, [nasty]: 1, AccountName: { [nasty]: 1 } })),
  )
  expect(stdout).toContain('evil')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not come through
  expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/)
})

test('the document is the one that map prints, with all digits', async () => {
  const records = ['DeviceNetworkEvents', 'AlertEvidence', 'EmailEvents'].map(table =>
    createGenerator({ seed: 'map', tables: [table] }).nextRecord(),
  )
  records.push('{"category":"DeviceFileEvents","properties":{"FileSize":9223372036854775807}}')
  const cwd = folder({ input: `${records.join('\n')}\n` })
  const mapped = (await xdrelay(['map', 'input'], { cwd })).stdout.trimEnd().split('\n')
  expect(mapped).toHaveLength(records.length)
  for (const [index, line] of mapped.entries()) {
    const { stdout } = await xdrelay(['explain', 'input', '--record', String(index + 1), '--json'], { cwd })
    expect(stdout).toContain(`"document":${line}`)
  }
})

test('takes the same inputs as map, and chooses by line and record', async () => {
  const message = JSON.stringify({ records: [network({ DeviceName: 'a' }), network({ DeviceName: 'b' })] })
  const input = `${message}\n\n${JSON.stringify([network({ DeviceName: 'c' })])}\n{"torn\n`
  const hostOf = async (...args: string[]) => {
    const { document, input: place } = await explainJson(input, args)
    return [document.host.name, place.line, place.record_index]
  }
  expect(await hostOf()).toEqual(['a', 1, 0])
  expect(await hostOf('--record', '2')).toEqual(['b', 1, 1])
  expect(await hostOf('--record', '3')).toEqual(['c', 3, 0])
  expect(await hostOf('--line', '3')).toEqual(['c', 3, 0])
  expect((await explainJson(input, ['--line', '4'])).reject.reason).toBe('invalid_json')
  const bare = await explainJson('{"DeviceName":"d"}', ['--table', 'DeviceInfo'])
  expect(bare.envelope).toMatchObject({ table: 'DeviceInfo', recognised: 'known' })
})

test.each([
  ['an empty input', '', [], 'the input has no record'],
  ['a record beyond the last', JSON.stringify([network({})]), ['--record', '3'], 'the input has no more than 1'],
  ['a line that is not there', JSON.stringify([network({})]), ['--line', '2'], 'line 2 has no record'],
])('%s is bad input: exit 65', async (_name, content, args, text) => {
  expect(await explain(content, args)).toEqual({ code: 65, stdout: '', message: text })
})

test.each([['0'], ['1.5']])('--record %s is a usage error', async number => {
  expect(await xdrelay(['explain', '--record', number])).toMatchObject({ code: 64, stdout: '' })
})

describe('--field', () => {
  const record = JSON.stringify(network({ AdditionalFields: '{"direction":"out"}', LocalIP: '10.0.0.1', Brand: 1 }))

  test.each([
    ['network.direction', /^network\.direction is "outbound"\n.*because AdditionalFields\.direction is "out"/],
    ['dns', /^dns\.answers is not in this document\.\n(.*\n)+dns\.response_code is not/],
    ['localip', /^Columns\n {2}LocalIP {2}"10\.0\.0\.1" → source\.ip; no copy\n$/],
    ['m365_defender.event.brand', /^Columns\n {2}Brand {2}1 → V\.brand \(no known column\)\n$/],
    [
      'email.subject',
      /No rule sets it for DeviceNetworkEvents\. Rules for other tables do:\n( {4}[\w-]+\.yaml:\d+\n)+$/,
    ],
    ['RemoteUrl', /^ {2}RemoteUrl is a column of DeviceNetworkEvents, but not in this record\.$/m],
    ['usr.name', /^ {2}No rule sets it.* Is user\.name meant\?$/m],
  ])('%s', async (field, expected) => {
    const { code, stdout } = await explain(record, ['--field', field])
    expect(code).toBe(0)
    expect(stdout).toMatch(expected)
  })

  test('goes on to the fields that an absent one would be made from, down to columns', async () => {
    const { stdout } = await explain(record, ['--field', 'process.name'])
    const title = /^(\S+) is not in this document\.$/gm
    expect([...stdout.matchAll(title)].map(([, field]) => field)).toEqual([
      'process.name',
      'process.command_line',
      'process.executable',
    ])
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('InitiatingProcessFileName are not in the record')
  })

  test('with --json gives the same keys, with that field and every rule for it', async () => {
    const all = await explainJson(record)
    const one = await explainJson(record, ['--field', 'user.name'])
    expect(Object.keys(one)).toEqual(Object.keys(all))
    expect(one.fields.map((each: { field: string }) => each.field)).toEqual(['user.name'])
    expect(one.fields[0].not_by).toHaveLength(2)
    expect(all.fields.map((each: { field: string }) => each.field)).not.toContain('user.name')
  })
})

describe('what is rejected', () => {
  test.each([
    ['torn', '{"records":[{"category":"x"},', 'invalid_json', /"category":"x"},\n {35}\^/],
    ['wrong in the middle', '{"records":[{"category":nope}]}', 'invalid_json', /nope}]}\n {31}\^/],
    ['no record', '{"records":[42]}', 'bad_envelope', /The record is a number.*\n {2}pointer {6}\/records\/0\n/],
    ['without properties', '{"category":"DeviceInfo"}', 'bad_envelope', /needed +A message is/],
  ])('%s: says why, where, and what is needed', async (_name, content, reason, expected) => {
    const { code, stdout } = await explain(content)
    expect(code).toBe(0)
    expect(stdout).toContain(`reason       ${reason}\n`)
    expect(stdout.replaceAll('\u00a0', ' ')).toMatch(expected)
    expect(stdout).toContain('dead letter')
  })
})

describe('with a configuration', () => {
  const config = { 'xdrelay.yaml': complete }

  test('says what each output does with the document', async () => {
    const filtered = {
      'xdrelay.yaml': withLine('tables: ["*"]', 'tables: ["Email*"]').replace('ns: default', 'ns: soc'),
    }
    const table = JSON.stringify(network({}))
    const { outputs } = await explainJson(table, ['--config', '@/xdrelay.yaml'], filtered)
    expect(outputs).toEqual([
      {
        output: 'siem',
        kind: 'elasticsearch',
        takes: true,
        detail: 'data stream logs-m365_defender.event-default',
      },
      { output: 'archive', kind: 'file', takes: false, detail: 'its tables are Email*' },
    ])
    const mail = await explainJson('{"category":"EmailEvents","properties":{}}', ['--config', '@/xdrelay.yaml'], config)
    expect(mail.outputs[1]).toMatchObject({
      takes: true,
      detail: expect.stringMatching(/^file .*\/out\/EmailEvents\.ndjson$/),
    })
  })

  test('is needed only when it is asked for', async () => {
    const cwd = folder({ input: JSON.stringify(network({})), 'xdrelay.yaml': 'nonsense: [' })
    expect(await xdrelay(['explain', 'input'], { cwd })).toMatchObject({ code: 0, stderr: '' })
    const { code, message } = await explain(JSON.stringify(network({})), ['--config', '@/none.yaml'])
    expect({ code, message }).toEqual({ code: 78, message: expect.stringContaining('none.yaml') })
  })

  test('a strict one rejects what does not fit, and names its dead letters', async () => {
    const strict = { 'xdrelay.yaml': `${complete}validation: { on_type_error: dead_letter }\n` }
    const { reject, document } = await explainJson(
      JSON.stringify(network({ DeviceName: 7 })),
      ['-c', '@/xdrelay.yaml'],
      strict,
    )
    expect(document).toBeNull()
    expect(reject).toMatchObject({ reason: 'invalid', dead_letters: expect.stringMatching(/\/dead-letters$/) })
  })
})

describe('a dead letter', () => {
  const message: Message = {
    body: Buffer.from(JSON.stringify({ records: [network({}), { category: 'x' }, network({ DeviceName: 'ws' })] })),
    sequenceNumber: 41,
    offset: '4096',
    enqueuedTime: Date.UTC(2026, 6, 22),
  }
  const transformed = createBatchTransform(options)({
    stream: 'xdr/3',
    origin: hub,
    messages: [message],
    cursor: message,
    bytes: message.body.length,
  })
  const line = (reject: Parameters<typeof deadLetterLine>[0]) => deadLetterLine(reject, new Date(0)).toString()
  /** As an output refuses a document: the bytes are those of the record alone. */
  const refused = line({
    reason: 'refused',
    detail: 'mapper_parsing_exception',
    pointer: '/records/2',
    origin: hub,
    message,
    recordIndex: 2,
    bytes: Buffer.from(JSON.stringify(network({ DeviceName: 'ws' }))),
    output: 'siem',
  })

  test('is explained as the run sees it: its id, its position, and what refused it', async () => {
    const found = await explainJson(refused, ['-c', '@/xdrelay.yaml'], { 'xdrelay.yaml': complete })
    expect(found.id).toEqual({ value: transformed.chunk.ids[1], in_run: true })
    const lines = Buffer.from(transformed.chunk.lines).toString().trimEnd().split('\n')
    expect(found.document).toEqual(JSON.parse(lines[1]!))
    expect(found.input).toMatchObject({ record_index: 2, dead_letter: { reason: 'refused', output: 'siem' } })
    expect(found.input.dead_letter.bytes).toBeUndefined()
  })

  test('without a configuration has the id of its content', async () => {
    const { stdout } = await explain(refused)
    expect(stdout).toContain('(of the content; a run takes the position in the hub)')
    expect(stdout).toContain('rejected     refused: mapper_parsing_exception (by the output siem)')
    expect(stdout).toMatch(/position +defender \(source xdr\), partition 3, sequence number 41, enqueued\s+2026-07-22T/)
    // Known from the dead letter, unlike the namespace and the consumer group.
    expect(stdout).toMatch(/^ {2}@timestamp +"2026-07-22T00:00:00.000Z"\s+the enqueued time/m)
  })

  test('of a record and of a whole message says what is wrong with it still', async () => {
    const [reject] = transformed.rejects
    const found = await explainJson(line(reject!))
    expect(found.reject).toMatchObject({
      reason: 'bad_envelope',
      pointer: '/records/1',
      around: { text: '{"category":"x"}' },
    })
    const whole = line({ ...reject!, recordIndex: null, pointer: '', bytes: Buffer.from('{"records":7}') })
    expect((await explainJson(whole)).reject).toMatchObject({ reason: 'bad_envelope', pointer: '' })
  })
})

describe('the code of an error', () => {
  test('is explained in any case, also as JSON', async () => {
    const { stdout } = await xdrelay(['explain', 'xp1001'])
    expect(stdout).toMatch(/^XP1001 {2}config invalid\n {2}exit {2}78, the configuration is wrong\n {2}next {2}Correct/)
    const json = JSON.parse((await xdrelay(['explain', 'XP5001', '--json'])).stdout)
    expect(json).toMatchObject({ code: 'XP5001', kind: 'input_unreadable', exit: 65, next: expect.any(String) })
  })

  test('that does not exist is a usage error, and a file of that name is a file', async () => {
    expect(await xdrelay(['explain', 'XP0000'])).toMatchObject({ code: 64, stdout: '' })
    const cwd = folder({ XP1001: JSON.stringify(network({})) })
    expect((await xdrelay(['explain', 'XP1001'], { cwd })).stdout).toMatch(/^DeviceNetworkEvents\n/)
  })
})

describe('items of an API', () => {
  const version = '2026-03-01T08:15:42Z'
  const incident = {
    id: '4711',
    lastUpdateDateTime: version,
    alerts: [
      { id: 'a1', title: 'one' },
      { id: 'a2', title: 'two' },
    ],
  }

  test('are looked at one document at a time', async () => {
    const titles: unknown[] = []
    for (const pair of ['1', '2']) {
      const { columns, document, id, input, outputs } = await explainJson(JSON.stringify(incident), [
        '--dataset',
        'incident',
        '--pair',
        pair,
      ])
      const title = columns.find(({ column }: { column: string }) => column === 'alerts.title')
      titles.push([title.value, document.m365_defender.incident.alert.title, title.vendor[0].field])
      expect([id.in_run, input.dataset, outputs[0].detail]).toEqual([
        true,
        'incident',
        expect.stringContaining('m365_defender.incident-default'),
      ])
    }
    const field = 'm365_defender.incident.alert.title'
    expect(titles).toEqual([
      ['one', 'one', field],
      ['two', 'two', field],
    ])
    const { code, message } = await explain(JSON.stringify(incident), ['--dataset', 'incident', '--pair', '3'])
    expect([code, message]).toEqual([65, 'the item has no document 3'])
  })

  test('show the fields of their own rules, in short', async () => {
    const { stdout } = await explain(JSON.stringify({ Id: 'v1', DeviceId: 'd', CvssScore: 5 }), [
      '--dataset',
      'vulnerability',
    ])
    expect(stdout).toContain('V. stands for m365_defender.vulnerability.')
    expect(stdout).toMatch(/^ {2}dataset +vulnerability$/m)
    expect(stdout).toMatch(/^ {2}cvssScore +5 → .*V\.cvss_score \(double\)$/m)
    expect(stdout).toMatch(/^ {2}host\.id +"d" +deviceId +api\/vulnerability\.yaml:\d+$/m)
  })

  test('that were dead-lettered are known for what they are', async () => {
    const nowhere = { source: 'alerts', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }
    const body = Buffer.from(
      `{"value":[null,{"id":"a1","lastUpdateDateTime":"soon"},{"id":"a2","lastUpdateDateTime":"${version}"}]}`,
    )
    const message = { body, sequenceNumber: 7, offset: '', enqueuedTime: Date.parse(version) }
    const batch = {
      stream: 'alerts',
      origin: { ...nowhere, dataset: 'alert' as const },
      messages: [message],
      cursor: message,
      bytes: 1,
    }
    const { rejects } = createBatchTransform(options)(batch)
    const letters = rejects.map(reject => deadLetterLine(reject, new Date())).join('')
    const { reject, input } = await explainJson(letters, ['--record', '2'])
    expect(input).toMatchObject({ dataset: 'alert', dead_letter: { source: 'alerts', dataset: 'alert' } })
    expect(reject).toMatchObject({
      reason: 'bad_envelope',
      pointer: '/value/1/lastUpdateDateTime',
      needed: expect.stringContaining('"value"'),
    })
    expect(reject.around.text.slice(reject.around.caret)).toMatch(/^"lastUpdateDateTime":"soon"/)
    const { stdout } = await explain(letters, ['--record', '2'])
    expect(stdout).toMatch(/^Not an item: rejected$/m)
    expect(stdout).toMatch(/position +source alerts, page 7 of 2026-03-01T08:15:42.000Z/)
  })
})

test('fields that come of evidence show their rules', async () => {
  const evidence = ['0a1b', '0a1b', '2c3d'].map(mdeDeviceId => ({ mdeDeviceId }))
  const item = JSON.stringify({ id: 'a', lastUpdateDateTime: '2026-03-01T08:15:42Z', evidence })
  const { stdout } = await explain(item, ['--dataset', 'alert', '--field', 'host.id'])
  expect(stdout).toMatch(/^host\.id is \["0a1b", "2c3d"\]\n {2}mdeDeviceId +api\/evidence\.yaml:\d+$/m)
})
