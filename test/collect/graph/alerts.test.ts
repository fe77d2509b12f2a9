import { expect, test } from 'vitest'
import type { ApiClient } from '../../../src/collect/api/client.ts'
import { createAlertsCollector } from '../../../src/collect/graph/alerts.ts'
import { XdrelayError } from '../../../src/core/errors.ts'
import type { MicrosoftOptions } from '../../../src/emulator/microsoft/microsoft.ts'
import { connected, Reader, versionOf } from '../support.ts'

const minute = 60_000
const hour = 60 * minute

async function alerts(options: Partial<MicrosoftOptions> = {}) {
  const { service, api, pace } = await connected(options)
  const settings = { endpoint: service.url, since: 24 * hour, overlap: 5 * minute, probe: async () => 'ok', pace }
  const collector = () => createAlertsCollector({ api, ...settings })
  const queries = () => service.requests.filter(request => request.includes('alerts_v2')).map(decodeURIComponent)
  return { service, pace, api, settings, collector, reader: new Reader(collector()), queries }
}

function current(service: { readonly store: { readonly alerts: ReadonlyMap<string, unknown> } }): string[] {
  return [...service.store.alerts.values()].map(alert => versionOf(alert as never))
}

test('the first pass looks back, and later ones give what is new or has changed', async () => {
  const { service, pace, reader, queries } = await alerts()
  service.store.add(5, pace.now() - 25 * hour)
  service.store.add(40, pace.now() - hour)
  const first = await reader.pass()
  expect(first.map(versionOf).toSorted()).toEqual(current(service).slice(5).toSorted())
  expect(queries()[0]).toMatch(
    /^GET \/v1\.0\/security\/alerts_v2\?\$filter=lastUpdateDateTime ge \S+Z&\$orderby=lastUpdateDateTime asc&\$top=1000$/,
  )
  expect(await reader.pass()).toEqual([])
  pace.advance(minute)
  const known = new Set(current(service))
  service.store.change(3, pace.now())
  service.store.add(2, pace.now())
  const changed = current(service).filter(version => !known.has(version))
  expect((await reader.pass()).map(versionOf).toSorted()).toEqual(changed.toSorted())
})

test('what the service shows late is found within the overlap', async () => {
  const { service, pace, reader } = await alerts()
  service.store.add(5, pace.now() - minute)
  await reader.pass()
  await reader.pass()
  service.store.add(3, pace.now() - 4 * minute)
  service.store.add(2, pace.now() - 7 * minute)
  // Not with passes that follow each other at once.
  expect(await reader.pass()).toEqual([])
  pace.advance(10_000)
  expect((await reader.pass()).length).toBe(3)
})

test('an item that an answer holds twice comes once', async () => {
  const { service, pace, reader } = await alerts()
  service.store.add(1, pace.now() - minute)
  const [alert] = [...service.store.alerts.values()]
  service.faults.add(/alerts_v2/, { kind: 'body', text: JSON.stringify({ value: [alert, alert] }) })
  expect(await reader.pass()).toEqual([alert])
})

test('what is shown late while a pass has to wait is found by the next one', async () => {
  const { service, pace, reader } = await alerts({ mostAlerts: 50 })
  for (const seconds of [4, 3, 2]) service.store.add(30, pace.now() - seconds * 1000)
  let requests = 0
  service.faults.add(/alerts_v2/, { kind: 'status', status: 429, retryAfter: 400 }, 2, () => {
    requests++
    // The second gave the first page; what is before its end is not asked for any more in this pass.
    if (requests === 3) service.store.add(1, pace.now() - 3500)
    if (requests === 4) service.store.add(1, pace.now())
    return requests === 3
  })
  expect((await reader.pass()).length).toBe(91)
  expect((await reader.pass()).length).toBe(1)
  expect(reader.items.map(versionOf).toSorted()).toEqual(current(service).toSorted())
})

test('passes that do not look at the overlap take nothing away from the next look', async () => {
  const { service, pace, settings, api } = await alerts()
  const reader = new Reader(createAlertsCollector({ ...settings, api, overlap: 5000 }))
  for (let pass = 0; pass < 6; pass++) {
    service.store.add(1, pace.now())
    await reader.pass()
    // Shown three seconds late, which leaves the overlap before the next look has to end.
    if (pass === 3) service.store.add(1, pace.now() - 3000)
    pace.advance(2000)
  }
  pace.advance(2000)
  await reader.pass()
  expect(reader.items.map(versionOf).toSorted()).toEqual(current(service).toSorted())
})

