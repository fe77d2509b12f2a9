import { expect, test } from 'vitest'
import { chunkOf, documentOf } from '../support/chunks.ts'
import { docs, openedFor } from '../support/elasticsearch-output.ts'
import { type BulkAnswer, startFakeBulk, startHastyServer } from '../support/fake-bulk.ts'

const never = new AbortController().signal

/** Documents of about so many bytes each. */
function sized(count: number, bytes: number): object[] {
  return Array.from({ length: count }, (_, n) => ({ ...documentOf({ n }), text: 'x'.repeat(bytes) }))
}

async function opened(answer: (count: number) => BulkAnswer) {
  const server = await startFakeBulk((_, count) => answer(count))
  return { server, output: await openedFor(server.url) }
}

test('413 halves the request until it fits; one document that never fits is refused', async () => {
  const server = await startFakeBulk(({ bytes }) => (bytes > 70_000 ? { status: 413, body: '' } : {}))
  const output = await openedFor(server.url)
  const documents = [...sized(20, 10_000), ...sized(1, 100_000), ...sized(20, 10_000)]
  const delivery = await output.write([chunkOf(documents)], never)
  expect(delivery).toMatchObject({ retry: [], rejected: [{ index: 20 }] })
  expect(delivery.rejected[0]?.detail).toContain('413')
  const accepted = server.requests.filter(({ bytes }) => bytes <= 70_000).flatMap(({ ids }) => ids)
  expect(new Set(accepted).size).toBe(40)
  expect(accepted).toHaveLength(40)
})

test('413 while the request is still being sent, as a server answers by its length alone, splits it too', async () => {
  const url = await startHastyServer(({ length }) => (length > 1_500_000 ? 413 : 200))
  const output = await openedFor(url)
  expect(await output.write([chunkOf(sized(4, 1_000_000))], never)).toMatchObject({ rejected: [], retry: [] })
})

test('after a 413 the next write is not sent too large again', async () => {
  const server = await startFakeBulk(({ bytes }) => (bytes > 200_000 ? { status: 413, body: '' } : {}))
  const output = await openedFor(server.url)
  await output.write([chunkOf(sized(30, 10_000))], never)
  const before = server.requests.length
  await output.write([chunkOf(sized(30, 10_000))], never)
  expect(server.requests.slice(before).filter(({ bytes }) => bytes > 200_000)).toEqual([])
})

test('after a proxy that refused all for a while, requests become as large again as they were', async () => {
  let isStrict = true
  const server = await startFakeBulk(() => (isStrict ? { status: 413, body: '' } : {}))
  const output = await openedFor(server.url)
  const chunks = [chunkOf(sized(60, 10_000))]
  await output.write(chunks, never)
  isStrict = false
  const requests = async () => {
    const before = server.requests.length
    await output.write(chunks, never)
    return server.requests.length - before
  }
  expect(await requests()).toBeGreaterThan(8)
  expect(await requests()).toBeLessThanOrEqual(16)
  for (let write = 0; write < 16; write++) await requests()
  expect(await requests()).toBe(1)
})

test('small requests that are taken say nothing of larger ones', async () => {
  const server = await startFakeBulk(({ bytes }) => (bytes > 200_000 ? { status: 413, body: '' } : {}))
  const output = await openedFor(server.url)
  const refused = () => server.requests.filter(({ bytes }) => bytes > 200_000).length
  await output.write([chunkOf(sized(30, 10_000))], never)
  for (let write = 0; write < 20; write++) await output.write([chunkOf(docs(1))], never)
  await output.write([chunkOf(sized(30, 10_000))], never)
  expect(refused()).toBe(1)
})

test('a small document that is too large for the server is an outage: another one would be, too', async () => {
  const { server, output } = await opened(() => ({ status: 413, body: '' }))
  expect(await output.write([chunkOf(docs(1))], never)).toEqual({
    rejected: [],
    retry: [0],
    duplicates: 0,
    outage: 'status 413, though there are less than 65536 bytes',
  })
  expect(await output.write([chunkOf(docs(8))], never)).toMatchObject({ rejected: [], retry: [0, 1, 2, 3, 4, 5, 6, 7] })
  expect(server.requests).toHaveLength(5)
})

test('while a split request meets an outage its rest is not sent', async () => {
  const { server, output } = await opened(count => ({ status: count === 1 ? 413 : 503, body: {} }))
  const delivery = await output.write([chunkOf(docs(4))], never)
  expect(delivery).toMatchObject({ rejected: [], retry: [0, 1, 2, 3] })
  expect(delivery.outage).toContain('503')
  expect(server.requests).toHaveLength(2)
})

test('a parameter that the server does not know is an outage, found by one request', async () => {
  const reason = 'request [/_bulk] contains unrecognized parameter: [filter_path]'
  const body = { error: { type: 'illegal_argument_exception', reason } }
  const { server, output } = await opened(() => ({ status: 400, body }))
  const delivery = await output.write([chunkOf(docs(1))], never)
  expect(delivery).toMatchObject({ rejected: [], retry: [0] })
  expect(delivery.outage).toContain(reason)
  expect(server.requests).toHaveLength(1)
})

test('what both halves of a request are refused for as well is an outage, also for a document by itself after that', async () => {
  let isHealthy = false
  const refused = { status: 400, body: { error: { type: 'parse_exception', reason: 'not today' } } }
  const { server, output } = await opened(() => (isHealthy ? {} : refused))
  const delivery = await output.write([chunkOf(docs(64))], never)
  expect(delivery).toMatchObject({ rejected: [], retry: Array.from({ length: 64 }, (_, index) => index) })
  expect(delivery.outage).toBe('status 400; parse_exception: not today')
  expect(server.requests).toHaveLength(3)
  expect(await output.write([chunkOf(docs(1))], never)).toMatchObject({ rejected: [], outage: delivery.outage })
  isHealthy = true
  await output.write([chunkOf(docs(1))], never)
  isHealthy = false
  expect(await output.write([chunkOf(docs(1))], never)).toMatchObject({ rejected: [{ index: 0 }], retry: [] })
})

test('documents that a request is refused for are found, neighbours with the same fault too', async () => {
  const body = { error: { type: 'parse_exception', reason: 'bad id' } }
  const server = await startFakeBulk(({ ids }) => (ids.some(id => id.startsWith('bad')) ? { status: 400, body } : {}))
  const output = await openedFor(server.url)
  const ids = ['bad-0', 'bad-1', ...Array.from({ length: 30 }, (_, n) => `good-${n}`)]
  const delivery = await output.write([chunkOf(docs(32), { ids })], never)
  expect(delivery).toMatchObject({ rejected: [{ index: 0 }, { index: 1 }], retry: [] })
  expect(delivery.outage).toBeUndefined()
  const sent = server.requests.map(request => request.ids).filter(all => !all.some(id => id.startsWith('bad')))
  expect(sent.flat().toSorted()).toEqual(ids.slice(2).toSorted())
})
