import { describe, expect, test } from 'vitest'
import { hostileKeys, hostileValues } from '../../scripts/fuzz/mutate.ts'
import reference from '../../scripts/reference/graph-evidence.json' with { type: 'json' }
import { SecurityStore } from '../../src/emulator/microsoft/security-store.ts'
import { elasticsearchMissing } from '../support/elasticsearch.ts'
import { ask, freshNamespace, ownElasticsearch, setUp, writeAll } from '../support/elasticsearch-setup.ts'
import { mapItems } from '../transform/support/items.ts'

const tenant = '76eca77d-9f67-4e26-816d-3fa3e0fc412e'
const version = '2026-03-01T08:15:42.1234567Z'
type Collected = 'alert' | 'incident'

for (const server of ['9.5', '8.19'] as const) {
  describe.skipIf(await elasticsearchMissing(server))(`Elasticsearch ${server}`, async () => {
    const { url } = (await elasticsearchMissing(server)) ? { url: '' } : await ownElasticsearch(server)

    test.each(['alert', 'incident'] as const)(
      'takes each %s as the service sends it',
      async dataset => {
        await setUp(url)
        const namespace = freshNamespace()
        expect(await writeAll(url, namespace, chunksOf(dataset, generated(dataset)))).toEqual([])
        // A document for each alert, and for each pair of an alert and its incident.
        expect(await countOf(url, dataset, namespace)).toBe(600)
      },
      300_000,
    )

    test.each(['alert', 'incident'] as const)(
      'takes any value in any key of the evidence of an %s',
      async dataset => {
        await setUp(url)
        const [namespace, items] = [freshNamespace(), hostile(dataset)]
        expect(await writeAll(url, namespace, chunksOf(dataset, items))).toEqual([])
        expect(await countOf(url, dataset, namespace)).toBe(items.length)
      },
      300_000,
    )

    test('finds an alert by the device, the time and the kind of its evidence', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const evidence = [
        {
          '@odata.type': '#microsoft.graph.security.deviceEvidence',
          mdeDeviceId: '0a1b',
          firstSeenDateTime: '2026-02-01T00:00:00Z',
          lastIpAddress: null,
        },
        { '@odata.type': '#microsoft.graph.security.mailClusterEvidence', emailCount: 12, newKey: 'new value' },
        { '@odata.type': '#microsoft.graph.security.ipEvidence', ipAddress: null, location: { city: 'Delft' } },
      ]
      const item = JSON.stringify({ lastUpdateDateTime: version, evidence })
      expect(await writeAll(url, namespace, chunksOf('alert', [item]))).toEqual([])
      const field = (name: string) => `m365_defender.alert.evidence.${name}`
      const found = [
        { term: { [field('mde_device_id')]: '0a1b' } },
        { range: { [field('first_seen_datetime')]: { lt: '2026-02-02' } } },
        { range: { [field('email_count')]: { gt: 11 } } },
        { term: { [field('new_key')]: { value: 'new value' } } },
        { term: { [field('location_fields.city')]: 'Delft' } },
        { term: { 'host.id': '0a1b' } },
      ]
      for (const query of found) expect(await countOf(url, 'alert', namespace, query), JSON.stringify(query)).toBe(1)
      expect(await countOf(url, 'alert', namespace, { range: { [field('email_count')]: { gt: 12 } } })).toBe(0)
    })
  })
}

function generated(dataset: Collected): string[] {
  const store = new SecurityStore(tenant, 'elasticsearch')
  store.add(600, Date.UTC(2026, 2, 1))
  store.change(200, Date.UTC(2026, 2, 2))
  if (dataset === 'alert') return [...store.alerts.values()].map(alert => JSON.stringify(alert))
  return [...store.incidents.values()].map(incident => JSON.stringify(store.expanded(incident)))
}

/** Each hostile value in all keys of each kind, some kinds at a time; and keys that are hostile themselves. */
function hostile(dataset: Collected): string[] {
  const kinds = [...Object.entries(reference.kinds), ['quantumLinkEvidence', { linkId: 1, many: 1 }] as const]
  // What is nested too deep, or holds half a character, is no document or another one.
  const values = hostileValues.filter(text => !/^\[{61}/.test(text))
  const strange = (value: string) =>
    `{"location":{${hostileKeys.map(key => `${key}:${value}`).join()}},"labels":{${hostileKeys.map(key => `${key}:1`).join()}}}`
  return values.flatMap((value, index) => {
    const items = kinds.map(([kind, fields], place) => {
      const keys = [...Object.keys(reference.every), ...Object.keys(fields), 'brandNewKey', 'brandNewKey2']
      const known = keys.map(key => `${JSON.stringify(key)}:${values[(index + place) % values.length]}`)
      return `{"@odata.type":"#microsoft.graph.security.${kind}",${known.join()}}`
    })
    const parts = Object.entries(reference.parts).flatMap(([part, fields]) => {
      const inner = `{${Object.keys(fields).map(key => `"${key}":${value}`)},${hostileKeys[0]}:1}`
      const holders = part === 'fileDetails' ? ['fileDetails', 'imageFile', 'parentProcessImageFile'] : [part]
      return [...holders, 'userAccount', 'loggedOnUsers', 'p1Sender', 'vmMetadata'].map(key => `{"${key}":${inner}}`)
    })
    return [items.slice(0, 25), items.slice(25), [...parts, strange(value)]].map((evidence, part) =>
      wrap(dataset, `${index}-${part}`, evidence),
    )
  })
}

function wrap(dataset: Collected, id: string, evidence: readonly string[]): string {
  const open = `{${hostileKeys.map(key => `${key}:1`).join()}}`
  const own = ['additionalData', 'customDetails', 'comments', 'mitreTechniques'].map(key => `"${key}":${open}`)
  const alert = `{"id":"${id}","lastUpdateDateTime":"${version}",${own.join()},"evidence":[${evidence.join()}]}`
  return dataset === 'alert' ? alert : `{"id":"4711","lastUpdateDateTime":"${version}","alerts":[${alert}]}`
}

/** Mapped a few at a time, since a small server takes no more; every other part with all the copies. */
function* chunksOf(dataset: Collected, items: readonly string[]) {
  const most = 5
  for (let start = 0; start < items.length; start += most) {
    const { chunk, rejects } = mapItems(dataset, items.slice(start, start + most), start % (2 * most) === 0)
    if (rejects.length > 0) throw new Error(`${rejects[0]!.reason}: ${rejects[0]!.detail}`)
    yield chunk
  }
}

async function countOf(url: string, dataset: Collected, namespace: string, query: object = { match_all: {} }) {
  const stream = `/logs-m365_defender.${dataset}-${namespace}`
  await ask(url, 'POST', `${stream}/_refresh`)
  return Number((await ask(url, 'POST', `${stream}/_count`, { query })).count)
}