test('a page that comes once more when it is long forgotten gives nothing', async () => {
  const { service, pace, reader } = await alerts()
  service.store.add(5, pace.now() - minute)
  await reader.pass()
  const text = Buffer.from(reader.pages[0]!.body).toString()
  for (let each = 0; each < 2; each++) {
    pace.advance(hour)
    service.store.add(1, pace.now())
    expect((await reader.pass()).length).toBe(1)
  }
  service.faults.add(/alerts_v2/, { kind: 'body', text })
  expect(await reader.pass()).toEqual([])
})

test('where there is nothing at the first start, the next start looks back to that one', async () => {
  const { service, pace, collector, reader } = await alerts()
  expect(await reader.pass()).toEqual([])
  expect(reader.pages.map(({ items }) => items)).toEqual([0])
  service.store.add(3, pace.now() + minute)
  pace.advance(72 * hour)
  expect((await new Reader(collector(), reader.state).pass()).length).toBe(3)
})

test('items come as the very bytes that the service sent', async () => {
  const { service, pace, reader } = await alerts()
  service.store.add(1, pace.now() - hour)
  const [alert] = [...service.store.alerts.values()]
  const text = JSON.stringify(alert).replace(
    '"comments":[]',
    '"comments":[],"big":639199916335081329, "note" : "\\u00e9"',
  )
  service.faults.add(/alerts_v2/, { kind: 'body', text: `{"value":[ ${text} ]}` })
  await reader.pass()
  expect(Buffer.from(reader.pages[0]!.body).toString()).toBe(`{"value":[${text}]}`)
})

test('a page that is full of one moment is followed through, and each item of it comes once', async () => {
  const { service, pace, reader } = await alerts({ digits: 0 })
  service.store.add(2300, pace.now() - hour)
  service.store.add(10, pace.now() - hour + 5000)
  const items = await reader.pass()
  expect(items.map(versionOf).toSorted()).toEqual(current(service).toSorted())
})

test('an item that changes while a full moment is followed through hides no other', async () => {
  const { service, pace, reader } = await alerts({ digits: 0 })
  service.store.add(2300, pace.now() - hour)
  const still = new Set(service.store.alerts.keys())
  let changes = 0
  service.faults.add(/alerts_v2/, { kind: 'delay', milliseconds: 0 }, 1000, ({ url }) => {
    if (!url.searchParams.has('$skiptoken') || changes++ > 2) return false
    const before = new Map(service.store.alerts)
    service.store.change(40, pace.now())
    for (const [id, alert] of service.store.alerts) if (before.get(id) !== alert) still.delete(id)
    return false
  })
  const found = new Set((await reader.pass()).map(({ id }) => id))
  expect(changes).toBeGreaterThan(2)
  expect([...still].filter(id => !found.has(id))).toEqual([])
})

test('a page that comes again while a full moment is followed through hides nothing', async () => {
  const { service, pace, reader } = await alerts({ digits: 0 })
  service.store.add(1300, pace.now() - hour)
  service.store.add(10, pace.now() - hour / 2)
  const [changing, still] = [[...service.store.alerts.keys()].slice(0, 40), [...service.store.alerts.keys()].slice(40)]
  let links = 0
  service.faults.add(/alerts_v2/, { kind: 'repeat' }, 1, ({ url }) => {
    const isLink = url.searchParams.has('$skiptoken')
    // What stood right behind the first page is left out by the second, and would be in the first of the next walk.
    if (isLink && links === 0) for (const id of changing) service.store.update(id, pace.now())
    if (isLink) links++
    return links === 1 && !isLink
  })
  const found = new Set((await reader.pass()).map(({ id }) => id))
  expect(still.filter(id => !found.has(id))).toEqual([])
})

