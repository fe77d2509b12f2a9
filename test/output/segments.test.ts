import { rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Segments } from '../../src/output/segments.ts'
import { tempDirectory } from '../support/temp.ts'

test('the size is that of all segments, and one that cannot be looked at is no empty one', async () => {
  const path = await tempDirectory()
  const segments = new Segments({ path, segmentBytes: 1000 })
  await writeFile(join(path, 'one.ndjson'), 'x'.repeat(10))
  await writeFile(join(path, 'two.ndjson'), 'x'.repeat(20))
  expect(await segments.size()).toBe(30)
  await symlink('loop.ndjson', join(path, 'loop.ndjson'))
  await expect(segments.size()).rejects.toMatchObject({ code: 'ELOOP' })
  await rm(join(path, 'loop.ndjson'))
  await symlink('gone', join(path, 'gone.ndjson'))
  expect(await segments.size()).toBe(30)
})
