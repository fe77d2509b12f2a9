import { chmod, mkdir, readdir, readFile, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { type FileOptions, file } from '../../src/output/file.ts'
import { outputContract } from '../contract/output.ts'
import { chunkOf } from '../support/chunks.ts'
import { failNextSync, failNextWrite } from '../support/disk-faults.ts'
import { tempDirectory } from '../support/temp.ts'
import { mountByItself, tmpfsMissing } from '../support/tmpfs.ts'

const nothing = { rejected: [], retry: [], duplicates: 0 }

async function openedFor(path: string, more: Partial<FileOptions> = {}) {
  const output = file.create('archive', { path, rotate: { bytes: 0, age: 0 }, openFiles: 64, ...more })
  await output.open()
  onTestFinished(() => output.close())
  return output
}

async function linesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name))
  const texts = await Promise.all(files.map(path => readFile(path, 'utf8')))
  return texts.flatMap(text => text.split('\n').filter(Boolean))
}

const one = (n: number, table = 'DeviceEvents') => chunkOf([{ n }], { tables: [table] })

outputContract('file', {
  repeats: 'written again',
  make: async () => {
    const folder = await tempDirectory()
    const path = join(folder, 'out/{table}.ndjson')
    const output = file.create('archive', { path, rotate: { bytes: 0, age: 0 }, openFiles: 2 })
    return { output, readBack: () => linesIn(folder) }
  },
})

describe('paths', () => {
  test('table, date and hour are those of the time of writing, in UTC', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 23, 59, 59, 999) })
    onTestFinished(() => void vi.useRealTimers())
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, '{date}/{table}-{hour}.ndjson'))
    await output.write([one(1), one(2, 'EmailEvents')])
    vi.setSystemTime(Date.UTC(2026, 1, 1))
    await output.write([one(3)])
    expect((await readdir(join(folder, '2026-01-31'))).sort()).toEqual([
      'DeviceEvents-23.ndjson',
      'EmailEvents-23.ndjson',
    ])
    expect(await readdir(join(folder, '2026-02-01'))).toEqual(['DeviceEvents-00.ndjson'])
  })

  test.each([
    '../../etc/passwd',
    '..',
    '/etc/passwd',
    '',
    'a/b',
    'a\0b',
    'x'.repeat(300),
    '😀',
    'a\n{"delete":{}}',
    '..%2f',
  ])('no path is made from a table name such as %j', async table => {
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, 'out/{table}.ndjson'))
    await output.write([one(1, table)])
    expect(await readdir(folder)).toEqual(['out'])
    expect(await readdir(join(folder, 'out'))).toEqual(['unknown.ndjson'])
  })

  test('letters, digits, _ and - are kept', async () => {
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, '{table}.ndjson'))
    await output.write([one(1, 'My_Table-2_CL')])
    expect(await readdir(folder)).toEqual(['My_Table-2_CL.ndjson'])
  })

  test('a symbolic link in the place of a table file is not followed', async () => {
    const folder = await tempDirectory()
    await writeFile(join(folder, 'precious'), 'precious')
    await symlink(join(folder, 'precious'), join(folder, 'DeviceEvents.ndjson'))
    const output = await openedFor(join(folder, '{table}.ndjson'))
    const delivery = await output.write([one(1)])
    expect(delivery).toMatchObject({ retry: [0] })
    expect(delivery.outage).toContain('symbolic link')
    expect(await readFile(join(folder, 'precious'), 'utf8')).toBe('precious')
  })

  test.each(['/tmp/{tenant}.ndjson', '/tmp/{}.ndjson', '/tmp/folder/'])('%s is a configuration error', path => {
    const make = () => file.create('archive', { path, rotate: { bytes: 0, age: 0 }, openFiles: 1 })
    expect(make).toThrow(/file\.path/)
  })
})

describe('rotation', () => {
  test('a file is rotated before it grows beyond its size, and no rotated file is overwritten', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 1) })
    onTestFinished(() => void vi.useRealTimers())
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, 'events.ndjson'), { rotate: { bytes: 20, age: 0 } })
    for (let n = 10; n < 20; n++) await output.write([one(n)])
    const names = (await readdir(folder)).sort()
    expect(names).toHaveLength(5)
    expect(names).toContain('events.ndjson')
    expect(names.filter(name => /^events\.20260101T000000000Z(-\d)?\.ndjson$/.test(name))).toHaveLength(4)
    expect((await linesIn(folder)).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `{"n":${n + 10}}`))
  })

  test('a file is rotated by its age at the next write', async () => {
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, 'events.ndjson'), { rotate: { bytes: 0, age: 60_000 } })
    await output.write([one(1)])
    await output.write([one(2)])
    expect(await readdir(folder)).toHaveLength(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 })
    onTestFinished(() => void vi.useRealTimers())
    await output.write([one(3)])
    expect(await readFile(join(folder, 'events.ndjson'), 'utf8')).toBe('{"n":3}\n')
    expect(await readdir(folder)).toHaveLength(2)
  })

  test('a write larger than the size limit goes into one file', async () => {
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, 'events.ndjson'), { rotate: { bytes: 10, age: 0 } })
    await output.write([chunkOf([{ n: 1 }, { n: 2 }, { n: 3 }])])
    expect(await readdir(folder)).toEqual(['events.ndjson'])
  })
})

test.skipIf(await tmpfsMissing())('a file that cannot be renamed is an outage that leaves nothing behind', async () => {
  const folder = await tempDirectory()
  const path = join(folder, 'events.ndjson')
  const output = await openedFor(path, { rotate: { bytes: 10, age: 0 } })
  await output.write([one(1)])
  await mountByItself(path)
  for (let attempt = 0; attempt < 3; attempt++) {
    const delivery = await output.write([one(2)])
    expect(delivery).toMatchObject({ rejected: [], retry: [0] })
    expect(delivery.outage).toBe(`cannot write ${path}: it is mounted by itself (EBUSY); mount its folder`)
  }
  expect(await readdir(folder)).toEqual(['events.ndjson'])
  expect(await readFile(path, 'utf8')).toBe('{"n":1}\n')
})

