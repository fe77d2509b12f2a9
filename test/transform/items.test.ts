import { describe, expect, test } from 'vitest'
import type { Message, SourceBatch } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import type { Collected } from '../../src/transform/mapping/datasets.ts'
import { options } from './support/batches.ts'

const transform = createBatchTransform(options)
const version = '2026-03-01T08:15:42.1234567Z'

function page(dataset: Collected, body: string | object, message: Partial<Message> = {}): SourceBatch {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const origin = { source: 'api', dataset, namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }
  const messages = [
    { body: bytes, sequenceNumber: 7, offset: 'state', enqueuedTime: Date.UTC(2026, 6, 22), ...message },
  ]
  return { stream: 'api', origin, messages, cursor: { sequenceNumber: 7, offset: 'state' }, bytes: bytes.length }
}

function run(...args: Parameters<typeof page>) {
  const { chunk, rejects, drift } = transform(page(...args))
  const lines = Buffer.from(chunk.lines).toString().split('\n').slice(0, -1)
  // biome-ignore lint/suspicious/noExplicitAny: whatever a test put into the item
  return { chunk, rejects, drift, documents: lines.map(line => JSON.parse(line) as any) }
}

const alert = (changes: object = {}) => ({ id: 'a1', lastUpdateDateTime: version, title: 'x', ...changes })

test('an item is a row of the table that is called as its dataset, and has no position in a hub', () => {
  const { chunk, documents, rejects } = run('alert', { value: [alert()] }, { receivedTime: Date.UTC(2026, 6, 23) })
  expect(rejects).toEqual([])
  expect(chunk.tables).toEqual(['alert'])
  expect(documents).toEqual([
    {
      '@timestamp': '2026-03-01T08:15:42.123Z',
      ecs: { version: '8.17.0' },
      event: {
        kind: 'alert',
        module: 'm365_defender',
        dataset: 'm365_defender.alert',
        id: 'a1',
        ingested: '2026-07-23T00:00:00.000Z',
        type: ['info'],
      },
      rule: { name: 'x' },
      data_stream: { type: 'logs', dataset: 'm365_defender.alert' },
      m365_defender: { alert: expect.objectContaining({ title: 'x' }) },
    },
  ])
})

test('the limit for messages of a hub is none for pages', () => {
  const limited = createBatchTransform({ ...options, limits: { ...options.limits, messageBytes: 10 } })
  const { chunk, rejects } = limited(page('alert', { value: [alert(), alert({ id: 'a2' })] }))
  expect([chunk.ids.length, rejects]).toEqual([2, []])
})

test('an item that is no object is rejected with its own bytes, and its neighbours go on', () => {
  const { documents, rejects } = run('alert', `{"value": [ null , ${JSON.stringify(alert())}, [1] ,"a", 5]}`)
  expect(documents).toHaveLength(1)
  expect(
    rejects.map(({ reason, pointer, recordIndex, detail, bytes }) => [
      reason,
      pointer,
      recordIndex,
      detail,
      text(bytes),
    ]),
  ).toEqual([
    ['bad_envelope', '/value/0', 0, 'The item is null, not an object.', 'null'],
    ['bad_envelope', '/value/2', 2, 'The item is an array, not an object.', '[1]'],
    ['bad_envelope', '/value/3', 3, 'The item is a text, not an object.', '"a"'],
    ['bad_envelope', '/value/4', 4, 'The item is a number, not an object.', '5'],
  ])
})

test.each([
  ['{"records": []}', 'The body is an object without `value`.'],
  ['{"value": {}}', '`value` is an object, not an array.'],
])('a page %s is rejected whole', (body, detail) => {
  const { documents, rejects } = run('vulnerability', body)
  expect(documents).toEqual([])
  expect(rejects).toMatchObject([{ reason: 'bad_envelope', detail, pointer: '', recordIndex: null }])
})