test('an item that changes between two pages hides no other', async () => {
  const { service, pace, reader, queries } = await alerts()
  for (let each = 0; each < 50; each++) service.store.add(50, pace.now() - 20 * hour + each * 10 * minute)
  service.faults.add(/alerts_v2/, { kind: 'delay', milliseconds: 0 }, 1000, () => {
    service.store.change(100, pace.now())
    return false
  })
  const found = new Set((await reader.pass()).map(({ id }) => id))
  expect(queries().length).toBeGreaterThan(2)
  expect([...service.store.alerts.keys()].filter(id => !found.has(id))).toEqual([])
})

test('a pass that fails goes on after the last page that it gave', async () => {
  const { service, pace, reader, queries } = await alerts()
  for (let each = 0; each < 25; each++) service.store.add(100, pace.now() - 20 * hour + each * 10 * minute)
  let requests = 0
  service.faults.add(/alerts_v2/, { kind: 'status', status: 403, code: 'Forbidden' }, 1, () => ++requests === 3)
  await expect(reader.pass()).rejects.toMatchObject({ kind: 'api_forbidden' })
  const before = queries().length
  expect(reader.items.length).toBeGreaterThan(1000)
  await reader.pass()
  expect(reader.items.map(versionOf).toSorted()).toEqual(current(service).toSorted())
  expect(queries().length - before).toBe(1)
})

test('after a restart nothing comes again that its state names', async () => {
  const { service, pace, collector, reader } = await alerts()
  service.store.add(500, pace.now() - 2 * minute)
  await reader.pass()
  expect(reader.state!.length).toBeLessThan(64 * 1024)
  expect(await new Reader(collector(), reader.state).pass()).toEqual([])
})

test('a state has room for what is newest, and the running collector remembers the rest', async () => {
  const { service, pace, collector, reader } = await alerts()
  const items = Array.from({ length: 6500 }, (_, index) => ({
    id: `item${index}`,
    lastUpdateDateTime: new Date(pace.now() - 60_000 + index).toISOString(),
  }))
  const start = items[0]!.lastUpdateDateTime
  const text = JSON.stringify({ value: items })
  service.faults.add(/alerts_v2/, { kind: 'body', text }, 3, ({ url }) => {
    const [, from = ''] = /ge (\S+)/.exec(url.searchParams.get('$filter')!) ?? []
    return from < start
  })
  expect((await reader.pass()).length).toBe(6500)
  expect(reader.state!.length).toBeLessThanOrEqual(64 * 1024)
  expect(await reader.pass()).toEqual([])
  const again = (await new Reader(collector(), reader.state).pass()).map(({ id }) => Number(id.slice(4)))
  // Those that came first have no room, and the newest 5,000 do.
  expect(again).toContain(0)
  expect(Math.max(...again)).toBeLessThan(1500)
})

test('an item that is dated in the future does not carry the cursor along', async () => {
  const { service, pace, reader } = await alerts()
  service.store.add(3, pace.now() + 48 * hour)
  expect((await reader.pass()).length).toBe(3)
  service.store.add(2, pace.now() - minute)
  expect((await reader.pass()).length).toBe(2)
  expect(await reader.pass()).toEqual([])
})

test('where the order is refused, all of the window is read before the cursor moves', async () => {
  const { service, pace, reader, queries } = await alerts({ ordered: false })
  for (let each = 0; each < 25; each++) service.store.add(100, pace.now() - 20 * hour + each * 10 * minute)
  let requests = 0
  service.faults.add(/alerts_v2/, { kind: 'status', status: 403, code: 'Forbidden' }, 1, () => ++requests === 3)
  await expect(reader.pass()).rejects.toMatchObject({ kind: 'api_forbidden' })
  expect(new Set(reader.pages.map(({ state }) => JSON.parse(state).cursor)).size).toBe(1)
  service.faults.add(/alerts_v2/, { kind: 'delay', milliseconds: 0 }, 1000, () => {
    service.store.change(20, pace.now() + 1000)
    return false
  })
  await reader.pass()
  service.faults.heal()
  pace.advance(minute)
  await reader.pass()
  const found = reader.items.map(versionOf)
  expect(current(service).filter(version => !found.includes(version))).toEqual([])
  expect(new Set(found).size).toBe(found.length)
  expect(queries().filter(query => query.includes('$orderby')).length).toBe(1)
  pace.advance(hour)
  await reader.pass()
  expect(queries().filter(query => query.includes('$orderby')).length).toBe(2)
})

