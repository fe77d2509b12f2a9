import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { Message, Reject } from '../../src/core/types.ts'
import { type DeadLetterOptions, FileDeadLetter } from '../../src/output/dead-letter.ts'
import { origin } from '../support/chunks.ts'
import { failNextSync, failNextWrite } from '../support/disk-faults.ts'
import { eventually } from '../support/eventually.ts'
import { createMetrics } from '../support/lanes.ts'
import { memoryLog } from '../support/memory-log.ts'
import { tempDirectory } from '../support/temp.ts'

const never = new AbortController().signal

async function openedIn(path: string, more: Partial<DeadLetterOptions['file']> = {}) {
  const metrics = createMetrics()
  const { log, lines: all } = memoryLog()
  const options = { file: { path, maxBytes: 1e9, segmentBytes: 1e6, ...more } }
  const deadLetter = new FileDeadLetter(options, { log, metrics })
  await deadLetter.open()
  onTestFinished(() => deadLetter.close())
  /** What is said of the folder. */
  const lines = () => all.filter(({ fields }) => fields?.['event.action'] !== 'dead_letter')
  return { deadLetter, metrics, lines, all }
}

function rejectOf(bytes: Uint8Array | string, more: Partial<Reject> = {}, message: Partial<Message> = {}): Reject {
  const body = Buffer.from(bytes)
  return {
    reason: 'invalid_json',
    detail: 'Unexpected end of JSON input',
    pointer: '',
    origin,
    message: { body, sequenceNumber: 42, offset: '4200', enqueuedTime: Date.UTC(2026, 0, 2, 3, 4, 5, 678), ...message },
    recordIndex: null,
    bytes: body,
    ...more,
  }
}

async function countedIn({ deadLetters }: ReturnType<typeof createMetrics>): Promise<object> {
  const happened = (await deadLetters.get()).values.filter(({ value }) => value > 0)
  return Object.fromEntries(happened.map(({ labels, value }) => [labels.reason, value]))
}

async function lettersIn(folder: string): Promise<Record<string, unknown>[]> {
  const names = (await readdir(folder)).sort()
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))
  return texts.flatMap(text => text.split('\n').filter(Boolean)).map(line => JSON.parse(line))
}

test('a line has the agreed fields in the agreed order, and the bytes as they came', async () => {
  const folder = join(await tempDirectory(), 'dead')
  const { deadLetter, metrics } = await openedIn(folder)
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte)
  await deadLetter.write([rejectOf(bytes)], never)
  const [letter] = await lettersIn(folder)
  expect(Object.keys(letter!)).toEqual([
    '@timestamp',
    'reason',
    'pointer',
    'detail',
    'source',
    'event_hub',
    'partition_id',
    'sequence_number',
    'offset',
    'enqueued_time',
    'record_index',
    'bytes',
  ])
  expect(letter).toMatchObject({
    reason: 'invalid_json',
    pointer: '',
    detail: 'Unexpected end of JSON input',
    source: 'xdr',
    event_hub: 'defender',
    partition_id: '0',
    sequence_number: 42,
    offset: '4200',
    enqueued_time: '2026-01-02T03:04:05.678Z',
    record_index: null,
  })
  expect(Math.abs(Date.parse(String(letter!['@timestamp'])) - Date.now())).toBeLessThan(60_000)
  expect(Buffer.from(String(letter!.bytes), 'base64')).toEqual(Buffer.from(bytes))
  expect(await countedIn(metrics)).toEqual({ invalid_json: 1 })
  const [name] = await readdir(folder)
  const info = await stat(join(folder, name!))
  expect(info.mode & 0o777).toBe(0o600)
  expect((await metrics.deadLetterBytes.get()).values[0]?.value).toBe(info.size)
})

test('the output that refused a record and an unusual body are named', async () => {
  const folder = await tempDirectory()
  const { deadLetter } = await openedIn(folder)
  const refused = rejectOf('{}', { reason: 'refused', output: 'siem', recordIndex: 3, pointer: '/records/3' })
  await deadLetter.write([refused, rejectOf('5', {}, { bodyType: 'value' })], never)
  expect(await lettersIn(folder)).toMatchObject([{ output: 'siem', record_index: 3 }, { body_type: 'value' }])
})

