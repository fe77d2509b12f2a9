import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { startTestHub } from '../support/event-hub.ts'
import { storageForTest } from '../support/storage.ts'
import { xdrelay } from '../support/xdrelay.ts'
import { folder } from './run-cli.ts'

/** Command line and environment of `xdrelay run`, once it is past its start. */
async function settingsOf(env: Record<string, string>): Promise<{ args: string[]; env: string[] }> {
  const hub = await startTestHub()
  const storage = await storageForTest()
  const cwd = folder({
    'xdrelay.yaml': `
version: 1
sources: { xdr: { event_hub: { connection_string: "${hub.connectionString('xdr')}", consumer_group: relay } } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${storage.endpoint}" }
outputs: { out: { file: { path: out.ndjson } } }
dead_letter: { file: { path: dead-letters } }
admin: null
`,
  })
  const running = xdrelay(['run'], { cwd, env })
  await expect.poll(running.stderr, { timeout: 30_000 }).toContain('starting')
  // Its own word for the id and the one it was started with: it is still the same process.
  expect(running.stderr()).toContain(String(running.process.pid))
  const read = async (name: string) =>
    (await readFile(join('/proc', String(running.process.pid), name), 'utf8')).split('\0')
  const settings = { args: await read('cmdline'), env: await read('environ') }
  expect(await running.kill('SIGTERM'), running.stderr()).toBe(0)
  return settings
}

test.skipIf(process.platform !== 'linux')(
  'run has the settings that keep its memory small, and its arguments',
  async () => {
    const { args, env } = await settingsOf({ SOME: 'thing' })
    expect(args).toContain('--max-semi-space-size=4')
    expect(args).toContain('--expose-gc')
    expect(args.at(-2)).toBe('run')
    const limits = ['MALLOC_ARENA_MAX=1', 'MALLOC_MMAP_THRESHOLD_=4194304', 'MALLOC_TRIM_THRESHOLD_=33554432']
    expect(env).toEqual(expect.arrayContaining([...limits, 'SOME=thing']))
  },
)

test.skipIf(process.platform !== 'linux')('what the user set stays as it is', async () => {
  const { args, env } = await settingsOf({ NODE_OPTIONS: '--max-semi-space-size=8' })
  expect(args).not.toContain('--max-semi-space-size=4')
  expect(env.filter(each => each.startsWith('MALLOC_'))).toEqual([])
  expect((await settingsOf({ MALLOC_ARENA_MAX: '4' })).env).toContain('MALLOC_ARENA_MAX=4')
})
