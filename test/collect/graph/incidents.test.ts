import { expect, test } from 'vitest'
import type { Page } from '../../../src/collect/collector.ts'
import { createIncidentsCollector } from '../../../src/collect/graph/incidents.ts'
import type { MicrosoftOptions } from '../../../src/emulator/microsoft/microsoft.ts'
import { connected, type Item, itemsOf, never, Reader, versionOf } from '../support.ts'

const minute = 60_000
const hour = 60 * minute

async function incidents(options: Partial<MicrosoftOptions> = {}, expandAlerts = true) {
  const { service, api, pace } = await connected(options)
  const settings = { endpoint: service.url, since: 24 * hour, overlap: 5 * minute, probe: async () => 'ok', pace }
  const collector = () => createIncidentsCollector({ api, ...settings, expandAlerts })
  const queries = () => service.requests.filter(request => request.startsWith('GET')).map(decodeURIComponent)
  return { service, pace, collector, reader: new Reader(collector()), queries }
}

type Service = Awaited<ReturnType<typeof incidents>>['service']

/** Each incident with each of its alerts, by versions. */
function currentPairs({ store }: Service): string[] {
  const alerts = [...store.alerts.values()]
  return [...store.incidents.values()]
    .flatMap(incident => {
      const inside = alerts.filter(({ incidentId }) => incidentId === incident.id)
      return inside.map(alert => `${versionOf(incident)} / ${versionOf(alert as never)}`)
    })
    .toSorted()
}

function pairsOf(items: readonly Item[]): string[] {
  return items
    .flatMap(incident => (incident.alerts as Item[]).map(alert => `${versionOf(incident)} / ${versionOf(alert)}`))
    .toSorted()
}

test('each incident comes with its alerts, in pages of fifty', async () => {
  const { service, pace, reader, queries } = await incidents()
  for (let each = 0; each < 20; each++) service.store.add(15, pace.now() - hour + each * minute)
  const items = await reader.pass()
  expect(pairsOf(items)).toEqual(currentPairs(service))
  expect(items.every(item => Object.keys(item).every(key => !key.startsWith('alerts@')))).toBe(true)
  expect(queries()[0]).toMatch(
    /incidents\?\$filter=lastUpdateDateTime ge \S+&\$orderby=lastUpdateDateTime asc&\$top=50&\$expand=alerts$/,
  )
  expect(await reader.pass()).toEqual([])
})

test('an incident and its alerts keep the bytes that the service sent', async () => {
  const { service, pace, reader } = await incidents()
  service.store.add(1, pace.now() - hour)
  const [incident] = [...service.store.incidents.values()]
  const [alert] = [...service.store.alerts.values()]
  const alertText = `{ "n":639199916335081329,${JSON.stringify(alert).slice(1)}`
  const own = JSON.stringify(incident).slice(1, -1)
  const text = `{"value":[{"alerts@odata.context":"x", ${own}, "\\u0061lerts":[ ${alertText} ], "big" : 18446744073709551615}]}`
  service.faults.add(/incidents/, { kind: 'body', text })
  await reader.pass()
  const kept = `{${own},"big" : 18446744073709551615,"alerts":[${alertText}]}`
  expect(Buffer.from(reader.pages[0]!.body).toString()).toBe(`{"value":[${kept}]}`)
})

test('an alert that changed while its incident did not comes with the incident, and the others do not', async () => {
  const { service, pace, reader } = await incidents()
  service.store.add(8, pace.now() - minute)
  await reader.pass()
  const alert = [...service.store.alerts.values()].find(({ incidentId, id }) =>
    [...service.store.alerts.values()].some(each => each.incidentId === incidentId && each.id !== id),
  )!
  service.store.alerts.set(alert.id, { ...alert, lastUpdateDateTime: new Date(pace.now()).toISOString() })
  const items = await reader.pass()
  expect(items.map(({ id, alerts }) => [id, (alerts as Item[]).map(each => each.id)])).toEqual([
    [alert.incidentId, [alert.id]],
  ])
  expect(await reader.pass()).toEqual([])
})

test('an incident without alerts comes once, and again when it has one', async () => {
  const { service, pace, reader } = await incidents()
  service.store.add(1, pace.now() - minute)
  const [alert] = [...service.store.alerts.values()]
  service.store.alerts.clear()
  expect((await reader.pass()).map(({ alerts }) => alerts)).toEqual([[]])
  expect(await reader.pass()).toEqual([])
  service.store.alerts.set(alert!.id, alert!)
  expect(pairsOf(await reader.pass())).toEqual(currentPairs(service))
  expect(await reader.pass()).toEqual([])
})

test.each([true, false])(
  'where $expand ends in status 500, alerts are found by themselves within a minute (filter by incident: %s)',
  async filterByIncident => {
    const { service, pace, reader, queries } = await incidents({ expandFails: true, filterByIncident })
    for (let each = 0; each < 12; each++) service.store.add(10, pace.now() - hour + each * minute)
    const started = pace.now()
    expect(pairsOf(await reader.pass())).toEqual(currentPairs(service))
    const lists = queries().filter(query => query.includes('/incidents?'))
    expect(lists.slice(0, 5).map(query => /\$top=.*/.exec(query)![0])).toEqual([
      '$top=50&$expand=alerts',
      '$top=50&$expand=alerts',
      '$top=10&$expand=alerts',
      '$top=10&$expand=alerts',
      '$top=50',
    ])
    expect(pace.now() - started).toBeLessThan(minute)
    expect(queries().some(query => query.includes("incidentId eq '"))).toBe(true)
    if (!filterByIncident) expect(queries().filter(query => query.includes('incidentId eq')).length).toBe(1)
    expect(await reader.pass()).toEqual([])
  },
)