test('the log says that there are new ones, without a line for each', async () => {
  const folder = await tempDirectory()
  const { deadLetter, all } = await openedIn(folder)
  for (let n = 0; n < 20; n++) await deadLetter.write([rejectOf(String(n))], never)
  const [line, ...more] = all
  expect(line).toMatchObject({ level: 'warn', fields: { 'event.action': 'dead_letter' } })
  expect(line!.text).toMatch(`1 new dead letter (1 invalid_json) in ${folder}; the first: Unexpected end of JSON input`)
  expect(more).toEqual([])
  await deadLetter.close()
  expect(all.map(({ fields }) => fields?.['labels.count'])).toEqual([1, 19])
})

test('content that no calendar or encoding knows does not stop a dead letter', async () => {
  const folder = await tempDirectory()
  const { deadLetter } = await openedIn(folder)
  const odd = rejectOf('x', { detail: '\ud800 \n{"a":1}\n' }, { enqueuedTime: Number.NaN })
  await deadLetter.write([odd], never)
  expect(await lettersIn(folder)).toMatchObject([
    { enqueued_time: null, detail: '\ufffd \n{"a":1}\n'.replace('\ufffd', '\ud800') },
  ])
})

test('many small calls share appends, and each resolves only when its lines are in a file', async () => {
  const folder = await tempDirectory()
  const { deadLetter } = await openedIn(folder)
  const writes = Array.from({ length: 300 }, (_, n) =>
    deadLetter.write([rejectOf(String(n))], never).then(async () => {
      const there = (await lettersIn(folder)).map(({ bytes }) => atob(String(bytes)))
      expect(there).toContain(String(n))
    }),
  )
  await Promise.all(writes)
  expect(await lettersIn(folder)).toHaveLength(300)
})

test('a call that follows another at any moment is written', async () => {
  const folder = await tempDirectory()
  const { deadLetter } = await openedIn(folder)
  for (let hops = 0; hops < 12; hops++) {
    const first = deadLetter.write([rejectOf('first')], never)
    const second = first.then(async () => {
      for (let hop = 0; hop < hops; hop++) await undefined
      await deadLetter.write([rejectOf('second')], never)
    })
    await second
  }
  expect(await lettersIn(folder)).toHaveLength(24)
})

