import { describe, expect, test } from 'vitest'
import { XdrelayError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Dataset } from '../../src/core/types.ts'
import { type ElasticsearchOptions, elasticsearch } from '../../src/output/elasticsearch.ts'
import { chunkOf, origin } from '../support/chunks.ts'
import { docs, openedFor, optionsFor } from '../support/elasticsearch-output.ts'
import { type BulkAnswer, type BulkRequest, item, startFakeBulk } from '../support/fake-bulk.ts'

const never = new AbortController().signal

describe('faults that a healthy server does not show', () => {
  const write = async (
    answer: (request: BulkRequest, count: number) => BulkAnswer | Promise<BulkAnswer>,
    count = 4,
    more: Partial<ElasticsearchOptions> = {},
  ) => {
    const server = await startFakeBulk(answer)
    const output = await openedFor(server.url, more)
    return { delivery: await output.write([chunkOf(docs(count))], never), server, output }
  }

  test('only plain media types are used', async () => {
    const { server } = await write(() => ({}))
    expect(server.requests[0]?.headers['content-type']).toBe('application/x-ndjson')
    expect(server.requests[0]?.headers.accept).toBe('application/json')
  })

  test('every item is read: 201, 409, 400, 429, 503 and the failure store in one answer', async () => {
    const items = [
      item(201),
      item(409, 'version_conflict_engine_exception'),
      item(400, 'document_parsing_exception', 'field [a]'),
      item(429, 'es_rejected_execution_exception'),
      item(503, 'unavailable_shards_exception'),
      { create: { status: 201, failure_store: 'used' } },
      item(500, 'fail_processor_exception', 'by the pipeline'),
      item(500, 'some_exception'),
      { create: { status: 201, failure_store: 'not_enabled' } },
    ]
    const { delivery } = await write(() => ({ body: { errors: true, items } }), items.length)
    expect(delivery).toEqual({
      rejected: [
        { index: 2, detail: 'status 400; document_parsing_exception: field [a]' },
        { index: 6, detail: 'status 500; fail_processor_exception: by the pipeline' },
      ],
      retry: [3, 4, 7],
      duplicates: 1,
      failureStore: 1,
    })
  })

  test.each([
    [401, 'some_exception'],
    [403, 'some_exception'],
    [404, 'some_exception'],
    [403, 'cluster_block_exception'],
    [404, 'index_not_found_exception'],
    [400, 'validation_exception'],
  ])('an item with %i %s is an outage', async (status, type) => {
    const { delivery } = await write(() => ({ body: { errors: true, items: [item(201), item(status, type)] } }), 2)
    expect(delivery).toMatchObject({ rejected: [], retry: [1] })
    expect(delivery.outage).toContain(type)
  })

  test('an item whose pipeline was removed is an outage', async () => {
    const gone = item(400, 'illegal_argument_exception', 'pipeline with id [soc-enrich] does not exist')
    const bad = item(400, 'illegal_argument_exception', 'field [a]: pipeline with id [b] does not exist')
    const { delivery } = await write(() => ({ body: { errors: true, items: [item(201), gone, bad] } }), 3)
    expect(delivery).toMatchObject({ rejected: [{ index: 2 }], retry: [1] })
    expect(delivery.outage).toContain('soc-enrich')
  })

  test.each([401, 403, 404, 405, 500, 502, 503, 504, 302])('a whole answer %i is an outage', async status => {
    const { delivery } = await write(() => ({ status, body: { error: { type: 'some_exception', reason: 'no' } } }))
    expect(delivery).toMatchObject({ rejected: [], retry: [0, 1, 2, 3], duplicates: 0 })
    expect(delivery.outage).toContain(`status ${status}`)
  })

  test('a whole 429 is written again after the time that the server asks for', async () => {
    const { delivery } = await write(() => ({ status: 429, headers: { 'retry-after': '7' }, body: {} }))
    expect(delivery).toEqual({ rejected: [], retry: [0, 1, 2, 3], duplicates: 0, retryAfter: 7000 })
  })

  test('Retry-After may have a part of a second', async () => {
    const { delivery } = await write(() => ({ status: 503, headers: { 'retry-after': '1.5' }, body: {} }))
    expect(delivery.retryAfter).toBe(1500)
  })

  test('Retry-After may be a date', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString()
    const { delivery } = await write(() => ({ status: 503, headers: { 'retry-after': date }, body: {} }))
    expect(delivery.retryAfter).toBeGreaterThan(50_000)
    expect(delivery.retryAfter).toBeLessThanOrEqual(60_000)
  })

  test.each<[string, BulkAnswer]>([
    ['is cut off', { cut: 'within' }],
    ['is not JSON', { body: '{"errors":false,"items":[' }],
    ['is a web page', { body: '<html>', headers: { 'content-type': 'text/html' } }],
    ['has too few items', { body: { errors: false, items: [item(201)] } }],
    ['has too many items', { body: { errors: false, items: [1, 2, 3, 4, 5].map(() => item(201)) } }],
    ['has no items', { body: { errors: false } }],
    ['is null', { body: 'null' }],
    ['never comes', { cut: 'before' }],
  ])('when the answer %s, all is written again', async (_, answer) => {
    const { delivery, output } = await write(() => answer)
    expect(delivery).toMatchObject({ rejected: [], retry: [0, 1, 2, 3], duplicates: 0 })
    expect(delivery.outage).toBeTruthy()
    const again = await output.write([chunkOf(docs(4))], never)
    expect(again.outage).toBe(delivery.outage)
  })

  test('items without a status are written again', async () => {
    const { delivery } = await write(() => ({
      body: { items: [{}, null, { create: null }, { create: { status: '201' } }] },
    }))
    expect(delivery).toMatchObject({ rejected: [], retry: [0, 1, 2, 3] })
  })

  test('a slow server is an outage after the time allowed', async () => {
    const { delivery } = await write(() => new Promise(() => {}), 4, { timeout: 200 })
    expect(delivery.retry).toHaveLength(4)
    expect(delivery.outage).toContain('no usable answer')
  })

  test('an answer that comes byte by byte is the same outage after the time allowed', async () => {
    const silent = await write(() => new Promise(() => {}), 4, { timeout: 200 })
    const slow = await write(() => ({ cut: 'drip' }), 4, { timeout: 200 })
    expect(slow.delivery).toMatchObject({ rejected: [], retry: [0, 1, 2, 3] })
    expect(slow.delivery.outage?.replace(slow.server.url, '')).toBe(
      silent.delivery.outage?.replace(silent.server.url, ''),
    )
  })

  test('a server that is not there is an outage, always with the same text, and open does not mind', async () => {
    const server = await startFakeBulk(() => ({}))
    await server.stop()
    const output = await openedFor(server.url)
    const first = await output.write([chunkOf(docs(2))], never)
    const second = await output.write([chunkOf(docs(2))], never)
    expect(first).toMatchObject({ rejected: [], retry: [0, 1] })
    expect(first.outage).toContain(server.url)
    expect(second.outage).toBe(first.outage)
    await expect(output.check(never, ['event'])).rejects.toMatchObject({ kind: 'output_unreachable' })
  })

  test('a server that comes back after many failures is used again', async () => {
    const server = await startFakeBulk(() => ({}))
    await server.stop()
    const output = await openedFor(server.url)
    const chunk = chunkOf(docs(2))
    for (let round = 0; round < 25; round++) expect((await output.write([chunk], never)).retry).toHaveLength(2)
    await startFakeBulk(() => ({}), Number(new URL(server.url).port))
    expect(await output.write([chunk], never)).toMatchObject({ rejected: [], retry: [] })
  })

  test('where one address fails the next is tried at once', async () => {
    const gone = await startFakeBulk(() => ({}))
    await gone.stop()
    const server = await startFakeBulk(() => ({}))
    const output = await openedFor(server.url, { urls: [gone.url, server.url] })
    for (let round = 0; round < 4; round++) {
      expect(await output.write([chunkOf(docs(1))], never)).toMatchObject({ retry: [] })
    }
  })

  test('a write under way ends on abort', async () => {
    const server = await startFakeBulk(() => new Promise(() => {}))
    const output = await openedFor(server.url)
    const abort = new AbortController()
    const written = output.write([chunkOf(docs(2))], abort.signal)
    await expect.poll(() => server.requests.length).toBe(1)
    abort.abort()
    expect(await written).toMatchObject({ rejected: [], retry: [0, 1] })
  })

  test('credentials are sent, and never printed', async () => {
    const key = 'c2VjcmV0OmNhbmFyeS1rZXk='
    const body = { error: { type: 'security_exception', reason: `bad header [ApiKey ${key}]` } }
    const { server, output } = await write(() => ({ status: 401, body }), 1, { apiKey: new Secret(key) })
    expect(server.requests[0]?.headers.authorization).toBe(`ApiKey ${key}`)
    const error = await output.check(never, ['event']).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(XdrelayError)
    expect(error).toMatchObject({ kind: 'output_unauthorized' })
    expect((error as Error).message).toContain('security_exception')
    const delivery = await output.write([chunkOf(docs(1))], never)
    expect(`${delivery.outage} ${(error as Error).message}`).not.toContain(key)
  })

  test('user and password are sent as basic authentication', async () => {
    const { server } = await write(() => ({}), 1, { username: 'elastic', password: new Secret('changeme-1') })
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${btoa('elastic:changeme-1')}`)
  })

  test('check names the privilege that is missing, and the streams that it is missing on', async () => {
    const index = { 'logs-m365_defender.event-default': { create_doc: true } }
    const answer = { body: { has_all_requested: false, index } }
    const { output } = await write(({ path }) => (path.includes('_bulk') ? {} : answer))
    await expect(output.check(never, ['event', 'alert', 'vulnerability'])).rejects.toThrow(
      'create_doc on logs-m365_defender.alert-default, logs-m365_defender.vulnerability-default is not granted',
    )
  })

  test('documents of all datasets go to their own streams, in one request and in their order', async () => {
    const server = await startFakeBulk(() => ({}))
    const output = await openedFor(server.url, { namespace: 'soc' })
    const chunks = [undefined, 'alert', 'incident', 'vulnerability', 'event'].map(dataset =>
      chunkOf(docs(1), { origin: { ...origin, ...(dataset && { dataset: dataset as Dataset }) } }),
    )
    await output.write(chunks, never)
    expect(server.requests[0]?.streams).toEqual(
      ['event', 'alert', 'incident', 'vulnerability', 'event'].map(dataset => `logs-m365_defender.${dataset}-soc`),
    )
    expect(server.requests).toHaveLength(1)
  })
})

test.each<[string, Partial<ElasticsearchOptions>]>([
  ['urls', { urls: ['https://user:secret@es:9200'] }],
  ['namespace', { namespace: 'a-b' }],
  ['namespace', { namespace: 'Upper' }],
  ['namespace', { namespace: 'a/../b' }],
  ['namespace', { namespace: 'größeÄÖ' }],
  ['namespace', { namespace: 'ä'.repeat(51) }],
  ['api_key', { apiKey: new Secret('abcdefgh'), username: 'u', password: new Secret('abcdefgh') }],
  ['username', { username: 'u' }],
])('a bad %s is a configuration error', (name, more) => {
  const make = () => elasticsearch.create('siem', optionsFor('http://127.0.0.1:9', more))
  expect(make).toThrow(new RegExp(`elasticsearch\\.${name}`))
  expect(make).not.toThrow('secret')
})

test.each(['default', 'größe', 'ä'.repeat(50), '日本', 'a.b_c+1'])('a namespace may be %s', namespace => {
  expect(() => elasticsearch.create('siem', optionsFor('http://127.0.0.1:9', { namespace }))).not.toThrow()
})

test('a CA file that cannot be read is a configuration error', async () => {
  const output = elasticsearch.create('siem', optionsFor('https://127.0.0.1:9', { ca: '/nowhere/ca.pem' }))
  await expect(output.open()).rejects.toMatchObject({ kind: 'config_invalid' })
})
