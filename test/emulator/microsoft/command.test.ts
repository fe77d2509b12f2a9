import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { heldBy } from '../../../src/cli/demo/held.ts'
import type { MicrosoftApp } from '../../../src/cli/emulator/microsoft.ts'
import { tempDirectory } from '../../support/temp.ts'
import { xdrelay } from '../../support/xdrelay.ts'

test('the command prints sources that a configuration takes as they are, and serves them', {
  timeout: 60_000,
}, async () => {
  const folder = await tempDirectory()
  const service = xdrelay(['emulator', 'microsoft', '--port', '0', '--alerts', '5', '--devices', '2'])
  await expect.poll(service.stderr, { timeout: 30_000 }).toContain('Listening on http://127.0.0.1:')
  const rest = 'checkpoints: { directory: ./state }\noutputs: { archive: { file: { path: ./out.ndjson } } }\n'
  await writeFile(join(folder, 'xdrelay.yaml'), service.stdout() + rest)
  const check = xdrelay(['check'], { cwd: folder })
  expect(await check.ended, check.stdout() + check.stderr()).toBe(0)
  const parts = check
    .stdout()
    .split('\n')
    .map(line => line.replace(/: ok.*/, ''))
  expect(parts.slice(0, 4)).toEqual(['source alerts', 'source incidents', 'source vulnerabilities', 'checkpoints'])
  expect(await service.kill('SIGTERM')).toBe(0)
  const [, secret] = /client_secret: (\S+)/.exec(await readFile(join(folder, 'xdrelay.yaml'), 'utf8')) ?? []
  expect(check.stdout() + check.stderr()).not.toContain(secret)
})

test('what it holds changes as often as it is told, until it is told to stand still', { timeout: 60_000 }, async () => {
  const args = ['--json', '--port', '0', '--alerts', '5', '--devices', '2', '--change-every', '50ms']
  const service = xdrelay(['emulator', 'microsoft', ...args])
  const lines = () => service.stdout().trimEnd().split('\n')
  await expect.poll(service.stdout, { timeout: 30_000 }).toContain('\n')
  const app = JSON.parse(lines()[0]!) as MicrosoftApp
  const alerts = async () => (await heldBy(app)).alert.length
  await expect.poll(alerts, { timeout: 30_000 }).toBeGreaterThan(9)
  service.process.kill('SIGUSR2')
  await expect.poll(() => lines()[1], { timeout: 30_000 }).toBe('{"still":true}')
  const held = await heldBy(app)
  // Each look takes three tokens' time and three lists', in which it changed before.
  for (let look = 0; look < 5; look++) expect(await heldBy(app)).toEqual(held)
})
