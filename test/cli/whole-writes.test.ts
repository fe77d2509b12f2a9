import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { writeWhole } from '../../src/cli/whole-writes.ts'
import { tmpfs, tmpfsMissing } from '../support/tmpfs.ts'
import { xdrelay } from '../support/xdrelay.ts'

const isMissing = (await tmpfsMissing()) !== undefined

test.skipIf(isMissing)('a disk that becomes full in the middle of the output is said: exit 73', async () => {
  const { path } = await tmpfs('16k')
  const record = `{"category":"AdvancedHunting-DeviceEvents","time":"2026-01-01T00:00:00Z","properties":{}}\n`
  const mapped = xdrelay(['map'], { input: record.repeat(200), redirect: `>${join(path, 'out')}` })
  expect(await mapped.ended).toBe(73)
  expect(mapped.stderr()).toMatch(/^XP4003 cannot write standard output: ENOSPC/)
})

test.skipIf(isMissing)('what is written again once there is room begins a line of its own', async () => {
  const disk = await tmpfs('16k')
  const file = join(disk.path, 'out')
  const fd = openSync(file, 'w')
  onTestFinished(() => closeSync(fd))
  // As the streams of the process are: they take further writes after an error.
  const stream = new Writable({ autoDestroy: false }).on('error', () => {})
  writeWhole(stream, fd)
  const write = (text: string) =>
    new Promise<string | undefined>(resolve =>
      stream._write(Buffer.from(text), 'utf8', error => resolve((error as NodeJS.ErrnoException | null)?.code)),
    )
  const lines = Array.from({ length: 2000 }, (_, index) => `line ${index}\n`)
  expect(await write(lines.join(''))).toBe('ENOSPC')
  expect(await write(lines.join(''))).toBe('ENOSPC')
  await disk.resize('1m')
  expect(await write(lines.join(''))).toBeUndefined()
  expect(readFileSync(file, 'utf8').endsWith(`\n${lines.join('')}`)).toBe(true)
})
