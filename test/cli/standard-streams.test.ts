import { expect, test } from 'vitest'
import { configured, idsIn, microsoft, secret } from '../support/polled-run.ts'
import { xdrelay } from '../support/xdrelay.ts'

const record = `{"category":"AdvancedHunting-DeviceEvents","time":"2026-01-01T00:00:00Z","properties":{}}\n`

test.each([
  ['has a full disk', '2>/dev/full'],
  ['has no reader', ''],
])('run delivers while its log %s', { timeout: 120_000 }, async (_what, redirect) => {
  const service = await microsoft()
  const cwd = await configured(service)
  const running = xdrelay(['run'], { cwd, env: { SECRET: secret }, redirect })
  running.process.stderr!.destroy()
  await expect.poll(() => idsIn(cwd, 'alert'), { timeout: 60_000 }).toHaveLength(20)
  expect(await running.kill('SIGTERM')).toBe(0)
})

test('map goes on when its notes cannot be written', async () => {
  const mapped = xdrelay(['map'], { input: record + 'no JSON\n'.repeat(3) + record, redirect: '2>/dev/full' })
  expect(await mapped.ended).toBe(0)
  expect(mapped.stdout().trimEnd().split('\n')).toHaveLength(2)
})

test.each([
  ['map', ['map']],
  ['explain', ['explain', '-']],
  ['validate', ['validate']],
  ['generate', ['generate', '--records', '1']],
  ['the help page', ['--help']],
])('%s says that the disk under its output is full: exit 73', async (_what, args) => {
  const ended = xdrelay(args, { input: record, redirect: '>/dev/full', env: { CHECKPOINT_DIRECTORY: 'state' } })
  expect(await ended.ended).toBe(73)
  expect(ended.stderr()).toMatch(/^XP4003 cannot write standard output: ENOSPC.*\nCheck .*\n$/m)
})
