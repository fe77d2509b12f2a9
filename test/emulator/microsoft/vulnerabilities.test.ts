import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { app, defenderScope, type Failure, microsoft, type Page } from './support.ts'

const byMachine = '/api/machines/SoftwareVulnerabilitiesByMachine'
const changes = '/api/machines/SoftwareVulnerabilityChangesByMachine'
const exports = '/api/machines/SoftwareVulnerabilitiesExport'
const start = Date.parse('2026-03-01T08:00:00Z')

interface Files {
  readonly exportFiles: readonly string[]
  readonly generatedTime: string
}

test('all rows come by page, in files, and the same ones', async () => {
  const { ask, token } = await microsoft({ inventory: { devices: 7, products: 9 } })
  const authorised = await token(defenderScope)
  const rows: Record<string, unknown>[] = []
  for (let next: string | undefined = `${byMachine}?pageSize=25`; next !== undefined; ) {
    const page = (await (await ask(next, authorised)).json()) as Page
    rows.push(...page.value)
    next = page['@odata.nextLink']
  }
  expect(rows.length).toBe(63)
  expect(new Set(rows.map(({ id }) => id)).size).toBe(63)
  const { exportFiles, generatedTime } = (await (await ask(exports, authorised)).json()) as Files
  expect(generatedTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:00:00Z$/)
  const files = await Promise.all(exportFiles.map(async url => gunzipSync(await (await ask(url)).bytes()).toString()))
  const lines = files.join('').trimEnd().split('\n')
  const exported = lines.map(line => JSON.parse(line) as Record<string, unknown>)
  expect(exported.map(({ Id }) => Id)).toEqual(rows.map(({ id }) => id))
  expect(Object.keys(exported[0]!)).toEqual(
    expect.arrayContaining(['OSPlatform', 'CveId', 'DiskPaths', 'LastSeenTimestamp']),
  )
})

test('with $top there is no next link', async () => {
  const { ask, token } = await microsoft()
  const page = (await (await ask(`${byMachine}?$top=3`, await token(defenderScope))).json()) as Page
  expect(page.value.length).toBe(3)
  expect(page).not.toHaveProperty('@odata.nextLink')
})

test('the address of a file works without a token, until it expires', async () => {
  let now = start
  const { ask, token } = await microsoft({ clock: () => now })
  const { exportFiles } = (await (await ask(`${exports}?sasValidHours=2`, await token(defenderScope))).json()) as Files
  expect((await ask(exportFiles[0]!)).status).toBe(200)
  expect((await ask(exportFiles[0]!.replace(/sig=./, 'sig=_'))).status).toBe(403)
  now += 2 * 3_600_000 + 1
  const late = await ask(exportFiles[0]!)
  expect(late.status).toBe(403)
  expect(await late.text()).toContain('Signature not valid in the specified key time frame')
})

test('changes come from the beginning of their six hours on, and from fourteen days back at most', async () => {
  const { service, ask, token } = await microsoft({ clock: () => start })
  const authorised = await token(defenderScope)
  for (const hours of [30, 9, 3, 1]) service.inventory.change(2, start - hours * 3_600_000)
  const since = async (date: number) => ask(`${changes}?sinceTime=${new Date(date).toISOString()}`, authorised)
  const page = (await (await since(start - 2 * 3_600_000)).json()) as Page
  expect(page.value.length).toBe(2)
  const more = (await (await since(start - 3 * 3_600_000)).json()) as Page
  expect(more.value.length).toBe(4)
  expect(more.value.every(row => ['New', 'Fixed', 'Updated'].includes(String(row.status)))).toBe(true)
  const old = await since(start - 15 * 24 * 3_600_000)
  expect(old.status).toBe(400)
  expect(((await old.json()) as Failure).error.code).toBe('InvalidInput')
})

test('the catalogue and the machines are paged by $top and $skip', async () => {
  const { ask, token } = await microsoft({ inventory: { devices: 5, products: 10 } })
  const authorised = await token(defenderScope)
  const get = async (path: string) => ((await (await ask(path, authorised)).json()) as Page).value
  const all = await get('/api/vulnerabilities')
  expect(all.map(({ id }) => id)).toContain('CVE-2026-10001')
  expect(await get('/api/v1.0/vulnerabilities?$top=2&$skip=1')).toEqual(all.slice(1, 3))
  const machines = await get('/api/machines')
  const rows = await get(`${byMachine}?pageSize=100`)
  expect(new Set(rows.map(({ deviceId }) => deviceId))).toEqual(new Set(machines.map(({ id }) => id)))
  expect((await ask('/api/vulnerabilities?$top=8001', authorised)).status).toBe(400)
})

test('exports are allowed five times a minute and twenty times an hour, pages of rows more often', async () => {
  let now = start
  const { ask, token } = await microsoft({ clock: () => now, tokenLifetime: 7200 })
  const authorised = await token(defenderScope)
  const statuses = async (count: number) =>
    Promise.all(Array.from({ length: count }, async () => (await ask(exports, authorised)).status))
  for (let round = 0; round < 4; round++) {
    expect(await statuses(5)).toEqual([200, 200, 200, 200, 200])
    expect(await statuses(1)).toEqual([429])
    now += 60_000
  }
  const late = await ask(exports, authorised)
  expect([late.status, late.headers.get('retry-after')]).toEqual([429, String(56 * 60)])
  expect((await ask(`${byMachine}?pageSize=1`, authorised)).status).toBe(200)
})

test('machines need a permission of their own', async () => {
  const withoutMachines = { ...app, roles: { graph: [], defender: ['Vulnerability.Read.All'] } }
  const { ask, token } = await microsoft({ apps: [withoutMachines] })
  const answer = await ask('/api/machines', await token(defenderScope))
  expect(answer.status).toBe(403)
  expect(((await answer.json()) as Failure).error.message).toContain('(Machine.Read.All)')
  expect((await ask('/api/vulnerabilities', await token(defenderScope))).status).toBe(200)
})

test('the catalogue also has what no machine is exposed to', async () => {
  const { ask, token } = await microsoft({ inventory: { devices: 5, products: 10 } })
  const { value } = (await (await ask('/api/vulnerabilities', await token(defenderScope))).json()) as Page
  expect(new Set(value.map(({ exposedMachines }) => exposedMachines))).toEqual(new Set([5, 0]))
})

test('an export of many rows is several files', async () => {
  const { ask, token } = await microsoft({ inventory: { devices: 7, products: 9, rowsOfFile: 20 } })
  const { exportFiles } = (await (await ask(exports, await token(defenderScope))).json()) as Files
  const files = await Promise.all(exportFiles.map(async url => gunzipSync(await (await ask(url)).bytes()).toString()))
  expect(files.map(text => text.trimEnd().split('\n').length)).toEqual([20, 20, 20, 3])
})