describe('a file that others touch', () => {
  test('is made anew after it was renamed or deleted', async () => {
    const folder = await tempDirectory()
    const path = join(folder, 'events.ndjson')
    const output = await openedFor(path)
    await output.write([one(1)])
    await rename(path, join(folder, 'moved'))
    await output.write([one(2)])
    expect(await readFile(path, 'utf8')).toBe('{"n":2}\n')
    await unlink(path)
    await output.write([one(3)])
    expect(await readFile(path, 'utf8')).toBe('{"n":3}\n')
    await rm(folder, { recursive: true })
    await output.write([one(4)])
    expect(await readFile(path, 'utf8')).toBe('{"n":4}\n')
  })

  test('loses the half line that a crash left, and nothing else', async () => {
    const path = join(await tempDirectory(), 'events.ndjson')
    await writeFile(path, '{"n":1}\n{"n":2,"cut')
    const output = await openedFor(path)
    await output.write([one(3)])
    expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":3}\n')
  })
})

describe('outages', () => {
  test('a full disk is an outage of the documents of that file alone, and leaves no half line', async () => {
    const folder = await tempDirectory()
    const output = await openedFor(join(folder, '{table}.ndjson'))
    const chunk = chunkOf(
      [1, 2, 3, 4].map(n => ({ n })),
      { tables: ['A', 'B', 'A', 'B'] },
    )
    await failNextWrite(5, 'ENOSPC')
    const delivery = await output.write([chunk])
    expect(delivery.outage).toContain('the disk is full (ENOSPC)')
    // Both are written at the same time; the fault meets either.
    const [failed, other] = delivery.retry[0] === 0 ? (['A', 'B'] as const) : (['B', 'A'] as const)
    const lines = { A: '{"n":1}\n{"n":3}\n', B: '{"n":2}\n{"n":4}\n' }
    expect(delivery).toMatchObject({ rejected: [], retry: failed === 'A' ? [0, 2] : [1, 3] })
    expect(await readFile(join(folder, `${failed}.ndjson`), 'utf8')).toBe('')
    expect(await readFile(join(folder, `${other}.ndjson`), 'utf8')).toBe(lines[other])
    expect(await output.write([chunk])).toEqual(nothing)
    expect(await readFile(join(folder, `${failed}.ndjson`), 'utf8')).toBe(lines[failed])
  })

  test('a failed fsync delivers nothing', async () => {
    const path = join(await tempDirectory(), 'events.ndjson')
    const output = await openedFor(path)
    await output.write([one(1)])
    await failNextSync('EIO')
    expect(await output.write([one(2)])).toMatchObject({ retry: [0], outage: expect.stringContaining('EIO') })
    expect(await readFile(path, 'utf8')).toBe('{"n":1}\n')
  })

  test('a folder that cannot be written to is an outage until it can', async () => {
    const folder = await tempDirectory()
    await writeFile(join(folder, 'sub'), 'a file in the way')
    const output = await openedFor(join(folder, 'sub/events.ndjson'))
    const delivery = await output.write([one(1)])
    expect(delivery).toMatchObject({ rejected: [], retry: [0] })
    expect(delivery.outage).toContain('cannot write')
    await expect(output.check()).rejects.toMatchObject({ kind: 'cannot_write' })
    await rm(join(folder, 'sub'))
    expect(await output.write([one(1)])).toEqual(nothing)
    expect(await output.check()).toBe(join(folder, 'sub'))
  })

  test('check notices a folder in the place of the file, and nothing of names that records give', async () => {
    const folder = await tempDirectory()
    const path = join(folder, 'unknown')
    await mkdir(path)
    const output = await openedFor(path)
    const obstacle = `cannot write ${path}: it is a folder (EISDIR); give the path of a file`
    await expect(output.check()).rejects.toMatchObject({ kind: 'cannot_write', message: obstacle })
    expect(await output.write([one(1)])).toMatchObject({ retry: [0], outage: obstacle })
    expect(await (await openedFor(join(folder, '{table}'))).check()).toBe(folder)
    await expect((await openedFor('/dev/null')).check()).rejects.toThrow('cannot write /dev/null: not a regular file')
  })

  test('check notices a folder without the right to write', async () => {
    const folder = await tempDirectory()
    await chmod(folder, 0o500)
    const output = await openedFor(join(folder, 'events.ndjson'))
    // Root may write everywhere.
    if (process.getuid?.() === 0) expect(await output.check()).toBe(folder)
    else await expect(output.check()).rejects.toMatchObject({ kind: 'cannot_write' })
  })
})

test('no more files stay open than allowed', async () => {
  const folder = await tempDirectory()
  const output = await openedFor(join(folder, '{table}.ndjson'), { openFiles: 3 })
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 12; n++) await output.write([one(n, `Table${n}`)])
  }
  const open = await readdir('/proc/self/fd').catch(() => undefined)
  if (open) expect(await openIn(folder, open)).toBeLessThanOrEqual(3)
  expect(await linesIn(folder)).toHaveLength(36)
})

async function openIn(folder: string, descriptors: readonly string[]): Promise<number> {
  const { readlink } = await import('node:fs/promises')
  const targets = await Promise.all(descriptors.map(each => readlink(`/proc/self/fd/${each}`).catch(() => '')))
  return targets.filter(target => target.startsWith(folder)).length
}
