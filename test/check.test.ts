import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { checkParts, checkReport } from '../src/check.ts'
import { type Config, checkConfig } from '../src/config.ts'
import { type Microsoft, startMicrosoft } from '../src/emulator/microsoft/microsoft.ts'
import { type Storage, startStorage } from '../src/emulator/storage.ts'
import { startFakeBulk } from './support/fake-bulk.ts'
import { tempDirectory } from './support/temp.ts'

const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
const secret = 'Canary~Secret~Value.1'
const graph = ['SecurityAlert.Read.All', 'SecurityIncident.Read.All']

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

async function microsoft(roles = { graph, defender: ['Vulnerability.Read.All'] }): Promise<Microsoft> {
  const service = await startMicrosoft({ apps: [{ tenantId, clientId, secrets: [{ value: secret }], roles }] })
  onTestFinished(() => service.stop())
  return service
}

/** The configuration with these sources, in a folder with the files that it names. */
async function configured(
  service: Microsoft,
  credentials: string,
  archive = 'file: { path: ./out.ndjson }',
): Promise<Config & { folder: string }> {
  const folder = await tempDirectory()
  await writeFile(join(folder, 'secret'), `${secret}\n`)
  const access = `endpoint: ${service.url}, token_url: ${service.tokenUrl(tenantId)}, ${credentials}`
  const text = `
sources:
  alerts: { graph_alerts: { ${access} } }
  incidents: { graph_incidents: { ${access} } }
  vulnerabilities: { vulnerabilities: { ${access} } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: ${storage.endpoint} }
outputs: { archive: { ${archive} } }
`
  const { config, findings } = checkConfig(text, join(folder, 'xdrelay.yaml'), {})
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
  return { ...config!, folder }
}

const app = `tenant_id: ${tenantId}, client_id: ${clientId}, client_secret: "\${file:./secret}"`

async function checked(config: Config) {
  const report = await checkReport(
    checkParts(config, { stdout: process.stdout, pid: process.pid }, AbortSignal.timeout(20_000)),
  )
  expect(JSON.stringify(report)).not.toMatch(/Canary|eyJ/)
  return { ...report, texts: Object.fromEntries(report.parts.map(({ name, detail }) => [name, detail])) }
}

test('sources of the APIs are tried with their own credentials, token, permission and request', async () => {
  const service = await microsoft()
  const { ok, parts, texts } = await checked(await configured(service, app))
  expect(parts.map(({ name }) => name)).toEqual([
    ...['source alerts', 'source incidents', 'source vulnerabilities', 'checkpoints', 'output archive', 'dead letter'],
  ])
  const { host } = new URL(service.url)
  expect(texts['source alerts']).toBe(`token with ${graph.join(', ')}; ${host} answers`)
  expect(texts['source vulnerabilities']).toBe(
    `token with Vulnerability.Read.All; ${host} answers; without Machine.Read.All, so details of machines are left out`,
  )
  expect(ok).toBe(true)
})

test('an Elasticsearch output is asked about the streams of its sources, and about no others', async () => {
  const server = await startFakeBulk(() => ({ body: { has_all_requested: true } }))
  const config = await configured(await microsoft(), app, `elasticsearch: { urls: [${server.url}], namespace: soc }`)
  const streams = ['alert', 'incident', 'vulnerability'].map(dataset => `logs-m365_defender.${dataset}-soc`)
  expect((await checked(config)).texts['output archive']).toBe(streams.join(', '))
})

test('the source that lacks a permission is named, with the page to consent on, and the others are ok', async () => {
  const service = await microsoft({ graph: ['SecurityAlert.Read.All'], defender: ['Vulnerability.Read.All'] })
  const { ok, parts } = await checked(await configured(service, app))
  const bad = parts.filter(part => !part.ok)
  expect(bad).toMatchObject([{ name: 'source incidents', code: 'XP2111' }])
  expect(bad[0]!.detail).toContain('SecurityIncident.Read.All')
  expect(bad[0]!.detail).toContain(`/${tenantId}/adminconsent?client_id=${clientId}`)
  expect(ok).toBe(false)
})

test('a secret that is rotated in its file counts from the next token on', async () => {
  const config = await configured(await microsoft(), app)
  const file = join(config.folder, 'secret')
  await writeFile(file, 'Wrong~Value')
  expect((await checked(config)).parts[0]).toMatchObject({ ok: false, code: 'XP2101' })
  await writeFile(file, secret)
  expect((await checked(config)).ok).toBe(true)
  await rm(file)
  const { parts } = await checked(config)
  expect(parts[0]!.detail).toBe(`cannot use ${file}: ENOENT`)
})

test('a workload identity where the platform gives none is said, not thrown', async () => {
  const { parts } = await checked(await configured(await microsoft(), 'credential: workload_identity'))
  expect(parts[0]).toMatchObject({ ok: false, detail: expect.stringContaining('AZURE_FEDERATED_TOKEN_FILE') })
})