test.each([
  [{}, '', 'The item has no `lastUpdateDateTime`.'],
  [
    { lastUpdateDateTime: 'soon' },
    '/lastUpdateDateTime',
    'The item has a text that is no date for `lastUpdateDateTime`.',
  ],
  [{ lastUpdateDateTime: 5 }, '/lastUpdateDateTime', 'The item has a number for `lastUpdateDateTime`.'],
])('an alert or incident without the time of its last update is rejected: %j', (changes, pointer, detail) => {
  for (const dataset of ['alert', 'incident'] as const) {
    const { rejects } = run(dataset, { value: [{ id: '1', ...changes }] })
    expect(rejects).toMatchObject([{ reason: 'bad_envelope', detail, pointer: `/value/0${pointer}` }])
  }
})

test('what no schema has is kept and reported, of the alert of an incident too', () => {
  const item = { ...alert(), 'alerts@odata.context': 'c', news: 1, alerts: [{ id: 'b', fresh: { a: 1 } }] }
  const { documents, drift } = run('incident', { value: [item] })
  expect(documents[0].m365_defender.incident).toMatchObject({
    news: 1,
    alerts_odata_context: 'c',
    alert: { id: 'b', fresh: { a: 1 } },
  })
  const found = drift.map(({ table, column, field }) => [table, column, field])
  expect(found).toContainEqual(['incident', 'alerts.fresh', 'm365_defender.incident.alert.fresh'])
  expect(found).toContainEqual(['incident', 'news', 'm365_defender.incident.news'])
})

test('kinds and keys of evidence that no schema has are reported', () => {
  const type = (kind: string) => ({ '@odata.type': `#microsoft.graph.security.${kind}` })
  const evidence = [
    { ...type('quantumLinkEvidence'), linkId: 1 },
    { ...type('urlEvidence'), url: 'x', risk: 7 },
    { a: 1 },
  ]
  const { drift } = run('incident', { value: [{ id: '1', lastUpdateDateTime: version, alerts: [{ evidence }] }] })
  const field = 'm365_defender.incident.alert.evidence'
  expect(drift.map(({ kind, column, field }) => [kind, column, field])).toEqual([
    ['new_column', 'alerts.evidence.quantumLinkEvidence', field],
    ['new_column', 'alerts.evidence.urlEvidence.risk', field],
    ['new_column', 'alerts.evidence', field],
  ])
})

test('a value of the wrong type is kept beside, with a note', () => {
  const { documents, rejects } = run('alert', { value: [alert({ title: { a: 1 }, createdDateTime: 5 })] })
  expect(rejects).toEqual([])
  expect(documents[0].xdrelay.kept).toEqual({ title: '{"a":1}', createdDateTime: '5' })
})

test('an incident is a document for each of its alerts, or one without any', () => {
  const incident = { id: '4711', lastUpdateDateTime: version, status: 'active' }
  const { documents, chunk } = run('incident', {
    value: [
      { ...incident, alerts: [alert({ id: 'a1' }), null, alert({ id: 'a2' })] },
      { ...incident, alerts: [] },
      incident,
      { ...incident, alerts: null },
      { ...incident, alerts: ['a'] },
    ],
  })
  const vendor = documents.map(document => document.m365_defender.incident)
  expect(vendor.map(({ status }) => status)).toEqual(Array(6).fill('active'))
  expect(vendor.map(({ alert: own }) => own?.id)).toEqual(['a1', 'a2', undefined, undefined, undefined, undefined])
  expect([...chunk.record]).toEqual([0, 0, 1, 2, 3, 4])
  expect(documents[5]).toMatchObject({ m365_defender: { incident: { alerts: 'a' } } })
  expect(new Set(documents.map(({ event }) => event.id))).toEqual(new Set(['4711']))
})

test('a key that looks like one of an alert does not take the place of that one', () => {
  const item = { ...alert(), 'alerts.title': 'mine', '_alerts.title': 'too', alerts: [{ title: 'of the alert' }] }
  const { documents } = run('incident', { value: [item] })
  expect(documents[0].m365_defender.incident.alert.title).toBe('of the alert')
  expect(Object.values(documents[0].xdrelay.kept).sort()).toEqual(['mine', 'too'])
})

