import { expect, test } from 'vitest'
import { app, type Failure, microsoft, type Page } from './support.ts'

const alerts = '/v1.0/security/alerts_v2'
const incidents = '/v1.0/security/incidents'
const start = Date.parse('2026-03-01T08:00:00Z')

function idsOf({ value }: Page): string[] {
  return value.map(({ id }) => String(id))
}

test('alerts are filtered, ordered and paged, each once while nothing changes', async () => {
  const { service, ask, token } = await microsoft()
  const authorised = await token()
  for (let minute = 0; minute < 30; minute++) service.store.add(10, start + minute * 60_000)
  const since = new Date(start + 10 * 60_000).toISOString()
  const query = `$filter=lastUpdateDateTime ge ${since}&$orderby=lastUpdateDateTime asc&$top=60&$count=true`
  const pages: Page[] = []
  for (
    let next: string | undefined = `${alerts}?${query}`;
    next !== undefined;
    next = pages.at(-1)!['@odata.nextLink']
  ) {
    pages.push((await (await ask(next, authorised)).json()) as Page)
  }
  expect(pages.map(({ value }) => value.length)).toEqual([60, 60, 60, 20])
  expect(pages[0]!['@odata.count']).toBe(200)
  const dates = pages.flatMap(({ value }) => value.map(item => Date.parse(String(item.lastUpdateDateTime))))
  expect(dates).toEqual(dates.toSorted((a, b) => a - b))
  expect(new Set(pages.flatMap(idsOf)).size).toBe(200)
})

test('an item that changes while someone pages moves, and the next page leaves one out', async () => {
  const { service, ask, token } = await microsoft()
  const authorised = await token()
  service.store.add(20, start)
  const first = (await (await ask(`${alerts}?$orderby=lastUpdateDateTime asc&$top=10`, authorised)).json()) as Page
  for (let tries = 0; tries < 40; tries++) service.store.change(1, start + 60_000 + tries)
  const second = (await (await ask(first['@odata.nextLink']!, authorised)).json()) as Page
  expect(new Set([...idsOf(first), ...idsOf(second)]).size).toBeLessThan(20)
})

test('incidents come alone, or with their alerts inside', async () => {
  const { service, ask, token } = await microsoft()
  const authorised = await token()
  service.store.add(12, start)
  const plain = (await (await ask(incidents, authorised)).json()) as Page
  expect(plain.value.every(item => !('alerts' in item))).toBe(true)
  const full = (await (await ask(`${incidents}?$expand=alerts&$top=50`, authorised)).json()) as Page
  const inside = full.value.flatMap(item => (item.alerts as { id: string; incidentId: string }[]).map(({ id }) => id))
  expect(new Set(inside)).toEqual(new Set(service.store.alerts.keys()))
  const one = full.value[0]!
  const single = await ask(`${incidents}/${one.id}?$expand=alerts`, authorised)
  expect(await single.json()).toEqual(one)
})

test.each([
  [
    `${incidents}?$top=100`,
    '',
    "The query specified in the URI is not valid. The limit of '50' for Top query has been exceeded. The value from the incoming request is '100'.",
  ],
  [
    `${alerts}?$skip=501`,
    '',
    "The query specified in the URI is not valid. The limit of '500' for Skip query has been exceeded. The value from the incoming request is '501'.",
  ],
  [
    `${alerts}?$filter=incidentId eq '4000'`,
    'BadRequest',
    "Invalid filter clause: 'incidentId' cannot be filtered on.",
  ],
  [
    `${alerts}?$filter=lastUpdateDateTime ge yesterday`,
    'BadRequest',
    "Invalid filter clause: 'yesterday' is neither a date nor a number.",
  ],
  [`${alerts}?$orderby=title`, 'BadRequest', "Cannot order by 'title'."],
  [`${alerts}?$expand=evidence`, 'BadRequest', "Could not find a property named 'evidence'."],
])('%s is a bad request', async (path, code, message) => {
  const { ask, token } = await microsoft()
  const answer = await ask(path, await token())
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as Failure).error).toMatchObject({ code, message })
})

