import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Reject } from '../../src/core/types.ts'
import { checkDeadLetter, FileDeadLetter } from '../../src/output/dead-letter.ts'
import { file } from '../../src/output/file.ts'
import { chunkOf, origin } from '../support/chunks.ts'
import { createMetrics, laneOf, settledBy } from '../support/lanes.ts'
import { memoryLog } from '../support/memory-log.ts'
import { tempDirectory } from '../support/temp.ts'
import { tmpfs, tmpfsMissing } from '../support/tmpfs.ts'

const advice = 'the disk is full (ENOSPC); delete or move files away there, or make it larger'

async function deadLetterIn(path: string, segmentBytes = 64 * 1024) {
  const metrics = createMetrics()
  const { log, lines } = memoryLog()
  const deadLetter = new FileDeadLetter({ file: { path, maxBytes: 1e9, segmentBytes } }, { log, metrics })
  const ended = new AbortController()
  onTestFinished(() => {
    ended.abort()
    return deadLetter.close()
  })
  const write = (number: number) => deadLetter.write([broken(number)], ended.signal)
  const state = async () => {
    const { registry } = metrics
    const names = ['dead_letter_state', 'dead_letter_out_of_space']
    const found = await Promise.all(names.map(name => registry.getSingleMetric(`xdrelay_${name}`)!.get()))
    return found.map(({ values }) => values[0]!.value)
  }
  return { deadLetter, write, lines, state }
}

/** A message that is no use, of about 20 KB. */
function broken(number: number): Reject {
  const body = Buffer.from(`${number} `.padEnd(20_000, 'x'))
  const message = { body, sequenceNumber: number, offset: String(number), enqueuedTime: 0 }
  const what = { reason: 'invalid_json', detail: 'not JSON', pointer: '' } as const
  return { ...what, origin, message, recordIndex: null, bytes: body }
}

async function numbersIn(folder: string): Promise<number[]> {
  const texts = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
  const lines = texts.flatMap(text => text.split('\n').slice(0, -1))
  return lines.map(line => Number.parseInt(atob(JSON.parse(line).bytes), 10)).sort((a, b) => a - b)
}

/** Leaves so many bytes of a file system, at most. */
async function fillUp(folder: string, left: number, size: number): Promise<void> {
  await writeFile(join(folder, 'ballast'), Buffer.alloc(size - left))
}

