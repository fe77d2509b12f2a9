import { request } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { startAdmin } from '../../src/admin/server.ts'
import { DriftRegister } from '../../src/core/drift.ts'
import { silent } from '../../src/core/log.ts'
import { addProcessMetrics, createMetrics } from '../../src/core/metrics.ts'

interface Answer {
  readonly status: number
  readonly type: string | undefined
  readonly body: string
}

async function admin({
  obstacles = () => [],
  host = '127.0.0.1',
  check = async () => ({ ok: true, parts: [] }),
}: {
  obstacles?: () => readonly string[]
  host?: string
  check?: () => Promise<object>
} = {}) {
  const metrics = createMetrics()
  const drift = new DriftRegister(silent)
  const { address, close } = await startAdmin({
    listen: { host, port: 0 },
    metrics,
    obstacles,
    drift,
    check,
  })
  onTestFinished(close)
  const port = Number(new URL(address).port)
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    new Promise<Answer>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, headers, method }, async response => {
        const parts = await Array.fromAsync(response as AsyncIterable<Buffer>)
        const body = Buffer.concat(parts).toString()
        resolve({ status: response.statusCode!, type: response.headers['content-type'], body })
      })
        .on('error', reject)
        .end()
    })
  return { get, metrics, drift }
}

const text = 'text/plain; charset=utf-8'

test('livez lives, readyz says what is in the way', async () => {
  let obstacles = ['output siem is down', 'dead letter is out of space']
  const { get } = await admin({ obstacles: () => obstacles })
  expect(await get('/livez')).toEqual({ status: 200, type: text, body: 'ok\n' })
  const body = 'not ready\noutput siem is down\ndead letter is out of space\n'
  expect(await get('/readyz')).toEqual({ status: 503, type: text, body })
  obstacles = []
  expect(await get('/readyz')).toEqual({ status: 200, type: text, body: 'ok\n' })
})

test('metrics come in the text format, with the version and what is known of the process', async () => {
  const { get, metrics } = await admin()
  addProcessMetrics(metrics)
  const { status, type, body } = await get('/metrics')
  expect({ status, type }).toEqual({ status: 200, type: 'text/plain; version=0.0.4; charset=utf-8' })
  expect(body).toMatch(/^xdrelay_build_info\{version="\d+\.\d+\.\d+[^"]*"\} 1$/m)
  expect(body).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds \S+$/m)
})

test('drift comes as JSON', async () => {
  const { get, drift } = await admin()
  expect(JSON.parse((await get('/api/v1/drift')).body)).toEqual({ since: expect.any(String), drift: [] })
  const found = { kind: 'new_column', table: 'DeviceInfo', column: 'Foo', expected: '', field: 'a.foo' } as const
  drift.add([{ ...found, count: 2, forms: { text: 1, 'list of texts': 1 } }])
  const { status, type, body } = await get('/api/v1/drift')
  expect({ status, type }).toEqual({ status: 200, type: 'application/json; charset=utf-8' })
  expect(JSON.parse(body)).toEqual({
    since: expect.stringMatching(/^\d{4}-.*Z$/),
    drift: [
      {
        ...found,
        count: 2,
        forms: { text: 1, 'list of texts': 1 },
        first_seen: expect.stringMatching(/^\d{4}-.*Z$/),
        last_seen: expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ],
  })
})

test('a check of all connections is asked for by POST, and comes as JSON', async () => {
  const report = { ok: false, parts: [{ name: 'source alerts', ok: false, detail: 'no', ms: 3 }] }
  const { get } = await admin({ check: async () => report })
  const { status, type, body } = await get('/api/v1/check', {}, 'POST')
  expect({ status, type }).toEqual({ status: 200, type: 'application/json; charset=utf-8' })
  expect(JSON.parse(body)).toEqual(report)
})

test('no page of another site makes a browser ask for a check', async () => {
  let checks = 0
  const check = async () => ({ checks: ++checks })
  const { get } = await admin({ check })
  const ask = (origin: string) => get('/api/v1/check', { origin, host: 'localhost:9464' }, 'POST')
  for (const origin of ['https://evil.example', 'null', 'http://localhost:8080']) {
    expect(await ask(origin)).toMatchObject({ status: 403, body: 'forbidden\n' })
  }
  expect(checks).toBe(0)
  expect(await ask('http://localhost:9464')).toMatchObject({ status: 200 })
})

test.each([
  ['GET', '/'],
  ['GET', '/api/v1/check'],
  ['GET', '/secret?token=abc'],
  ['GET', '/../etc/passwd'],
  ['POST', '/metrics'],
  ['POST', '/api/v1/drift'],
  ['DELETE', '/api/v1/drift'],
  ['DELETE', '/livez'],
])('%s %s is not found, and that is all it says', async (method, path) => {
  const { get } = await admin()
  expect(await get(path, {}, method)).toEqual({ status: 404, type: text, body: 'not found\n' })
})

test('an address that cannot be read is refused without repeating it', async () => {
  const { get } = await admin()
  expect(await get('/%ff')).toEqual({ status: 400, type: text, body: 'bad request\n' })
})

test.each(['evil.example', 'evil.example:9464', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1', '@'])(
  'on loopback the name %j is forbidden, for every page',
  async host => {
    const { get } = await admin()
    for (const path of ['/livez', '/readyz', '/metrics', '/api/v1/drift', '/nothing'])
      expect(await get(path, { host })).toEqual({ status: 403, type: text, body: 'forbidden\n' })
  },
)

test.each(['localhost', 'LOCALHOST:9464', '127.0.0.1', '127.0.0.1:1', '[::1]:9464'])(
  'on loopback the name %j is fine',
  async host => {
    const { get } = await admin()
    expect((await get('/livez', { host })).status).toBe(200)
  },
)

test('where others are to reach it, any name is fine', async () => {
  const { get } = await admin({ host: '0.0.0.0' })
  expect((await get('/livez', { host: 'relay.monitoring.svc:9464' })).status).toBe(200)
})

test('an address that is taken is an error with the setting in it', async () => {
  const { address, close } = await startAdmin({
    listen: { host: '127.0.0.1', port: 0 },
    metrics: createMetrics(),
    obstacles: () => [],
    drift: new DriftRegister(silent),
    check: async () => ({}),
  })
  onTestFinished(close)
  const port = Number(new URL(address).port)
  const second = startAdmin({
    listen: { host: '127.0.0.1', port },
    metrics: createMetrics(),
    obstacles: () => [],
    drift: new DriftRegister(silent),
    check: async () => ({}),
  })
  await expect(second).rejects.toMatchObject({
    kind: 'admin_unavailable',
    message: expect.stringContaining(`admin.listen: cannot listen on 127.0.0.1:${port}`),
  })
})
