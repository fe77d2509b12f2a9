import type { Stats } from 'node:fs'
import { appendFile, mkdir, open, readFile, rename, stat, symlink, truncate, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { AppendFile, type AppendOptions, cutTornTail, makeDirectory } from '../../src/core/durable.ts'
import { failNextSync, failNextWrite } from '../support/disk-faults.ts'
import { tempDirectory } from '../support/temp.ts'

async function opened(path: string, options: AppendOptions = { mode: 0o600 }): Promise<AppendFile> {
  const file = await AppendFile.open(path, options)
  onTestFinished(() => file.close())
  return file
}

const line = (text: string) => Buffer.from(`${text}\n`)

describe('opening', () => {
  test.each([
    ['whole\ntorn', 'whole\n'],
    ['whole\n', 'whole\n'],
    ['torn', ''],
    ['', ''],
    [`a\n${'b'.repeat(200_000)}`, 'a\n'],
    ['a\n\n', 'a\n\n'],
  ])('a half-written last line is cut off (%#)', async (before, after) => {
    const path = join(await tempDirectory(), 'file')
    await writeFile(path, before)
    const file = await opened(path)
    expect(await readFile(path, 'utf8')).toBe(after)
    expect(file.size).toBe(after.length)
  })

  test('a last line that another process is still writing is not cut off', async () => {
    const path = join(await tempDirectory(), 'file')
    await writeFile(path, 'first\nsec')
    const handle = await open(path, 'r+')
    onTestFinished(() => handle.close())
    const stat = handle.stat.bind(handle) as () => Promise<Stats>
    vi.spyOn(handle, 'stat').mockImplementationOnce(async () => {
      const before = await stat()
      await appendFile(path, 'ond\n')
      return before
    })
    expect(await cutTornTail(handle)).toBe('first\nsecond\n'.length)
    expect(await readFile(path, 'utf8')).toBe('first\nsecond\n')
  })

  test('missing folders are made, and the file gets the mode asked for', async () => {
    const path = join(await tempDirectory(), 'a/b/file')
    await opened(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('an exclusive file must be new', async () => {
    const path = join(await tempDirectory(), 'file')
    await writeFile(path, 'there\n')
    await expect(AppendFile.open(path, { mode: 0o600, exclusive: true })).rejects.toMatchObject({ code: 'EEXIST' })
  })

  test('a symbolic link is not followed where that is asked for', async () => {
    const folder = await tempDirectory()
    await writeFile(join(folder, 'target'), 'precious')
    await symlink(join(folder, 'target'), join(folder, 'link'))
    const path = join(folder, 'link')
    await expect(AppendFile.open(path, { mode: 0o600, noFollow: true })).rejects.toMatchObject({ code: 'ELOOP' })
    expect(await readFile(join(folder, 'target'), 'utf8')).toBe('precious')
  })

  test('a folder is not a file to append to', async () => {
    const path = join(await tempDirectory(), 'folder')
    await mkdir(path)
    await expect(AppendFile.open(path, { mode: 0o600 })).rejects.toMatchObject({ code: 'EISDIR' })
  })
})

describe('appending', () => {
  test('many parts arrive in order', async () => {
    const path = join(await tempDirectory(), 'file')
    const file = await opened(path)
    await file.append(Array.from({ length: 3000 }, (_, n) => line(String(n))))
    await file.sync()
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    expect(lines).toEqual(Array.from({ length: 3000 }, (_, n) => String(n)))
  })

  test('a disk that fills up in the middle of a write leaves no half line, and the next write goes on', async () => {
    const path = join(await tempDirectory(), 'file')
    const file = await opened(path)
    await file.append([line('before')])
    await failNextWrite(3, 'ENOSPC')
    await expect(file.append([line('lost'), line('too')])).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await readFile(path, 'utf8')).toBe('before\n')
    await file.append([line('after')])
    expect(await readFile(path, 'utf8')).toBe('before\nafter\n')
    expect(file.size).toBe('before\nafter\n'.length)
  })

  test('what an fsync did not take is taken back, so that it can be written again', async () => {
    const path = join(await tempDirectory(), 'file')
    const file = await opened(path)
    await file.append([line('safe')])
    await file.sync()
    await file.append([line('unsafe')])
    await failNextSync('EIO')
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    expect(await readFile(path, 'utf8')).toBe('safe\n')
    expect(file.size).toBe(5)
  })

  test('a failed write never takes back what another process appended', async () => {
    const path = join(await tempDirectory(), 'file')
    const file = await opened(path)
    await file.append([line('mine')])
    await appendFile(path, 'theirs\n')
    await failNextWrite(3, 'ENOSPC')
    await expect(file.append([line('lost')])).rejects.toThrow()
    expect(await readFile(path, 'utf8')).toContain('mine\ntheirs\n')
  })
})

describe('a file that others touch', () => {
  test('is not in place any more once it was renamed, removed or replaced', async () => {
    const folder = await tempDirectory()
    const names = ['renamed', 'removed', 'replaced']
    const [renamed, removed, replaced] = await Promise.all(names.map(name => opened(join(folder, name))))
    expect(await renamed!.isInPlace()).toBe(true)
    await rename(join(folder, 'renamed'), join(folder, 'elsewhere'))
    await unlink(join(folder, 'removed'))
    await writeFile(join(folder, 'new'), '')
    await rename(join(folder, 'new'), join(folder, 'replaced'))
    expect(await renamed!.isInPlace()).toBe(false)
    expect(await removed!.isInPlace()).toBe(false)
    expect(await replaced!.isInPlace()).toBe(false)
  })

  test('is gone on with after it was truncated', async () => {
    const path = join(await tempDirectory(), 'file')
    const file = await opened(path)
    await file.append([line('rotated away')])
    await truncate(path, 0)
    expect(await file.isInPlace()).toBe(true)
    expect(file.size).toBe(0)
    await file.append([line('new')])
    expect(await readFile(path, 'utf8')).toBe('new\n')
  })
})

test('a folder that is there already is fine', async () => {
  const path = join(await tempDirectory(), 'a/b')
  await makeDirectory(path)
  await makeDirectory(path)
  expect((await stat(path)).isDirectory()).toBe(true)
})

test('folders are made at every level, by several at once, each with the mode', async () => {
  const folder = await tempDirectory()
  const path = join(folder, 'a/b/c')
  await Promise.all(Array.from({ length: 8 }, () => makeDirectory(path, 0o700)))
  for (const each of ['a', 'a/b', 'a/b/c']) expect((await stat(join(folder, each))).mode & 0o777).toBe(0o700)
})

test('what is in the way of a folder is an error', async () => {
  const folder = await tempDirectory()
  await writeFile(join(folder, 'file'), '')
  await symlink('gone', join(folder, 'link'))
  await expect(makeDirectory(join(folder, 'file'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(makeDirectory(join(folder, 'file/a/b'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(makeDirectory(join(folder, 'link/a'))).rejects.toMatchObject({ code: 'EEXIST' })
})

test.skipIf(process.platform !== 'linux')('a folder that no file system makes is an error at once', async () => {
  await expect(makeDirectory('/proc/nope/x')).rejects.toMatchObject({ code: 'ENOENT', path: '/proc/nope' })
})