test('the healthy way is tried again after an hour, and not before', async () => {
  const { service, pace, reader, queries } = await incidents({ filterByIncident: true })
  service.store.add(10, pace.now() - minute)
  service.faults.add(/incidents/, { kind: 'status', status: 500 }, 4)
  await reader.pass()
  const expands = () => queries().filter(query => query.includes('$expand')).length
  expect(expands()).toBe(4)
  pace.advance(59 * minute)
  await reader.pass()
  expect(expands()).toBe(4)
  pace.advance(minute)
  service.store.add(10, pace.now())
  await reader.pass()
  expect(expands()).toBe(5)
  const found = pairsOf(reader.items)
  expect(currentPairs(service).filter(pair => !found.includes(pair))).toEqual([])
  expect(new Set(found).size).toBe(found.length)
})

test('a single 500 changes nothing', async () => {
  const { service, pace, reader, queries } = await incidents()
  service.store.add(10, pace.now() - minute)
  service.faults.add(/incidents/, { kind: 'status', status: 500 })
  expect(pairsOf(await reader.pass())).toEqual(currentPairs(service))
  expect(queries().length).toBe(2)
  expect(queries().every(query => query.includes('$top=50&$expand=alerts'))).toBe(true)
})

test('the alerts may be asked for by themselves from the start', async () => {
  const { service, pace, reader, queries } = await incidents({ filterByIncident: true }, false)
  service.store.add(30, pace.now() - minute)
  expect(pairsOf(await reader.pass())).toEqual(currentPairs(service))
  expect(queries().some(query => query.includes('$expand'))).toBe(false)
})

/** One incident with six MiB of alerts, and some others. */
function fill({ store }: Service, now: number): string {
  store.add(200, now)
  const [first] = store.incidents.keys()
  for (const alert of store.alerts.values()) {
    Object.assign(alert, { incidentId: first, description: 'x'.repeat(30_000) })
  }
  return first!
}

test('an incident with more alerts than a body holds comes in several bodies', async () => {
  const { service, pace, reader } = await incidents()
  const first = fill(service, pace.now() - minute)
  const items = await reader.pass()
  expect(pairsOf(items.filter(({ id }) => id === first))).toEqual(currentPairs(service))
  expect(Math.max(...reader.pages.map(({ body }) => body.length))).toBeLessThan(5 << 20)
})

test('who got the first of these bodies only gets the others later', async () => {
  const { service, pace, collector } = await incidents({}, false)
  fill(service, pace.now() - minute)
  const interrupted = collector().pass(undefined, never)
  const { value: page } = (await interrupted.next()) as { value: Page }
  await interrupted.return()
  const rest = await new Reader(collector(), page.state).pass()
  expect(pairsOf([...itemsOf(page), ...rest])).toEqual(currentPairs(service))
})

/** One incident whose alerts go on: at each of `ends`, a page with one of them leads to the place that is named there. */
async function withMore(ends: readonly (number | undefined)[], padding = '') {
  const { service, reader, pace } = await incidents()
  const lastUpdateDateTime = new Date(pace.now() - minute).toISOString()
  const more = (place?: number) => (place === undefined ? undefined : `${service.url}/v1.0/more/${place}`)
  const incident = { id: '1', lastUpdateDateTime, alerts: [], 'alerts@odata.nextLink': more(0) }
  service.faults.add(/incidents/, { kind: 'body', text: JSON.stringify({ value: [incident] }) })
  for (const [place, end] of ends.entries()) {
    const page = { value: [{ id: `a${place}`, lastUpdateDateTime }], '@odata.nextLink': more(end), padding }
    service.faults.add(new RegExp(`/more/${place}$`), { kind: 'body', text: JSON.stringify(page) }, 100)
  }
  return { reader, count: () => service.requests.filter(request => request.includes('/more/')).length }
}

test('alerts that do not fit into their incident are fetched where it says', async () => {
  const { reader } = await withMore([1, 2, undefined])
  const items = await reader.pass()
  expect(items.flatMap(({ alerts }) => (alerts as Item[]).map(({ id }) => id))).toEqual(['a0', 'a1', 'a2'])
})

test('alerts of an incident that go round in a circle are an error, as pages that do', async () => {
  const { reader, count } = await withMore([1, 0])
  await expect(reader.pass()).rejects.toMatchObject({ kind: 'api_failed', message: expect.stringContaining('again') })
  expect(count()).toBe(6)
})

test('alerts of an incident that do not end are an error before they fill the memory', async () => {
  const ends = Array.from({ length: 20 }, (_, place) => place + 1)
  const { reader, count } = await withMore(ends, 'x'.repeat(10 << 20))
  await expect(reader.pass()).rejects.toMatchObject({ kind: 'api_too_large' })
  expect(count()).toBe(7)
})

test('what is no incident comes as it is', async () => {
  const { service, reader } = await incidents()
  service.faults.add(/incidents/, { kind: 'body', text: '{"value":[ null , 7, {"id":4,"alerts":[]}]}' })
  await reader.pass()
  expect(Buffer.from(reader.pages[0]!.body).toString()).toBe('{"value":[null,7,{"id":4,"alerts":[]}]}')
})