test('of a pair that cannot be a document the place is told, and the other pairs go on', () => {
  const deep = Array.from({ length: 70 }).reduce<object>(value => ({ value }), {})
  const alerts = [alert({ id: 'a1' }), alert({ id: 'a2', additionalData: deep }), alert({ id: 'a3' })]
  const item = { id: '4711', lastUpdateDateTime: version, alerts }
  const { documents, rejects } = run('incident', { value: [item] })
  expect(documents.map(document => document.m365_defender.incident.alert.id)).toEqual(['a1', 'a3'])
  expect(rejects).toMatchObject([{ reason: 'too_deep', pointer: '/value/0/alerts/1/additionalData', recordIndex: 0 }])
  expect(JSON.parse(text(rejects[0]!.bytes))).toEqual(item)
})

test('the text of an item stands in one of its documents', () => {
  const keeping = createBatchTransform({ ...options, preserveOriginalEvent: true })
  const item = JSON.stringify({ ...alert(), alerts: [{ id: 'a' }, { id: 'b' }] })
  const { chunk } = keeping(page('incident', `{"value":[${item}]}`))
  const lines = Buffer.from(chunk.lines).toString().split('\n').slice(0, -1)
  expect(lines.map(line => JSON.parse(line).event.original)).toEqual([item, undefined])
})

test('keys of a vulnerability are taken in any case, and of two that are one then none is lost', () => {
  const value = [
    { Id: 'v1', CveId: 'CVE-1', cveid: 'CVE-2' },
    { id: 'v1', Id: 'v2' },
    { ID: 'v3', iD: 'v4' },
  ]
  const body = JSON.stringify({ value }).replace('"v4"', '"v4","__proto__":{"a":1}')
  const { documents } = run('vulnerability', body)
  expect(documents.map(({ event }) => event.id)).toEqual(['v1', 'v1', 'v3'])
  expect(JSON.stringify(documents[0])).toContain('CVE-2')
  expect(JSON.stringify(documents[1])).toContain('v2')
  expect(JSON.stringify(documents[2])).toContain('v4')
  expect(JSON.stringify(documents[2])).toContain('{"a":1}')
})

test('numbers keep their digits', () => {
  const { documents, chunk } = run('alert', `{"value":[{"id":12345678901234567891,"lastUpdateDateTime":"${version}"}]}`)
  expect(documents[0].event.id).toBe('12345678901234567891')
  expect(chunk.ids).toHaveLength(1)
})

/** The ids of documents of these items, each on a page of its own. */
function ids(dataset: Collected, items: readonly object[], time?: string) {
  return items.flatMap(item => {
    const body = { value: [item], ...(time !== undefined && { generatedTime: time }) }
    return run(dataset, body).chunk.ids
  })
}

test("a document's id is that of the version, whatever else the item says", () => {
  const [first, ...same] = ids('alert', [alert(), alert({ title: 'y' })])
  expect(same).toEqual([first])
  const others = ids('alert', [
    alert({ id: 'a2' }),
    alert({ lastUpdateDateTime: '2026-03-01T08:15:42.1234568Z' }),
    alert({ incidentId: '1' }),
    alert({ providerAlertId: '1' }),
  ])
  expect(new Set([first, ...others]).size).toBe(5)
  // What is in a target already must be found again.
  expect(first).toBe('d0u2kv8gj0td5gsm0cnna5sqp')
})

test("an incident's documents have ids of incident, alert and the versions of both", () => {
  const incident = { id: '4711', lastUpdateDateTime: version }
  const pair = (changes: object) => ({ ...incident, alerts: [alert(changes)] })
  const all = ids('incident', [
    incident,
    pair({}),
    pair({ id: 'a2' }),
    pair({ lastUpdateDateTime: '2026-03-02T00:00:00Z' }),
    { ...pair({}), id: '4712' },
    { ...pair({}), lastUpdateDateTime: '2026-03-02T00:00:00Z' },
  ])
  expect(new Set(all).size).toBe(6)
  expect(
    ids('incident', [
      { ...incident, alerts: [] },
      { ...incident, status: 'new' },
    ]),
  ).toEqual([all[0], all[0]])
  const unnamed = [{ ...incident, alerts: [{ title: 'x' }, { title: 'y' }] }]
  expect(new Set(ids('incident', unnamed)).size).toBe(2)
})

