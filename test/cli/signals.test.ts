import { expect, test } from 'vitest'
import { configured, idsIn, microsoft, secret } from '../support/polled-run.ts'
import { xdrelay } from '../support/xdrelay.ts'

test('run settles what is under way also when its terminal closes (SIGHUP)', { timeout: 60_000 }, async () => {
  const service = await microsoft()
  const cwd = await configured(service)
  const running = xdrelay(['run'], { cwd, env: { SECRET: secret } })
  await expect.poll(() => idsIn(cwd, 'alert'), { timeout: 40_000 }).toHaveLength(20)
  expect(await running.kill('SIGHUP'), running.stderr()).toBe(0)
  expect(running.stderr()).toMatch(/SIGHUP: finishing.*stopped: everything received is settled/s)
})
