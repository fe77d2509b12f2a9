import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import { clientId, configured, idsIn, microsoft, permissions, secret, tenantId } from '../support/polled-run.ts'
import { xdrelay } from '../support/xdrelay.ts'

function run(cwd: string, value = secret) {
  const running = xdrelay(['run', '--log-format', 'text'], { cwd, env: { SECRET: value } })
  const said = () => running.stdout() + running.stderr()
  return { ...running, said }
}

const patience = { timeout: 60_000 }

test('alerts and incidents are read without event hub and storage account, and a restart doubles nothing', {
  timeout: 180_000,
}, async () => {
  const service = await microsoft()
  const folder = await configured(service)
  const first = run(folder)
  await expect.poll(() => idsIn(folder, 'alert'), patience).toHaveLength(20)
  await expect.poll(() => idsIn(folder, 'incident'), patience).toHaveLength(20)
  expect(await first.kill('SIGTERM'), first.said()).toBe(0)
  expect(first.said()).toContain('which one process at a time may use')
  service.store.add(5, Date.now())
  const second = run(folder)
  await expect.poll(() => idsIn(folder, 'alert'), patience).toHaveLength(25)
  await expect.poll(() => idsIn(folder, 'incident'), patience).toHaveLength(25)
  expect(await second.kill('SIGTERM')).toBe(0)
  expect(new Set(await idsIn(folder, 'alert'))).toEqual(new Set(service.store.alerts.keys()))
  expect(first.said() + second.said()).not.toMatch(/Canary|eyJ/)
  const show = xdrelay(['checkpoints', 'show'], { cwd: folder, env: { SECRET: secret } })
  expect(await show.ended, show.stderr()).toBe(0)
  expect(show.stdout()).toMatch(/^SOURCE .*\nalerts +- +\d+ +- +20\S+Z .*\nincidents +- +\d+ +- +20\S+Z /)
})

test('the admin endpoint of a running instance tests its connections, and takes itself for what it is', {
  timeout: 120_000,
}, async () => {
  const service = await microsoft()
  const folder = await configured(service, '{ listen: 127.0.0.1:0 }')
  const running = run(folder)
  await expect.poll(running.said, patience).toMatch(/incidents: polling/)
  await expect.poll(running.said, patience).toMatch(/alerts: polling/)
  const [, address] = /admin endpoint on (\S+)/.exec(running.said()) ?? []
  const answer = await fetch(`${address}/api/v1/check`, { method: 'POST' })
  const text = await answer.text()
  expect({ status: answer.status, leaks: /Canary|eyJ/.test(text) }).toEqual({ status: 200, leaks: false })
  const { ok, parts } = JSON.parse(text) as { ok: boolean; parts: { name: string; detail: string }[] }
  expect(ok, text).toBe(true)
  expect(parts.map(({ name }) => name)).toEqual([
    ...['source alerts', 'source incidents', 'checkpoints', 'output archive', 'dead letter'],
  ])
  expect(parts[2]!.detail).toContain('2 in use by a running process')
  await running.kill('SIGTERM')
})

test.each([
  ['a wrong secret', permissions, 'Wrong~Value', 77, 'XP2101'],
  ['a missing permission', ['SecurityAlert.Read.All'], secret, 77, 'XP2111'],
] as const)('%s ends the start, and nothing is read', { timeout: 60_000 }, async (_what, graph, value, exit, code) => {
  const service = await microsoft([...graph])
  const folder = await configured(service)
  const running = run(folder, value)
  expect(await running.ended).toBe(exit)
  expect(running.stderr()).toContain(code)
  expect(await readdir(join(folder, 'out'))).toEqual([])
})

test('an API that does not answer is an outage and no start error', { timeout: 120_000 }, async () => {
  const service = await microsoft()
  const folder = await configured(service)
  const { port } = new URL(service.url)
  await service.stop()
  const running = run(folder)
  await expect.poll(running.said, patience).toMatch(/alerts: .*no answer/)
  const apps = [{ tenantId, clientId, secrets: [{ value: secret }], roles: { graph: permissions, defender: [] } }]
  const back = await startMicrosoft({ apps, port: Number(port) })
  onTestFinished(() => back.stop())
  back.store.add(3, Date.now())
  await expect.poll(() => idsIn(folder, 'alert'), patience).toHaveLength(3)
  expect(await running.kill('SIGTERM')).toBe(0)
})
