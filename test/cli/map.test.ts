import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { tempDirectory } from '../support/temp.ts'

const program = `
  const { mapCommand } = await import(${JSON.stringify(resolve('src/cli/map.ts'))})
  await mapCommand().parseAsync(process.argv.slice(1), { from: 'user' })
`

/** Runs the command with this standard input; rejects are the lines of standard error but the last one, the count. */
async function map(args: readonly string[], input = '') {
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', ...args], { stdio: 'pipe' })
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stdin.end(input)
  const [stdout, stderr, code] = await Promise.all([
    child.stdout.setEncoding('utf8').toArray(),
    child.stderr.setEncoding('utf8').toArray(),
    new Promise(done => child.on('close', done)),
  ])
  const lines = stderr.join('').trimEnd().split('\n')
  return {
    code,
    documents: stdout
      .join('')
      .split('\n')
      .slice(0, -1)
      .map(line => JSON.parse(line)),
    rejects: lines.slice(0, -1).map(line => JSON.parse(line)),
    count: lines.at(-1),
    stdout: stdout.join(''),
  }
}

const record = (name: string) => ({ category: 'AdvancedHunting-DeviceInfo', properties: { DeviceName: name } })
const names = (documents: { host: { hostname: string } }[]) => documents.map(({ host }) => host.hostname)

