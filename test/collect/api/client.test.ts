import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { createApiClient } from '../../../src/collect/api/client.ts'
import { ask } from '../../../src/collect/api/http.ts'
import { Secret } from '../../../src/core/secret.ts'
import { secret } from '../../emulator/microsoft/support.ts'
import { drip } from '../../support/fake-bulk.ts'
import { connected, FastPace, never } from '../support.ts'

const alerts = '/v1.0/security/alerts_v2'

test('an answer is whole, with its status and the date of the server', async () => {
  const { service, api, pace } = await connected()
  service.store.add(3, pace.now())
  const answer = await api.get(`${service.url}${alerts}?$top=2`, never)
  expect(answer.status).toBe(200)
  expect((JSON.parse(answer.body.toString()) as { value: unknown[] }).value.length).toBe(2)
  expect(answer.date).toBe(Math.floor(pace.now() / 1000) * 1000)
})

test.each([429, 500, 502, 503, 504])('status %s is tried again, with waits that grow', async status => {
  const { service, api, pace } = await connected()
  service.faults.add(/alerts_v2/, { kind: 'status', status }, 4)
  expect((await api.get(`${service.url}${alerts}`, never)).status).toBe(200)
  expect(pace.waits).toEqual([375, 750, 1500, 3000])
})

test('Retry-After is obeyed, by the requests that follow as well', async () => {
  const { service, api, pace } = await connected()
  service.faults.add(/alerts_v2/, { kind: 'status', status: 429, retryAfter: 40 })
  const started = pace.now()
  await api.get(`${service.url}${alerts}`, never)
  expect(pace.now() - started).toBeGreaterThanOrEqual(40_000)
  service.faults.add(/alerts_v2/, { kind: 'status', status: 503, retryAfter: 1200 })
  const refused = await api.get(`${service.url}${alerts}`, never)
  expect(refused.status).toBe(503)
  const before = pace.now()
  expect((await api.get(`${service.url}/v1.0/security/incidents`, never)).status).toBe(200)
  expect(pace.now() - before).toBeGreaterThanOrEqual(1_199_000)
})

test.each([0, 0.4, 0.97])('an answer that breaks off after %s of it is asked for again', async share => {
  const { service, api, pace } = await connected()
  service.store.add(3, pace.now())
  service.faults.add(/alerts_v2/, { kind: 'cut', share }, 2)
  const answer = await api.get(`${service.url}${alerts}`, never)
  expect((JSON.parse(answer.body.toString()) as { value: unknown[] }).value.length).toBe(3)
  expect(service.requests.filter(request => request.includes(alerts)).length).toBe(3)
})

test.each(['', '{"value":[{"id":"a"}', '{"value":["a}]}', '<html>', '[]', '{"value":[]}}'])(
  'an answer of status 200 that ends well before its object does is asked for again: %s',
  async body => {
    const { service, api } = await connected()
    service.faults.add(/alerts_v2/, { kind: 'body', text: body })
    expect((await api.get(`${service.url}${alerts}`, never)).body.toString()).toContain('"value":[]')
  },
)

test('other statuses come as they are, and the last answer when patience ends', async () => {
  const { service, api, pace } = await connected()
  expect((await api.get(`${service.url}${alerts}?$top=5000`, never)).status).toBe(400)
  expect(service.requests.filter(request => request.includes(alerts)).length).toBe(1)
  service.faults.add(/alerts_v2/, { kind: 'status', status: 500 }, 1000)
  const started = pace.now()
  expect((await api.get(`${service.url}${alerts}`, never)).status).toBe(500)
  expect(pace.now() - started).toBeGreaterThan(60_000)
  expect(pace.now() - started).toBeLessThanOrEqual(120_000)
})

test('callers with a way out bound the tries, or take a status at once', async () => {
  const { service, api } = await connected()
  const count = () => service.requests.filter(request => request.includes(alerts)).length
  service.faults.add(/alerts_v2/, { kind: 'status', status: 500 }, 3)
  expect((await api.get(`${service.url}${alerts}`, never, { maxAttempts: 2 })).status).toBe(500)
  expect(count()).toBe(2)
  expect((await api.get(`${service.url}${alerts}`, never, { asIs: new Set([500]) })).status).toBe(500)
  expect(count()).toBe(3)
})

test('an answer of more bytes than wanted is an error, and is not asked for again', async () => {
  const { service, api, pace } = await connected()
  service.store.add(10, pace.now())
  const answer = api.get(`${service.url}${alerts}`, never, { mostBytes: 5000 })
  await expect(answer).rejects.toMatchObject({ kind: 'api_too_large' })
  expect(service.requests.filter(request => request.includes(alerts)).length).toBe(1)
})

/** A client of a server that answers byte by byte and never ends. */
async function dripping(patience: number) {
  const server = createServer((_request, response) => drip(response))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const token = { value: new Secret('canary~token'), expires: Date.now() + 1e6, claims: undefined }
  const tokens = { token: async () => token, renew: async () => token }
  return { url, api: createApiClient({ api: 'graph', endpoint: url, tokens, pace: new FastPace(), patience }) }
}

test('an answer that comes byte by byte is given up when patience ends, one of the token endpoint too', async () => {
  const { url, api } = await dripping(300)
  const late = { kind: 'api_unreachable', message: expect.stringContaining('it takes more than 0.3 s') }
  await expect(api.get(`${url}/x`, never)).rejects.toMatchObject(late)
  await expect(ask({ url, signal: never, patience: 300 })).rejects.toMatchObject(late)
})

