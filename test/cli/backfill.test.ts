import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type Microsoft, startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

const hour = 3_600_000
const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
const secret = 'Canary~Secret~Value.1'
const roles = { graph: ['SecurityIncident.Read.All'], defender: ['Vulnerability.Read.All'] }
/** The beginning of an hour some days ago. */
const base = Math.floor(Date.now() / hour) * hour - 72 * hour

/** A tenant with ten alerts in each of the hours from `base` on. */
async function microsoft(hours: number): Promise<Microsoft> {
  const service = await startMicrosoft({ apps: [{ tenantId, clientId, secrets: [{ value: secret }], roles }] })
  onTestFinished(() => service.stop())
  for (let index = 0; index < hours; index++) service.store.add(10, base + index * hour)
  return service
}

async function configured({ url, tokenUrl }: Microsoft): Promise<string> {
  const folder = await tempDirectory()
  const access = `tenant_id: ${tenantId}, client_id: ${clientId}, client_secret: "\${env:SECRET}", endpoint: "${url}", token_url: "${tokenUrl(tenantId)}"`
  const text = `
sources:
  alerts: { graph_alerts: { ${access} } }
  incidents: { graph_incidents: { ${access} } }
  vulnerabilities: { vulnerabilities: { ${access} } }
checkpoints: { directory: ./state, interval: 200ms }
outputs: { archive: { file: { path: "./out/{table}.ndjson" } } }
`
  await writeFile(join(folder, 'xdrelay.yaml'), text)
  return folder
}

function backfill(cwd: string, ...args: string[]) {
  return xdrelay(['backfill', ...args], { cwd, env: { SECRET: secret } })
}

async function idsIn(folder: string, table: string): Promise<string[]> {
  const text = await readFile(join(folder, 'out', `${table}.backfill.ndjson`), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map(line => (JSON.parse(line) as { event: { id: string } }).event.id)
}

const iso = (time: number) => new Date(time).toISOString()
const updatedIn = ({ store }: Microsoft, since: number, until: number) =>
  [...store.alerts.values()]
    .filter(({ lastUpdateDateTime }) => Date.parse(lastUpdateDateTime) >= since)
    .filter(({ lastUpdateDateTime }) => Date.parse(lastUpdateDateTime) < until)
    .map(({ id }) => id)

test('a window is read slice by slice, each alert of it once, and the command ends by itself', {
  timeout: 120_000,
}, async () => {
  const service = await microsoft(10)
  const folder = await configured(service)
  const [since, until] = [base + 2 * hour, base + 6 * hour]
  const window = ['--since', iso(since), '--until', iso(until)]
  const first = backfill(folder, 'alerts', ...window, '--slice', '90m')
  expect(await first.ended, first.stderr()).toBe(0)
  const wanted = updatedIn(service, since, until)
  expect(wanted.length).toBe(40)
  expect((await idsIn(folder, 'alert')).sort()).toEqual(wanted.sort())
  expect(first.stderr()).toMatch(/alerts \[#{20}\] 100 % {2}40 items/)
  expect(first.stdout() + first.stderr()).not.toContain('Canary')
  const asked = service.requests.filter(request => request.includes('alerts_v2') && request.includes('lastUpdate'))
  expect(asked.length).toBeGreaterThanOrEqual(3)

  const again = backfill(folder, 'alerts', ...window)
  expect(await again.ended, again.stderr()).toBe(0)
  expect(again.stderr()).toContain('an earlier run has read this window')
  expect((await idsIn(folder, 'alert')).length).toBe(40)
})

test('one that is stopped goes on where it was, and nothing comes twice', { timeout: 120_000 }, async () => {
  const service = await microsoft(12)
  const folder = await configured(service)
  const window = ['--since', iso(base), '--until', iso(base + 12 * hour), '--slice', '1h']
  service.faults.add(/alerts_v2/, { kind: 'delay', milliseconds: 300 }, 1000)
  const first = backfill(folder, 'alerts', ...window)
  await expect.poll(() => idsIn(folder, 'alert').catch(() => []), { timeout: 60_000 }).not.toEqual([])
  await first.kill('SIGINT')
  expect(await first.ended, first.stderr()).toBe(130)
  expect(first.stderr()).toContain(
    `XP6003 stopped on the way; go on with: xdrelay backfill alerts --since ${iso(base)}`,
  )
  const before = (await idsIn(folder, 'alert')).length
  expect(before).toBeLessThan(120)

  service.faults.heal()
  const second = backfill(folder, 'alerts', ...window)
  expect(await second.ended, second.stderr()).toBe(0)
  expect(second.stderr()).toContain('going on with alerts')
  expect((await idsIn(folder, 'alert')).sort()).toEqual([...service.store.alerts.keys()].sort())
})

test('incidents come with their alerts, vulnerabilities as the changes that the API tells', {
  timeout: 120_000,
}, async () => {
  const service = await microsoft(3)
  service.inventory.change(20, Date.now() - hour)
  const folder = await configured(service)
  const incidents = backfill(folder, 'incidents', '--since', iso(base), '--until', iso(base + 3 * hour))
  expect(await incidents.ended, incidents.stderr()).toBe(0)
  expect((await idsIn(folder, 'incident')).length).toBe(30)
  const changes = backfill(folder, 'vulnerabilities', '--since', '2d')
  expect(await changes.ended, changes.stderr()).toBe(0)
  expect((await idsIn(folder, 'vulnerability')).length).toBe(20)
  expect(service.requests.some(request => request.includes('SoftwareVulnerabilitiesExport'))).toBe(false)
})