test('a server that does not keep the order is read to the end of the window', async () => {
  const { service, pace, reader } = await alerts({ ordered: 'ignored' })
  for (let each = 0; each < 25; each++) service.store.add(100, pace.now() - 20 * hour + each * 10 * minute)
  await reader.pass()
  expect(reader.items.map(versionOf).toSorted()).toEqual(current(service).toSorted())
})

test('a server that takes a smaller page only is asked for one', async () => {
  const { service, pace, reader, queries } = await alerts({ mostAlerts: 200 })
  for (let each = 0; each < 25; each++) service.store.add(20, pace.now() - 20 * hour + each * minute)
  expect((await reader.pass()).length).toBe(500)
  expect(queries()[1]).toContain('$top=200')
})

test('pages become smaller while the server cannot serve them, and larger again later', async () => {
  const { service, pace, reader, queries } = await alerts()
  for (let each = 0; each < 60; each++) service.store.add(100, pace.now() - 20 * hour + each * minute)
  service.faults.add(/alerts_v2/, { kind: 'status', status: 500 }, 4)
  expect((await reader.pass()).length).toBe(6000)
  const tops = queries().map(query => Number(/\$top=(\d+)/.exec(query)![1]))
  expect(tops.slice(0, 5)).toEqual([1000, 1000, 250, 250, 50])
  expect(tops.at(-1)).toBe(1000)
})

test('pages become smaller where one has more bytes than memory should hold', async () => {
  const { service, pace, api, settings, queries } = await alerts()
  service.store.add(20, pace.now() - hour)
  const bounded: ApiClient = {
    follow: link => api.follow(link),
    download: (url, signal) => api.download(url, signal),
    get: async (url, signal, options) => {
      if (url.includes('$top=1000')) throw new XdrelayError('api_too_large', 'the answer has more than 64 bytes')
      return api.get(url, signal, options)
    },
  }
  expect((await new Reader(createAlertsCollector({ ...settings, api: bounded })).pass()).length).toBe(20)
  expect(queries().length).toBe(1)
  expect(queries()[0]).toContain('$top=250')
})

test('one next link to a foreign host fails the pass, sends nothing there, and moves nothing', async () => {
  const { service, pace, reader } = await alerts()
  service.store.add(1500, pace.now() - hour)
  service.faults.add(/alerts_v2/, { kind: 'foreign_link', origin: 'https://evil.example' })
  await expect(reader.pass()).rejects.toMatchObject({
    kind: 'api_address_refused',
    message: 'the answer leads to https://evil.example, where nothing is sent',
  })
  expect(reader.state).toBeUndefined()
  expect((await reader.pass()).length).toBe(1500)
})

test('a body holds four MiB at most', async () => {
  const { service, pace, reader } = await alerts()
  for (let each = 0; each < 10; each++) service.store.add(200, pace.now() - hour + each * 1000)
  for (const alert of service.store.alerts.values()) alert.description = 'x'.repeat(20_000)
  await reader.pass()
  expect(reader.pages.length).toBeGreaterThan(8)
  expect(Math.max(...reader.pages.map(({ body }) => body.length))).toBeLessThan((4 << 20) + 1000)
  expect(reader.items.map(versionOf).toSorted()).toEqual(current(service).toSorted())
})

test('a pass for those who lack something ends where the others stand', async () => {
  const { service, pace, collector, reader } = await alerts()
  service.store.add(30, pace.now() - 3 * hour)
  await reader.pass()
  const from = reader.state
  service.store.add(20, pace.now() - hour)
  // Dated so that the window reaches beyond what comes after.
  service.store.add(1, pace.now() + hour)
  const missed = (await reader.pass()).map(versionOf)
  const until = reader.state!
  service.store.add(10, pace.now() + minute)
  const late = new Reader(collector(), from)
  expect((await late.pass(until)).map(versionOf).toSorted()).toEqual(missed.toSorted())
  expect((await reader.pass()).length).toBe(10)
})

test('a state of something else is an error and no new start', async () => {
  const { collector } = await alerts()
  for (const state of ['', '{}', '{"cursor":"yesterday","seen":{}}', '{"link":"https://x"}']) {
    await expect(new Reader(collector(), state).pass()).rejects.toMatchObject({ kind: 'checkpoint_unreadable' })
  }
})
