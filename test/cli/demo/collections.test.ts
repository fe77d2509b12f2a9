import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type CollectionName, type Held, pairOf, reconcileCollection } from '../../../src/cli/demo/collections.ts'
import { heldBy } from '../../../src/cli/demo/held.ts'
import { startMicrosoft } from '../../../src/emulator/microsoft/microsoft.ts'
import { tempDirectory } from '../../support/temp.ts'

const early = '2026-03-01T10:00:00Z'
const late = '2026-03-01T10:00:00.5004321Z'

const alert = (id: string, time: string) => ({ '@timestamp': time, event: { id }, m365_defender: { alert: {} } })
const held = (id: string, time: string): Held => ({ id, version: `${id} ${Date.parse(time)}` })

async function found(name: CollectionName, api: readonly Held[], documents: readonly object[]) {
  const folder = await tempDirectory()
  const lines = documents.map(document => `${JSON.stringify(document)}\n`)
  if (documents.length > 0) await writeFile(join(folder, `${name}.ndjson`), lines.join(''))
  return reconcileCollection(name, api, folder)
}

test('each version is a document, and the newest of each item has to be there', async () => {
  const documents = [alert('a', early), alert('a', late), alert('b', early)]
  const result = await found('alert', [held('a', late), held('b', early)], documents)
  expect(result).toEqual({ name: 'alert', held: 2, delivered: 3, missing: [], doubled: [], unknown: [] })
})

test('what is missing, doubled or held by nobody is named', async () => {
  const documents = [alert('a', early), alert('a', early), alert('x', late)]
  expect(await found('alert', [held('a', late), held('b', late)], documents)).toMatchObject({
    missing: [`a ${Date.parse(late)}`, `b ${Date.parse(late)}`],
    doubled: [`a ${Date.parse(early)}`],
    unknown: ['x'],
  })
  expect(await found('alert', [held('a', late)], [])).toMatchObject({
    delivered: 0,
    missing: [`a ${Date.parse(late)}`],
  })
})

test('an incident is looked at with each of its alerts, and by itself where it has none', async () => {
  const incident = (id: string, time: string, inside?: { id: string; last_update_datetime: string }) => ({
    ...alert(id, time),
    m365_defender: { incident: inside === undefined ? {} : { alert: inside } },
  })
  const parent = { id: '1', time: early }
  const api = [
    pairOf(parent, { id: 'a', time: early }),
    pairOf(parent, { id: 'b', time: late }),
    pairOf({ id: '2', time: late }, { id: undefined, time: undefined }),
  ]
  const documents = [
    incident('1', early, { id: 'a', last_update_datetime: early }),
    incident('1', early, { id: 'b', last_update_datetime: early }),
    incident('2', late),
  ]
  const { missing, unknown, delivered } = await found('incident', api, documents)
  expect({ missing, unknown, delivered }).toEqual({ missing: [api[1]!.version], unknown: [], delivered: 3 })
})

test('everything that the stand-in holds is read, over many pages', async () => {
  const app = { tenantId: '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44', clientId: '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1' }
  const roles = { graph: ['SecurityIncident.Read.All'], defender: ['Vulnerability.Read.All'] }
  const apps = [{ ...app, secrets: [{ value: 'Secret~Value' }], roles }]
  const service = await startMicrosoft({ apps, inventory: { devices: 700, products: 15 } })
  onTestFinished(() => service.stop())
  service.store.add(1200, Date.now())
  const tokenUrl = service.tokenUrl(app.tenantId)
  const { alert, incident, vulnerability } = await heldBy({
    ...app,
    url: service.url,
    tokenUrl,
    clientSecret: 'Secret~Value',
  })
  const { alerts } = service.store
  expect(new Set(alert.map(({ id }) => id))).toEqual(new Set(alerts.keys()))
  expect(new Set(incident.map(({ id }) => id))).toEqual(
    new Set([...alerts.values()].map(({ id, incidentId }) => `${incidentId}/${id}`)),
  )
  expect(new Set(vulnerability.map(({ id }) => id)).size).toBe(10_500)
})