describe('map', () => {
  test.each([
    ['a message', JSON.stringify({ records: [record('a'), record('b')] })],
    ['a list of records', JSON.stringify([record('a'), record('b')])],
    ['a list of records over several lines', JSON.stringify([record('a'), record('b')], null, 2)],
    [
      'a message over several lines, with a byte order mark',
      `\ufeff${JSON.stringify({ records: [record('a'), record('b')] }, null, 2)}`,
    ],
    ['a record a line', `${JSON.stringify(record('a'))}\r\n\n${JSON.stringify(record('b'))}`],
    [
      'a message and a list, each a line',
      `${JSON.stringify({ records: [record('a')] })}\n${JSON.stringify([record('b')])}\n`,
    ],
  ])('takes %s', async (_name, input) => {
    const { documents, rejects, code, count } = await map([], input)
    expect(names(documents)).toEqual(['a', 'b'])
    expect([rejects, code, count]).toEqual([[], 0, '2 documents, 0 rejected'])
  })

  const alert = (id: string) => ({ id, lastUpdateDateTime: '2026-03-01T08:15:42Z' })

  test.each([
    ['a page', JSON.stringify({ value: [alert('a'), alert('b')] })],
    ['a list of items', `\ufeff${JSON.stringify([alert('a'), alert('b')], null, 2)}`],
    ['an item a line', `${JSON.stringify(alert('a'))}\n${JSON.stringify({ ...alert('b'), value: 1 })}`],
  ])('takes %s of a dataset', async (_name, input) => {
    const { documents, rejects, code, count } = await map(['--dataset', 'alert'], input)
    expect(documents.map(({ event }) => [event.dataset, event.id])).toEqual([
      ['m365_defender.alert', 'a'],
      ['m365_defender.alert', 'b'],
    ])
    expect([rejects, code, count]).toEqual([[], 0, '2 documents, 0 rejected'])
  })

  test('rejects what is no item, and says where it was', async () => {
    const { documents, rejects } = await map(['--dataset', 'vulnerability'], '[{"id":"v"},7]\n5\n{"value":{}}')
    expect(documents.map(({ event }) => event.id)).toEqual(['v', expect.any(String)])
    expect(rejects.map(({ pointer, line }) => [pointer, line])).toEqual([
      ['/value/1', 1],
      ['', 2],
    ])
    expect(documents[0]).not.toHaveProperty('@timestamp')
  })

  test('reads a file, keeps digits, and leaves out the position that there is not', async () => {
    const file = join(await tempDirectory(), 'record.json')
    await writeFile(file, '{"category":"AdvancedHunting-DeviceEvents","properties":{"ReportId":639199916335081329}}')
    const { stdout, documents } = await map([file])
    expect(stdout).toContain('639199916335081329')
    expect(documents).toHaveLength(1)
    expect(documents[0].azure).toBeUndefined()
  })

  test('keeps the exact text of a record, and vendor copies, when it is asked to', async () => {
    const text = '{ "category":"AdvancedHunting-DeviceInfo" , "properties":{"DeviceName":"\\u0061", "DeviceId":"d"}}'
    const [plain, all] = await Promise.all([
      map([], text),
      map(['--preserve-original-event', '--preserve-duplicate-custom-fields'], text),
    ])
    expect(plain.documents[0].event.original).toBeUndefined()
    expect(plain.documents[0].m365_defender.event.device?.id).toBeUndefined()
    expect(all.documents[0].event.original).toBe(text)
    expect(all.documents[0].m365_defender.event.device.id).toBe('d')
  })

  test('takes bare properties of a table, alone and in lists', async () => {
    const input =
      '{"DeviceName":"a"}\n[{"DeviceName":"b"},{"category":"AdvancedHunting-DeviceInfo","properties":{"DeviceName":"c"}}]'
    const { documents, count } = await map(['--table', 'DeviceInfo', '--json'], input)
    expect(names(documents)).toEqual(['a', 'b', 'c'])
    expect(JSON.parse(count!)).toEqual({ documents: 3, rejected: 0, reasons: {} })
  })

  test('says what is rejected, where and why, and goes on', async () => {
    const input = `${JSON.stringify([record('a'), null])}\n{"torn\n${JSON.stringify(record('b'))}\n{"category":"x"}\n42`
    const { documents, rejects, count, code } = await map(['-'], input)
    expect(names(documents)).toEqual(['a', 'b'])
    expect(rejects).toMatchObject([
      { reason: 'bad_envelope', line: 1, record_index: 1, pointer: '/records/1' },
      { reason: 'invalid_json', line: 2, record_index: null, pointer: '' },
      { reason: 'bad_envelope', line: 4, record_index: 0, pointer: '/records/0' },
      { reason: 'invalid_json', line: 5, record_index: null, pointer: '' },
    ])
    expect(count).toBe('2 documents, 4 rejected (bad_envelope 2, invalid_json 2)')
    expect(code).toBe(0)
  })

  test('maps the other lines when the first one is torn', async () => {
    const { documents, rejects } = await map([], `{"torn\n${JSON.stringify(record('a'))}\n`)
    expect(names(documents)).toEqual(['a'])
    expect(rejects).toMatchObject([{ reason: 'invalid_json', line: 1 }])
  })

  test('R30: ends with 65 when strict and something was rejected, and only then', async () => {
    expect((await map(['--strict'], JSON.stringify([record('a')]))).code).toBe(0)
    expect((await map(['--strict'], JSON.stringify([record('a'), null]))).code).toBe(65)
    expect((await map([], JSON.stringify([record('a'), null]))).code).toBe(0)
  })

  test('R1: keeps a value of a wrong type, and rejects its record alone when strict', async () => {
    const file = (FileSize: unknown) => ({ category: 'AdvancedHunting-DeviceFileEvents', properties: { FileSize } })
    const input = JSON.stringify([file('much'), file('7')])
    const kept = await map([], input)
    expect(kept.documents.map(({ xdrelay }) => xdrelay?.kept)).toEqual([{ FileSize: 'much' }, undefined])
    expect([kept.rejects, kept.code]).toEqual([[], 0])
    const strict = await map(['--strict'], input)
    expect(strict.documents.map(({ file }) => file.size)).toEqual([7])
    expect(strict.rejects).toMatchObject([{ reason: 'invalid', pointer: '/records/0/properties/FileSize' }])
    expect(strict.code).toBe(65)
  })

  test('maps more than fits into one batch', async () => {
    const input = Array.from({ length: 3000 }, (_, index) =>
      JSON.stringify(record(`${index}-${'x'.repeat(1000)}`)),
    ).join('\n')
    const { documents, count } = await map([], input)
    expect(names(documents).map(name => Number.parseInt(name, 10))).toEqual(
      Array.from({ length: 3000 }, (_, index) => index),
    )
    expect(count).toBe('3000 documents, 0 rejected')
  })
})
