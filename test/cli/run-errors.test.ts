import { expect, test } from 'vitest'
import { configured, microsoft, secret } from '../support/polled-run.ts'
import { xdrelay } from '../support/xdrelay.ts'

test.each([
  ['a wrong secret', 'Wrong~Value', 'XP2101', 'app_secret_refused', 77],
  ['a port of the admin endpoint that is taken', secret, 'XP4004', 'admin_unavailable', 73],
])(
  'in a pipe, run says %s as one line of its JSON log',
  { timeout: 60_000 },
  async (_what, value, code, type, exit) => {
    const service = await microsoft()
    const taken = new URL(service.url).host
    const cwd = await configured(service, code === 'XP4004' ? `{ listen: "${taken}" }` : 'null')
    const running = xdrelay(['run'], { cwd, env: { SECRET: value } })
    expect(await running.ended).toBe(exit)
    const lines = running.stderr().trimEnd().split('\n')
    const last = lines.map(line => JSON.parse(line) as Record<string, unknown>).at(-1)
    expect(last).toMatchObject({
      'log.level': 'error',
      'ecs.version': expect.any(String),
      message: expect.any(String),
      'error.code': code,
      'error.type': type,
      'error.message': last?.message,
      'labels.next': expect.stringMatching(/^\w.*\.$/),
      'process.exit_code': exit,
    })
  },
)