test('a file that comes as a stream may take longer than patience', async () => {
  const { url, api } = await dripping(100)
  const file = await api.download(`${url}/file`, never)
  let bytes = 0
  for await (const part of file) {
    bytes += part.length
    if (bytes > 20) break
  }
  expect(bytes).toBeGreaterThan(20)
})

test('a token that the API refuses is renewed once, and the refusal after that is the answer', async () => {
  const { service, api } = await connected()
  service.faults.add(/alerts_v2/, { kind: 'status', status: 401 })
  expect((await api.get(`${service.url}${alerts}`, never)).status).toBe(200)
  expect(service.tokensIssued).toBe(2)
  service.faults.add(/alerts_v2/, { kind: 'status', status: 401 }, 2)
  expect((await api.get(`${service.url}${alerts}`, never)).status).toBe(401)
  expect(service.tokensIssued).toBe(3)
})

test('no minute has more requests than the budget, so that the API never has to refuse one', async () => {
  const { service, api, pace } = await connected({ requestsPerMinute: 20, client: { perMinute: 20 } })
  const started = pace.now()
  for (let request = 0; request < 65; request++) {
    expect((await api.get(`${service.url}${alerts}?$top=1`, never)).status).toBe(200)
    pace.advance(request < 10 ? 2000 : 0)
  }
  expect(service.requests.filter(request => request.includes(alerts)).length).toBe(65)
  expect(pace.now() - started).toBeGreaterThanOrEqual(3 * 60_000 - 1)
})

test('a wait ends with the signal', async () => {
  const { service } = await connected()
  const tokens = {
    token: async () => ({ value: new Secret('canary~token'), expires: Date.now() + 1e6, claims: undefined }),
    renew: async () => Promise.reject(new Error('not asked for')),
  }
  const api = createApiClient({ api: 'graph', endpoint: service.url, tokens })
  service.faults.add(/alerts_v2/, { kind: 'status', status: 429, retryAfter: 600 })
  const stop = new AbortController()
  const answer = api.get(`${service.url}${alerts}`, stop.signal)
  await expect.poll(() => service.requests.length).toBe(1)
  stop.abort(new Error('stopped'))
  await expect(answer).rejects.toThrow()
})

test('no token goes to another host, and no redirect is followed', async () => {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(302, { location: 'http://127.0.0.1:1/elsewhere' }).end()
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await expect.poll(() => server.listening).toBe(true)
  const other = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { api } = await connected()
  await expect(api.get(`${other}/x`, never)).rejects.toMatchObject({ kind: 'api_address_refused' })
  expect(seen).toEqual([])
  const pace = new FastPace()
  const tokens = {
    token: async () => ({ value: new Secret('canary~token'), expires: pace.now() + 1e6, claims: undefined }),
    renew: async () => Promise.reject(new Error('not asked for')),
  }
  const redirected = createApiClient({ api: 'graph', endpoint: other, tokens, pace })
  expect((await redirected.get(`${other}/y`, never)).status).toBe(302)
  await expect(redirected.download(`${other}/z`, never)).rejects.toMatchObject({ facts: { status: 302 } })
  expect(seen).toEqual(['/y', '/z'])
})

test('a file comes as a stream, without a token, and says its status where there is none', async () => {
  const { service, api } = await connected({ api: 'defender' })
  const index = await api.get(`${service.url}/api/machines/SoftwareVulnerabilitiesExport?sasValidHours=1`, never)
  const [file] = (JSON.parse(index.body.toString()) as { exportFiles: string[] }).exportFiles
  service.faults.add(/\/export\//, { kind: 'status', status: 503 })
  const authorizations: unknown[] = []
  service.faults.add(/\/export\//, { kind: 'delay', milliseconds: 0 }, 1, ({ headers }) => {
    authorizations.push(headers.authorization)
    return false
  })
  expect((await text(await api.download(file!, never))).length).toBeGreaterThan(1000)
  expect(authorizations.every(value => value === undefined)).toBe(true)
  const error: unknown = await api.download(file!.replace(/sig=./, 'sig=canary'), never).catch(thrown => thrown)
  expect(error).toMatchObject({ kind: 'api_forbidden', facts: { status: 403 } })
  expect(String(error)).not.toContain('canary')
})

test('no error shows a secret, a token or a signature', async () => {
  const { service, api } = await connected({ client: { patience: 0 } })
  const errors: unknown[] = []
  const attempt = (url: string) => api.get(url, never).catch(error => errors.push(error))
  service.faults.add(/alerts_v2/, { kind: 'cut', share: 0 })
  await attempt(`${service.url}${alerts}`)
  service.faults.add(/alerts_v2/, { kind: 'body', text: `${secret} eyJcanary` })
  await attempt(`${service.url}${alerts}`)
  await attempt('https://user:canary@evil.example/?sig=canary')
  await attempt('canary canary')
  errors.push(await api.download('https://evil.example/f?sig=canary', never).catch(error => error))
  await service.stop()
  await attempt(`${service.url}${alerts}`)
  expect(errors.length).toBe(6)
  for (const error of errors) {
    const { message, facts, kind } = error as { message: string; facts: unknown; kind: string }
    expect(kind).toMatch(/^api_(unreachable|address_refused)$/)
    for (const canary of [secret, 'canary', 'eyJ']) expect(message + JSON.stringify(facts)).not.toContain(canary)
  }
})