describe.skipIf(await tmpfsMissing())('a disk that is really full', () => {
  test('under the dead letter alone makes its callers wait, while the output goes on', async () => {
    const disk = await tmpfs('1m')
    const dead = join(disk.path, 'dead')
    const { deadLetter, write, lines, state } = await deadLetterIn(dead)
    await deadLetter.open()
    const out = join(await tempDirectory(), 'out.ndjson')
    const output = file.create('archive', { path: out, rotate: { bytes: 0, age: 0 }, openFiles: 1 })
    onTestFinished(() => output.close())
    const { lane, metrics } = laneOf(output, { deadLetter })

    let settled = 0
    const letters = Promise.all(Array.from({ length: 100 }, (_, number) => write(number).then(() => settled++)))
    letters.catch(() => {})
    await expect.poll(() => deadLetter.outOfSpace).toBe(true)
    expect(deadLetter.state).toBe('down')
    expect(await state()).toEqual([2, 1])
    for (let n = 0; n < 20; n++) await lane.submit(chunkOf([{ n }]))
    expect(lane.state).toBe('up')
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 20 })
    expect(settled).toBe((await numbersIn(dead)).length)
    expect(settled).toBeLessThan(100)
    expect(lines.filter(({ level }) => level === 'error').map(({ text }) => text)).toEqual([
      `dead letter ${dead} cannot be written: ${advice}; what belongs there waits, nothing is lost`,
    ])

    await disk.resize('64m')
    await letters
    expect(deadLetter.outOfSpace).toBe(false)
    expect(await state()).toEqual([0, 0])
    expect(await numbersIn(dead)).toEqual(Array.from({ length: 100 }, (_, number) => number))
  })

  test('before the dead letter has its folder is waited out as well', async () => {
    // One inode is the root's; the folder would need another.
    const disk = await tmpfs('1m', 1)
    const dead = join(disk.path, 'dead')
    const { deadLetter, write, lines } = await deadLetterIn(dead)
    await deadLetter.open()
    expect(deadLetter).toMatchObject({ state: 'down', outOfSpace: true })
    const written = write(7)
    written.catch(() => {})
    await expect.poll(() => lines.map(({ text }) => text)).toEqual([expect.stringContaining(advice)])
    await disk.resize('1m', 100)
    await written
    expect(deadLetter).toMatchObject({ state: 'up', outOfSpace: false })
    expect(await numbersIn(dead)).toEqual([7])
  })

  test('is told apart from a folder in the way, which is an error at start', async () => {
    const folder = await tempDirectory()
    await writeFile(join(folder, 'dead'), 'a file')
    const { deadLetter } = await deadLetterIn(join(folder, 'dead'))
    await expect(deadLetter.open()).rejects.toMatchObject({ kind: 'cannot_write' })
  })

  test('makes a file output out of space, with one text for all its files, until there is room', async () => {
    const disk = await tmpfs('1m')
    const metrics = createMetrics()
    const { log } = memoryLog()
    const options = { path: join(disk.path, '{table}.ndjson'), rotate: { bytes: 0, age: 0 }, openFiles: 8 }
    const output = file.create('archive', options, { watch: { metrics, log } })
    onTestFinished(() => output.close())
    const outOfSpace = async () => (await metrics.outputOutOfSpace.get()).values.map(({ value }) => value)
    expect(await outOfSpace()).toEqual([0])
    await fillUp(disk.path, 64 * 1024, 1024 * 1024)
    const text = 'x'.repeat(70_000)
    for (const table of ['B', 'A', 'C']) {
      const delivery = await output.write([chunkOf([{ text }], { tables: [table] })])
      expect(delivery).toMatchObject({ retry: [0], outage: `no room to write in ${disk.path}: ${advice}` })
    }
    expect([output.outOfSpace, await outOfSpace()]).toEqual([true, [1]])
    await rm(join(disk.path, 'ballast'))
    expect(await output.write([chunkOf([{ text }], { tables: ['B'] })])).toMatchObject({ retry: [] })
    expect([output.outOfSpace, await outOfSpace()]).toEqual([false, [0]])
  })

  test('that is read-only is named as such, also where a folder had to be made', async () => {
    const disk = await tmpfs('1m')
    await disk.makeReadOnly()
    const readOnly = 'it is on a read-only file system (EROFS); mount that for writing, or give another path'
    const folder = join(disk.path, 'made/for/it')
    const output = file.create('archive', { path: join(folder, 'a'), rotate: { bytes: 0, age: 0 }, openFiles: 1 })
    onTestFinished(() => output.close())
    await expect(output.check()).rejects.toMatchObject({ message: `cannot write in ${folder}: ${readOnly}` })
    expect(await output.write([chunkOf([{}])])).toMatchObject({
      retry: [0],
      outage: `cannot write ${join(folder, 'a')}: ${readOnly}`,
    })
    const { deadLetter } = await deadLetterIn(folder)
    await expect(deadLetter.open()).rejects.toMatchObject({ message: `dead letter folder ${folder}: ${readOnly}` })
  })

  test.each([
    ['full', 0],
    ['almost full', 100 * 1024],
  ])('is found by check when it is %s, with what to do, and nothing is left of the trial', async (_, left) => {
    const disk = await tmpfs('1m')
    const folder = join(disk.path, 'out')
    await mkdir(folder)
    await fillUp(disk.path, left, 1024 * 1024)
    const options = { path: join(folder, '{table}.ndjson'), rotate: { bytes: 0, age: 0 }, openFiles: 1 }
    const output = file.create('archive', options)
    const fault = { kind: 'cannot_write', next: expect.stringContaining('has room') }
    await expect(output.check()).rejects.toMatchObject({ ...fault, message: `cannot write in ${folder}: ${advice}` })
    const letters = { file: { path: folder, maxBytes: 1e9, segmentBytes: 1e6 } }
    await expect(checkDeadLetter(letters)).rejects.toMatchObject({
      ...fault,
      message: `dead letter folder ${folder}: ${advice}`,
    })
    expect(await readdir(folder)).toEqual([])
    await disk.resize('8m')
    expect(await output.check()).toBe(folder)
    expect(await checkDeadLetter(letters)).toBe(`${folder}: 0 of 1000000000 bytes used`)
    expect(await readdir(folder)).toEqual([])
  })
})
