import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Microsoft, startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import { tempDirectory } from './temp.ts'

export const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
export const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
export const secret = 'Canary~Secret~Value.1'
export const permissions = ['SecurityAlert.Read.All', 'SecurityIncident.Read.All']

/** A stand-in with 20 alerts, stopped when the test ends. */
export async function microsoft(graph = permissions): Promise<Microsoft> {
  const roles = { graph, defender: ['Vulnerability.Read.All'] }
  const service = await startMicrosoft({ apps: [{ tenantId, clientId, secrets: [{ value: secret }], roles }] })
  onTestFinished(() => service.stop())
  service.store.add(20, Date.now())
  return service
}

/** A folder with a configuration of alerts and incidents alone, without a storage account. */
export async function configured(
  { url, tokenUrl }: Pick<Microsoft, 'url' | 'tokenUrl'>,
  admin = 'null',
): Promise<string> {
  const folder = await tempDirectory()
  const access = `tenant_id: ${tenantId}, client_id: ${clientId}, client_secret: "\${env:SECRET}", endpoint: "${url}", token_url: "${tokenUrl(tenantId)}", every: 1s`
  const text = `
sources:
  alerts: { graph_alerts: { ${access} } }
  incidents: { graph_incidents: { ${access} } }
checkpoints: { directory: ./state, interval: 200ms }
outputs: { archive: { file: { path: "./out/{table}.ndjson" } } }
admin: ${admin}
`
  await writeFile(join(folder, 'xdrelay.yaml'), text)
  await mkdir(join(folder, 'out'))
  return folder
}

/** Of the documents that a run in this folder has written. */
export async function idsIn(folder: string, table: string): Promise<string[]> {
  const text = await readFile(join(folder, 'out', `${table}.ndjson`), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => (JSON.parse(line) as { event: { id: string } }).event.id)
}