test('filters compare dates to the last digit and combine', async () => {
  const { service, ask, token } = await microsoft({ filterByIncident: true })
  const authorised = await token()
  service.store.add(40, start)
  const count = async (filter: string) =>
    ((await (await ask(`${alerts}?$top=1000&$filter=${encodeURIComponent(filter)}`, authorised)).json()) as Page).value
      .length
  const all = [...service.store.alerts.values()]
  const { lastUpdateDateTime, incidentId } = all[0]!
  // 42Z, 42.0Z and 42.0000000Z are one moment.
  const digits = (date: string) =>
    date
      .replace(/Z$/, '')
      .replace(/(:\d\d)$/, '$1.')
      .padEnd(27, '0')
  const same = all.filter(alert => digits(alert.lastUpdateDateTime) === digits(lastUpdateDateTime)).length
  expect(await count(`lastUpdateDateTime eq ${lastUpdateDateTime}`)).toBe(same)
  const later = await count(`lastUpdateDateTime gt ${lastUpdateDateTime}`)
  expect(await count(`lastUpdateDateTime ge ${lastUpdateDateTime}`)).toBe(later + same)
  expect(await count(`incidentId eq '${incidentId}'`)).toBe(all.filter(alert => alert.incidentId === incidentId).length)
  expect(await count("severity eq 'low' or severity ne 'low'")).toBe(40)
  expect(await count("(severity eq 'low' or severity eq 'high') and status eq 'new'")).toBe(
    all.filter(({ severity }) => severity === 'low' || severity === 'high').length,
  )
})

test('newer enum members are sent to those who ask for them only', async () => {
  const { service, ask, token } = await microsoft()
  const authorised = await token()
  service.store.add(60, start)
  const text = async (headers: Record<string, string>) => (await ask(`${alerts}?$top=1000`, authorised, headers)).text()
  expect(await text({ prefer: 'include-unknown-enum-members' })).toContain('microsoftSentinel')
  const without = await text({})
  expect(without).not.toContain('microsoftSentinel')
  expect(without).toContain('unknownFutureValue')
})

test('too many requests in a minute have to wait as long as it says', async () => {
  let now = start
  const { ask, token } = await microsoft({ clock: () => now, requestsPerMinute: 3 })
  const authorised = await token()
  for (let request = 0; request < 3; request++) expect((await ask(alerts, authorised)).status).toBe(200)
  now += 20_000
  const refused = await ask(alerts, authorised)
  expect(refused.status).toBe(429)
  expect(refused.headers.get('retry-after')).toBe('40')
  now += 40_000
  expect((await ask(alerts, authorised)).status).toBe(200)
})

test('the date of its answers is the one of its own clock', async () => {
  const { ask } = await microsoft({ clock: () => start })
  expect((await ask(alerts)).headers.get('date')).toBe('Sun, 01 Mar 2026 08:00:00 GMT')
})

test('scripted faults befall the next requests of a path', async () => {
  const { service, ask, token } = await microsoft()
  const authorised = await token()
  service.store.add(30, start)
  const page = `${alerts}?$top=5`
  service.faults.add(/alerts_v2/, { kind: 'status', status: 503, retryAfter: 7 })
  const busy = await ask(page, authorised)
  expect([busy.status, busy.headers.get('retry-after')]).toEqual([503, '7'])
  const first = (await (await ask(page, authorised)).json()) as Page
  service.faults.add(/alerts_v2/, { kind: 'repeat' })
  expect(await (await ask(first['@odata.nextLink']!, authorised)).json()).toEqual(first)
  service.faults.add(/alerts_v2/, { kind: 'cut', share: 0.5 })
  await expect(ask(page, authorised).then(answer => answer.text())).rejects.toThrow()
  service.faults.add(/alerts_v2/, { kind: 'foreign_link', origin: 'https://evil.example' })
  const foreign = (await (await ask(page, authorised)).json()) as Page
  expect(foreign['@odata.nextLink']).toMatch(/^https:\/\/evil\.example\/v1\.0\/security\/alerts_v2\?/)
  expect((await ask(page, authorised)).status).toBe(200)
})

test('the same seed gives the same tenant', async () => {
  const stores = await Promise.all(
    [0, 1].map(async () => (await microsoft({ seed: 'same', apps: [app] })).service.store),
  )
  for (const store of stores) {
    store.add(50, start)
    store.change(20, start + 1000)
  }
  expect([...stores[0]!.alerts.values()]).toEqual([...stores[1]!.alerts.values()])
})
