import { randomBytes } from 'node:crypto'
import { describe, expect, onTestFinished, test } from 'vitest'
import { subset } from '../../src/core/chunk.ts'
import { elasticsearch } from '../../src/output/elasticsearch.ts'
import { outputContract } from '../contract/output.ts'
import { chunkOf, documentOf, origin } from '../support/chunks.ts'
import { elasticsearchMissing, sharedElasticsearch } from '../support/elasticsearch.ts'
import { docs, openedFor, optionsFor } from '../support/elasticsearch-output.ts'

const never = new AbortController().signal

for (const version of ['9.5', '8.19'] as const) {
  describe.skipIf(await elasticsearchMissing(version))(`Elasticsearch ${version}`, async () => {
    const { url } = (await elasticsearchMissing(version)) ? { url: '' } : await sharedElasticsearch(version)

    outputContract(`elasticsearch ${version}`, {
      repeats: 'counted',
      make: async () => {
        const { namespace, stream } = await freshStream(url)
        const output = elasticsearch.create('siem', optionsFor(url, { namespace }))
        return { output, readBack: async () => (await documentsIn(url, stream)).map(({ source }) => source) }
      },
    })

    test('documents get the ids of the chunk, in a data stream', async () => {
      const { namespace, stream } = await freshStream(url)
      const output = await openedFor(url, { namespace, compression: true })
      await output.write([chunkOf(docs(3), { ids: ['a', 'b', 'c'] })], never)
      const documents = await documentsIn(url, stream)
      expect(documents.map(({ id }) => id).sort()).toEqual(['a', 'b', 'c'])
      expect(documents[0]?.index).toMatch(/^\.ds-logs-m365_defender\.event-/)
    })

    test('C12: with `dedupe: verify` what is sent again after a rollover is there once', async () => {
      const { namespace, stream } = await freshStream(url)
      const chunk = chunkOf(docs(4), { ids: ['a', 'b', 'c', 'd'] })
      const [create, verify] = await Promise.all([
        openedFor(url, { namespace }),
        openedFor(url, { namespace, dedupe: 'verify' }),
      ])
      expect(await verify.write([subset(chunk, [0, 1])], never)).toMatchObject({
        duplicates: 0,
        retry: [],
        rejected: [],
      })
      await fetch(`${url}/${stream}/_rollover`, { method: 'POST' })
      // What was written less than a second ago may not be found yet.
      await fetch(`${url}/${stream}/_refresh`, { method: 'POST' })
      const bad = { ...documentOf({ number: 1 }), number: 'not a number' }
      await create.write([chunkOf([documentOf({ number: 1 })], { ids: ['e'] })], never)
      const chunks = [chunk, chunkOf([documentOf(), bad], { ids: ['e', 'f'] })]
      const delivery = await verify.write(chunks, never)
      expect(delivery).toMatchObject({ duplicates: 3, retry: [], rejected: [{ index: 5 }] })
      const ids = (await documentsIn(url, stream)).map(({ id }) => id)
      expect(ids.sort()).toEqual(['a', 'b', 'c', 'd', 'e'])
    })

    test('a document that does not fit the mapping is refused with the reason and the field; its neighbours arrive', async () => {
      const { namespace, stream } = await freshStream(url)
      const output = await openedFor(url, { namespace })
      const bad = { ...documentOf(), number: 'not a number' }
      const delivery = await output.write([chunkOf([documentOf({ number: 1 }), bad, documentOf({ number: 2 })])], never)
      expect(delivery).toMatchObject({ retry: [], duplicates: 0 })
      expect(delivery.rejected).toHaveLength(1)
      expect(delivery.rejected[0]?.index).toBe(1)
      expect(delivery.rejected[0]?.detail).toContain('[number]')
      expect(delivery.rejected[0]?.detail).toContain('not a number')
      expect(await documentsIn(url, stream)).toHaveLength(2)
    })

    test('an id that is too long is refused alone, although the server refuses the whole request', async () => {
      const { namespace, stream } = await freshStream(url)
      const output = await openedFor(url, { namespace })
      const ids = ['a', 'b', 'x'.repeat(600), 'c', 'd']
      const delivery = await output.write([chunkOf(docs(5), { ids })], never)
      expect(delivery).toMatchObject({ retry: [], rejected: [{ index: 2 }] })
      expect(delivery.rejected[0]?.detail).toContain('too long')
      expect((await documentsIn(url, stream)).map(({ id }) => id).sort()).toEqual(['a', 'b', 'c', 'd'])
    })

    test('ids that are all too long are refused, each alone, and are no outage', async () => {
      const { namespace } = await freshStream(url)
      const output = await openedFor(url, { namespace })
      const ids = ['a', 'b', 'c', 'd'].map(letter => letter.repeat(600))
      const delivery = await output.write([chunkOf(docs(4), { ids })], never)
      expect(delivery).toMatchObject({ retry: [], rejected: [0, 1, 2, 3].map(index => ({ index })) })
    })

    test('a pipeline that is not there is an outage until it is', async () => {
      const { namespace, stream } = await freshStream(url)
      const output = await openedFor(url, { namespace })
      await output.write([chunkOf(docs(1))], never)
      await request(url, 'PUT', `/${stream}/_settings`, { 'index.default_pipeline': namespace })
      const refused = await output.write([chunkOf(docs(2))], never)
      expect(refused).toMatchObject({ rejected: [], retry: [0, 1] })
      expect(refused.outage).toContain(`pipeline with id [${namespace}] does not exist`)
    })

    test('a stream that must not be written to is an outage and not a bad record', async () => {
      const { namespace, stream } = await freshStream(url)
      const output = await openedFor(url, { namespace })
      await output.write([chunkOf(docs(1))], never)
      const [{ index } = { index: '' }] = await documentsIn(url, stream)
      await request(url, 'PUT', `/${index}/_settings`, { 'index.blocks.write': true })
      const blocked = await output.write([chunkOf(docs(2))], never)
      expect(blocked).toMatchObject({ rejected: [], retry: [0, 1] })
      expect(blocked.outage).toContain('cluster_block_exception')
    })

    test('a missing stream that must not be created is an outage', async () => {
      const output = await openedFor(url, { namespace: `missing_${randomBytes(4).toString('hex')}` })
      const settings = (value: unknown) => ({ persistent: { 'action.auto_create_index': value } })
      await request(url, 'PUT', '/_cluster/settings', settings('-logs-m365_defender.event-missing_*,+*'))
      onTestFinished(async () => void (await request(url, 'PUT', '/_cluster/settings', settings(null))))
      const delivery = await output.write([chunkOf(docs(2))], never)
      expect(delivery).toMatchObject({ rejected: [], retry: [0, 1] })
      expect(delivery.outage).toContain('index_not_found_exception')
    })

    test('the current state of an item is what its highest version says, in whatever order the versions come', async () => {
      const { namespace } = await freshStream(url)
      const index = `m365_defender.alert_current-${namespace}`
      onTestFinished(() => request(url, 'DELETE', `/${index}`).then(() => {}))
      const output = await openedFor(url, { namespace })
      const write = (id: string, version: number, status: string) => {
        const shape = { ids: [id], tables: ['alert'], origin: { ...origin, dataset: 'alert' as const } }
        const chunk = { ...chunkOf([documentOf({ status })], shape), versions: Float64Array.of(version) }
        return output.write([chunk], never)
      }
      const micros = Date.UTC(2026, 2, 1) * 1000
      expect(await write('a1', micros + 1, 'new')).toEqual({ rejected: [], retry: [], duplicates: 0, failureStore: 0 })
      expect(await write('a1', micros + 3, 'resolved')).toMatchObject({ duplicates: 0 })
      // An older one that comes late changes nothing and is settled; the same once more is no conflict.
      expect(await write('a1', micros + 2, 'inProgress')).toMatchObject({ rejected: [], retry: [], duplicates: 1 })
      expect(await write('a1', micros + 3, 'resolved')).toMatchObject({ rejected: [], retry: [], duplicates: 0 })
      await write('a2', micros, 'new')
      const documents = await documentsIn(url, index)
      expect(documents.map(({ id, source }) => [id, JSON.parse(source).status]).sort()).toEqual([
        ['a1', 'resolved'],
        ['a2', 'new'],
      ])
    })

    test('check names the stream', async () => {
      const output = await openedFor(url, { namespace: 'soc' })
      expect(await output.check(never, ['event'])).toBe('logs-m365_defender.event-soc')
      expect(await output.check(never, ['alert'], ['alert'])).toBe(
        'logs-m365_defender.alert-soc, m365_defender.alert_current-soc',
      )
    })
  })
}