test('segments are begun anew at their size, and sort by age', async () => {
  const folder = await tempDirectory()
  const { deadLetter } = await openedIn(folder, { segmentBytes: 1000 })
  for (let n = 0; n < 12; n++) {
    await deadLetter.write([rejectOf(String(n))], never)
    await sleep(2)
  }
  expect((await readdir(folder)).length).toBeGreaterThan(2)
  const order = (await lettersIn(folder)).map(({ bytes }) => Number(atob(String(bytes))))
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

test('the half-written last line of an earlier process is cut off at start, its other lines stay', async () => {
  const folder = await tempDirectory()
  await writeFile(join(folder, 'dead-letters-1.ndjson'), '{"reason":"invalid"}\n{"reason":"inv')
  await writeFile(join(folder, 'notes.txt'), 'not ours')
  await openedIn(folder)
  expect(await readFile(join(folder, 'dead-letters-1.ndjson'), 'utf8')).toBe('{"reason":"invalid"}\n')
  expect(await readFile(join(folder, 'notes.txt'), 'utf8')).toBe('not ours')
})

test('a full folder makes writers wait, says so once, and goes on when letters are taken away', async () => {
  const folder = await tempDirectory()
  const { deadLetter, lines, metrics } = await openedIn(folder, { maxBytes: 2000, segmentBytes: 1000 })
  let settled = 0
  const writes = Array.from({ length: 20 }, (_, n) =>
    deadLetter.write([rejectOf(String(n))], never).then(() => settled++),
  )
  await eventually(() => expect(lines()).toHaveLength(1))
  await sleep(700)
  expect(lines().map(({ level, text }) => [level, text.includes('used up')])).toEqual([['error', true]])
  const first = await lettersIn(folder)
  expect(settled).toBe(first.length)
  expect(settled).toBeGreaterThan(0)
  expect(settled).toBeLessThan(20)
  const taken: Record<string, unknown>[] = []
  while (settled < 20) {
    taken.push(...(await lettersIn(folder)))
    for (const name of await readdir(folder)) await rm(join(folder, name))
    const before = settled
    await eventually(() => expect(settled).toBeGreaterThan(before))
    await sleep(50)
  }
  await Promise.all(writes)
  taken.push(...(await lettersIn(folder)))
  expect(new Set(taken.map(({ bytes }) => bytes)).size).toBe(20)
  expect(await countedIn(metrics)).toEqual({ invalid_json: 20 })
})

test('one letter larger than all the room is taken when the folder is empty', async () => {
  const folder = await tempDirectory()
  const { deadLetter } = await openedIn(folder, { maxBytes: 100 })
  await deadLetter.write([rejectOf('x'.repeat(5000))], never)
  expect(await lettersIn(folder)).toHaveLength(1)
})

test('one letter larger than all the room is the reason where others lie there, and is taken once they are gone', async () => {
  const folder = await tempDirectory()
  const { deadLetter, lines } = await openedIn(folder, { maxBytes: 1000 })
  await deadLetter.write([rejectOf('small')], never)
  const written = deadLetter.write([rejectOf('x'.repeat(5000))], never)
  await eventually(() => expect(lines()).toHaveLength(1))
  expect(lines()[0]!.text).toMatch(
    /one dead letter of \d{4} bytes does not fit into its max_bytes, 1000; raise dead_letter\.file\.max_bytes/,
  )
  for (const name of await readdir(folder)) await rm(join(folder, name))
  await written
  expect(await lettersIn(folder)).toHaveLength(1)
})

test.each([
  ['a disk that fills up', () => failNextWrite(10, 'ENOSPC')],
  ['a failed fsync', () => failNextSync('EIO')],
])('%s is waited out; nothing is lost or doubled', async (_, fail) => {
  const folder = await tempDirectory()
  const { deadLetter, lines } = await openedIn(folder)
  await deadLetter.write([rejectOf('1')], never)
  await fail()
  await deadLetter.write([rejectOf('2'), rejectOf('3')], never)
  expect((await lettersIn(folder)).map(({ bytes }) => atob(String(bytes))).sort()).toEqual(['1', '2', '3'])
  expect(lines().map(({ level }) => level)).toEqual(['error', 'info'])
  expect(await readdir(folder)).toHaveLength(1)
})

test('an abort ends the wait for room, and only that of its own call', async () => {
  const folder = await tempDirectory()
  const { deadLetter, lines } = await openedIn(folder, { maxBytes: 400 })
  await deadLetter.write([rejectOf('1')], never)
  const abort = new AbortController()
  const aborted = deadLetter.write([rejectOf('2')], abort.signal)
  const patient = deadLetter.write([rejectOf('3')], never)
  const failure = expect(aborted).rejects.toThrow('enough')
  await eventually(() => expect(lines()).toHaveLength(1))
  abort.abort(new Error('enough'))
  await failure
  for (const name of await readdir(folder)) await rm(join(folder, name))
  await patient
  expect((await lettersIn(folder)).map(({ bytes }) => atob(String(bytes)))).toEqual(['3'])
})

test('several processes may share a folder', async () => {
  const folder = await tempDirectory()
  const both = await Promise.all([openedIn(folder), openedIn(folder)])
  const writes = both.flatMap(({ deadLetter }) =>
    ['1', '2', '3'].map(text => deadLetter.write([rejectOf(text)], never)),
  )
  await Promise.all(writes)
  expect(await lettersIn(folder)).toHaveLength(6)
  expect(await readdir(folder)).toHaveLength(2)
})

test('a folder that cannot be made is an error at start', async () => {
  const folder = await tempDirectory()
  await mkdir(join(folder, 'a'))
  await writeFile(join(folder, 'a/file'), '')
  await expect(openedIn(join(folder, 'a/file/dead'))).rejects.toMatchObject({ kind: 'cannot_write' })
})