test('a row of an export is a document each day, a change is one for ever', () => {
  const [day, next] = ['2026-03-01T06:00:00Z', '2026-03-02T06:00:00Z']
  const row = { Id: 'v1', CveId: 'CVE-1' }
  const change = { id: 'v1', status: 'Fixed', eventTimestamp: '2026-02-20T00:00:00Z' }
  expect(ids('vulnerability', [row], day)).toEqual(ids('vulnerability', [{ ...row, cvssScore: 1 }], day))
  expect(ids('vulnerability', [row], day)).not.toEqual(ids('vulnerability', [row], next))
  expect(ids('vulnerability', [change], day)).toEqual(ids('vulnerability', [change], next))
  expect(ids('vulnerability', [change], day)).not.toEqual(ids('vulnerability', [{ ...change, status: 'New' }], day))
})

test('two items that nothing names have different ids', () => {
  const time = { lastUpdateDateTime: version }
  for (const dataset of ['alert', 'incident', 'vulnerability'] as const) {
    expect(
      new Set(
        ids(dataset, [
          { ...time, a: 1 },
          { ...time, a: 2 },
          { ...time, id: '' },
        ]),
      ).size,
      dataset,
    ).toBe(3)
  }
})

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

describe('where current states are wanted', () => {
  const current = (dataset: Collected, body: object) => {
    const batch = page(dataset, body)
    const { chunk, rejects } = transform({ ...batch, origin: { ...batch.origin, current: true } })
    return { ids: chunk.ids, versions: [...(chunk.versions ?? [])], record: [...chunk.record], rejects }
  }
  const micros = Date.UTC(2026, 2, 1, 8, 15, 42, 123) * 1000 + 456

  test('an alert is a document of its version and one of its id, which is replaced by the next version', () => {
    const first = current('alert', { value: [alert(), alert({ id: 'a2' })] })
    const second = current('alert', { value: [alert({ lastUpdateDateTime: '2026-03-01T08:15:42.123457Z' })] })
    expect(first).toMatchObject({ versions: [0, micros, 0, micros], record: [0, 0, 1, 1], rejects: [] })
    expect([first.ids[1], first.ids[3]]).toEqual(['a1', 'a2'])
    expect(second).toMatchObject({ ids: [expect.any(String), 'a1'], versions: [0, micros + 1] })
    expect(second.ids[0]).not.toBe(first.ids[0])
  })

  test('an incident is current by itself: its alerts may move to another one', () => {
    const incident = { id: '4711', lastUpdateDateTime: version, alerts: [alert(), alert({ id: 'a2' })] }
    const batch = page('incident', { value: [incident] })
    const { chunk } = transform({ ...batch, origin: { ...batch.origin, current: true } })
    expect([...chunk.versions!]).toEqual([0, 0, micros])
    expect(chunk.ids[2]).toBe('4711')
    const lines = Buffer.from(chunk.lines).toString().trimEnd().split('\n')
    expect(lines.map(line => Object.keys(JSON.parse(line).m365_defender.incident))).toEqual([
      expect.arrayContaining(['alert']),
      expect.arrayContaining(['alert']),
      expect.not.arrayContaining(['alert']),
    ])
  })

  test('ids that could not stand in an address or a list are hashes, and differ as they do', () => {
    const ids = ['a,b', 'a b', 'x'.repeat(300), '../_doc'].map(
      id => current('alert', { value: [alert({ id })] }).ids[1]!,
    )
    expect(new Set(ids).size).toBe(4)
    for (const id of ids) expect(id).toMatch(/^[a-z0-9]{20,30}$/)
  })

  test('an item without a version is rejected once', () => {
    expect(current('alert', { value: [{ id: 'a1' }] })).toMatchObject({ ids: [], versions: [] })
    expect(current('alert', { value: [{ id: 'a1' }] }).rejects).toHaveLength(1)
  })
})

test('nothing is a current state where none is wanted', () => {
  expect(run('alert', { value: [alert()] }).chunk.versions).toBeUndefined()
})