async function request(url: string, method: string, path: string, body?: object): Promise<string> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return text
}

/** A data stream name that no other test has, with a template that makes it one. */
async function freshStream(url: string): Promise<{ namespace: string; stream: string }> {
  const namespace = `t${randomBytes(6).toString('hex')}`
  const stream = `logs-m365_defender.event-${namespace}`
  const mappings = { dynamic: true, properties: { '@timestamp': { type: 'date' }, number: { type: 'long' } } }
  const template = { settings: { number_of_replicas: 0 }, mappings }
  await request(url, 'PUT', `/_index_template/${namespace}`, {
    index_patterns: [stream],
    priority: 500,
    data_stream: {},
    template,
  })
  onTestFinished(async () => {
    await fetch(`${url}/_data_stream/${stream}`, { method: 'DELETE' }).catch(() => {})
    await request(url, 'DELETE', `/.ds-${stream}-*?expand_wildcards=all`).catch(() => {})
  })
  return { namespace, stream }
}

/** Source texts with the digits as they are. */
async function documentsIn(url: string, stream: string): Promise<{ id: string; index: string; source: string }[]> {
  await request(url, 'POST', `/${stream}/_refresh?ignore_unavailable=true`)
  const query = `/${stream}/_search?size=10000&ignore_unavailable=true&allow_no_indices=true`
  const text = await request(url, 'GET', query)
  const answer = JSON.parse(text, (_key, value, context?: { source?: string }) =>
    typeof value === 'number' && context?.source ? rawJson(context.source) : value,
  )
  return answer.hits.hits.map((hit: { _id: string; _index: string; _source: object }) => ({
    id: hit._id,
    index: hit._index,
    source: JSON.stringify(hit._source),
  }))
}

function rawJson(source: string): unknown {
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source)
}
