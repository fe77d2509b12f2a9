import { expect, test } from 'vitest'
import { configured, idsIn, microsoft, secret } from '../support/polled-run.ts'
import { xdrelay } from '../support/xdrelay.ts'

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
  const record = `{"category":"AdvancedHunting-DeviceEvents","time":"2026-01-01T00:00:00Z","properties":{}}\n`
  const mapped = xdrelay(['map'], { input: record + 'no JSON\n'.repeat(3) + record, redirect: '2>/dev/full' })
  expect(await mapped.ended).toBe(0)
  expect(mapped.stdout().trimEnd().split('\n')).toHaveLength(2)
})
