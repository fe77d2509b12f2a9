import { randomUUID } from 'node:crypto'
import { readdir } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { BlobServiceClient } from '@azure/storage-blob'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { elasticsearchMissing, sharedElasticsearch } from '../support/elasticsearch.ts'
import { folder, xdrelay } from './run-cli.ts'

const hubKey = 'SHViQ2FuYXJ5VGhhdE11c3ROZXZlclByaW50TTEyMzQ='
const wrongKey = 'V3JvbmdDYW5hcnlUaGF0TXVzdE5ldmVyUHJpbnQxMjM='
const apiKey = 'RWxhc3RpY0NhbmFyeVRoYXRNdXN0TmV2ZXJQcmludDE='

let hub: Hub
let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
  hub = await startHub({ hubs: [{ name: 'defender', partitions: 3, consumerGroups: ['relay'] }], key: hubKey })
  hub.append('defender', '0', Buffer.from('{"records":[]}'))
  hub.append('defender', '2', Buffer.from('{"records":[]}'))
})
afterAll(async () => {
  await hub.stop()
  await storage.stop()
})

/** Every part works; the folder is the configuration's own. */
function working(elasticsearch: string) {
  return {
    sources: {
      xdr: { event_hub: { connection_string: hub.connectionString(), event_hub: 'defender', consumer_group: 'relay' } },
    },
    checkpoints: {
      storage_account: storage.account,
      storage_account_key: storage.key,
      endpoint: storage.endpoint,
      container: `check-${randomUUID()}`,
      create_container: true,
    },
    outputs: {
      siem: { elasticsearch: { urls: [elasticsearch], api_key: apiKey } },
      archive: { file: { path: './out/{table}.ndjson' } },
    },
    dead_letter: { file: { path: './dead-letters' } },
  }
}

type Configuration = ReturnType<typeof working>

/** Runs the command on a configuration and looks for secrets in all that it wrote. */
async function check(config: Configuration, args: readonly string[] = [], files: Record<string, string> = {}) {
  const cwd = folder({ 'xdrelay.yaml': JSON.stringify(config), ...files })
  const started = performance.now()
  const ended = await xdrelay(['check', ...args], { cwd })
  const seconds = (performance.now() - started) / 1000
  for (const secret of [hubKey, wrongKey, apiKey, storage.key])
    expect(ended.stdout + ended.stderr).not.toContain(secret.slice(0, -1))
  const lines = ended.stdout.trimEnd().split('\n')
  const parts = new Map(lines.map(line => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]))
  return { ...ended, cwd, parts, seconds }
}

async function standIn(answer: RequestListener): Promise<string> {
  const server = createHttpServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Takes connections and never says anything. */
async function mute(): Promise<number> {
  const server = createServer(() => {})
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

const healthy: RequestListener = (_request, response) => {
  response.setHeader('content-type', 'application/json').end('{"has_all_requested":true}')
}

describe.skipIf(await elasticsearchMissing('9.5'))('against real parts', () => {
  test('every part that works is ok, with a few words on it, and nothing is left behind', async () => {
    const config = working((await sharedElasticsearch('9.5')).url)
    const { code, stdout, stderr, cwd } = await check(config)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout.split('\n')).toEqual([
      'source xdr: ok, event hub defender of 127.0.0.1: partitions 3, messages 2, consumer group relay (one message read)',
      `checkpoints: ok, container ${config.checkpoints.container} is missing; the first run creates it`,
      'output siem: ok, logs-m365_defender.event-default',
      `output archive: ok, ${join(cwd, 'out')}`,
      `dead letter: ok, ${join(cwd, 'dead-letters')}: 0 of 1073741824 bytes used`,
      '',
    ])
    expect(await containers()).not.toContain(config.checkpoints.container)
    expect(await readdir(join(cwd, 'dead-letters'))).toEqual([])
    expect(await readdir(join(cwd, 'out'))).toEqual([])
    await expect.poll(() => hub.receivers()).toEqual([])
  })
})

test('a container that is there is listed and written to, and is as it was afterwards', async () => {
  const config = working(await standIn(healthy))
  const container = service().getContainerClient(config.checkpoints.container)
  await container.create()
  const checkpoint = container.getBlockBlobClient('127.0.0.1/defender/relay/checkpoint/0')
  await checkpoint.upload('', 0, { metadata: { sequencenumber: '0', offset: '0' } })
  const { code, parts } = await check(config)
  expect(code).toBe(0)
  expect(parts.get('checkpoints')).toBe(`ok, container ${config.checkpoints.container}: checkpoints 1`)
  const blobs = await Array.fromAsync(container.listBlobsFlat())
  expect(blobs.map(({ name }) => name)).toEqual([checkpoint.name])
})

test('--json prints one object, good and bad parts alike', async () => {
  const good = await check(working(await standIn(healthy)), ['--json'])
  expect(good.code).toBe(0)
  const { ok, parts } = JSON.parse(good.stdout)
  expect(ok).toBe(true)
  expect(parts.map(({ name }: { name: string }) => name)).toEqual([
    ...['source xdr', 'checkpoints', 'output siem', 'output archive', 'dead letter'],
  ])
  for (const part of parts)
    expect(part).toEqual({ name: part.name, ok: true, detail: expect.any(String), ms: expect.any(Number) })

  const bad = await check(working('http://127.0.0.1:9'), ['--json'])
  expect(bad.code).toBe(1)
  const found = JSON.parse(bad.stdout)
  expect(found.ok).toBe(false)
  expect(found.parts.filter((part: { ok: boolean }) => !part.ok)).toEqual([
    {
      name: 'output siem',
      ok: false,
      detail: expect.stringContaining('http://127.0.0.1:9'),
      code: 'XP4001',
      next: expect.stringContaining('address of the output'),
      ms: expect.any(Number),
    },
  ])
  expect(JSON.parse(bad.stderr).error.code).toBe('XP5002')
})

interface Fault {
  readonly title: string
  /** Breaks one part of a working configuration. */
  readonly change: (config: Configuration) => void | Promise<void>
  readonly part: string
  readonly says: RegExp
  readonly args?: readonly string[]
}

const faults: readonly Fault[] = [
  {
    title: 'a wrong key of the hub',
    change: ({ sources }) => {
      sources.xdr.event_hub.connection_string = hub.connectionString().replace(hubKey, wrongKey)
    },
    part: 'source xdr',
    says: /^XP2002 127\.0\.0\.1 refuses the key in `connection_string`.*; fix: Copy the connection string again from a policy with the Listen right/,
  },
  {
    title: 'a host of the hub that does not exist',
    change: ({ sources }) => rename(sources, '127.0.0.1', 'nosuch.invalid'),
    part: 'source xdr',
    says: /^XP2001 nosuch\.invalid cannot be reached.*; fix: Check the host in the connection string/,
  },
  {
    title: 'a port of the hub where nobody listens',
    change: ({ sources }) => rename(sources, `:${hub.port}`, ':9'),
    part: 'source xdr',
    says: /^XP2001 127\.0\.0\.1 cannot be reached.*; fix: .*port 5671/,
  },
  {
    title: 'a hub that takes connections and never answers',
    change: async ({ sources }) => rename(sources, `:${hub.port}`, `:${await mute()}`),
    part: 'source xdr',
    says: /^XP2001 .*; fix: .*port 5671/,
  },
  {
    title: 'a hub that does not exist',
    change: ({ sources }) => {
      sources.xdr.event_hub.event_hub = 'nope'
    },
    part: 'source xdr',
    says: /^XP2003 127\.0\.0\.1 has no event hub `nope`.*; fix: Check `event_hub`/,
  },
  {
    title: 'a consumer group that does not exist',
    change: ({ sources }) => {
      sources.xdr.event_hub.consumer_group = 'missing'
    },
    part: 'source xdr',
    says: /^XP2004 `defender` has no consumer group `missing`.*; fix: Create the consumer group/,
  },
  {
    title: 'a wrong key of the storage account',
    change: ({ checkpoints }) => {
      checkpoints.storage_account_key = wrongKey
    },
    part: 'checkpoints',
    says: /^XP3002 .*`storage_account_key`.*; fix: Check the storage account key/,
  },
  {
    title: 'a storage account that cannot be reached',
    change: ({ checkpoints }) => {
      checkpoints.endpoint = 'http://127.0.0.1:9/devstoreaccount1'
    },
    part: 'checkpoints',
    says: /^XP3001 .*; fix: Check `storage_account` or `endpoint`/,
  },
  {
    title: 'a storage account that never answers',
    args: ['--timeout', '8s'],
    change: async ({ checkpoints }) => {
      checkpoints.endpoint = `http://127.0.0.1:${await mute()}/devstoreaccount1`
    },
    part: 'checkpoints',
    says: /^XP3001 .*; fix: Check `storage_account` or `endpoint`/,
  },
  {
    title: 'a container that is missing and must not be created',
    change: ({ checkpoints }) => {
      checkpoints.create_container = false
    },
    part: 'checkpoints',
    says: /^XP3003 the container `check-.*` does not exist; fix: Create the container/,
  },
  {
    title: 'an Elasticsearch that is down',
    change: ({ outputs }) => {
      outputs.siem.elasticsearch.urls = ['http://127.0.0.1:9']
    },
    part: 'output siem',
    says: /^XP4001 .*http:\/\/127\.0\.0\.1:9.*; fix: Check the address of the output/,
  },
  {
    title: 'an Elasticsearch that never answers',
    args: ['--timeout', '8s'],
    change: async ({ outputs }) => {
      outputs.siem.elasticsearch.urls = [`http://127.0.0.1:${await mute()}`]
    },
    part: 'output siem',
    says: /^XP4001 .*; fix: Check the address of the output/,
  },
  {
    title: 'an Elasticsearch that refuses the key, and quotes it',
    change: async ({ outputs }) => {
      const error = { type: 'security_exception', reason: `unable to authenticate ApiKey ${apiKey}` }
      const url = await standIn((_request, response) =>
        response.writeHead(401, { 'content-type': 'application/json' }).end(JSON.stringify({ error, status: 401 })),
      )
      outputs.siem.elasticsearch.urls = [url]
    },
    part: 'output siem',
    says: /^XP4002 .*unable to authenticate ApiKey \[redacted\].*; fix: Check the credentials/,
  },
  {
    title: 'a folder of an output that cannot be made',
    change: ({ outputs }) => {
      outputs.archive.file.path = './a-file/out.ndjson'
    },
    part: 'output archive',
    says: /^XP4003 .*a-file.*; fix: Check that the directory exists/,
  },
  {
    title: 'a folder in the place of the file of an output',
    change: ({ outputs }) => {
      outputs.archive.file.path = '.'
    },
    part: 'output archive',
    says: /^XP4003 cannot write \/.*: it is a folder \(EISDIR\); give the path of a file; fix: /,
  },
  {
    title: 'a folder of the dead letter that cannot be made',
    change: config => {
      config.dead_letter.file.path = './a-file/dead-letters'
    },
    part: 'dead letter',
    says: /^XP4003 dead letter folder .*a-file.*; fix: Check that the directory exists/,
  },
  {
    title: 'a dead letter without room',
    change: config => void Object.assign(config.dead_letter.file, { path: '.', max_bytes: '2MiB' }),
    part: 'dead letter',
    says: /^XP4003 .*its 2097152 bytes are used up.*; fix: .*has room/,
  },
]

const full = '\n'.repeat(2 ** 21)

test.each(faults)(
  '$title is named on its line with the fix, in time, and the other parts are ok',
  {
    timeout: 60_000,
  },
  async ({ change, part, says, args = [] }) => {
    const config = working(await standIn(healthy))
    await change(config)
    const { code, parts, stderr, seconds } = await check(config, args, { 'a-file': '', 'full.ndjson': full })
    expect([...parts.keys()]).toEqual(['source xdr', 'checkpoints', 'output siem', 'output archive', 'dead letter'])
    expect(parts.get(part)).toMatch(says)
    for (const [name, text] of parts) expect(/\bok\b/.test(text), `${name}: ${text}`).toBe(name !== part)
    expect(code).toBe(1)
    expect(stderr).toBe(`XP5002 not usable: ${part}\nWhat was found stands on standard output.\n`)
    expect(seconds).toBeLessThan(15)
  },
)

test('the time given holds for everything together', async () => {
  const config = working(`http://127.0.0.1:${await mute()}`)
  const { code, parts, seconds } = await check(config, ['--timeout', '6s'])
  expect(code).toBe(1)
  expect(parts.get('output siem')).toMatch(/^XP4001 no answer within the time for the check/)
  expect(seconds).toBeLessThan(10)
})

test.each(['5', '0s', 'soon', '999d'])('--timeout %s is a usage error', async text => {
  const { code, stderr } = await xdrelay(['check', '--timeout', text])
  expect({ code, stderr }).toEqual({ code: 64, stderr: expect.stringMatching(/^XP1003 .*--timeout/) })
})

function rename(sources: Configuration['sources'], from: string, to: string): void {
  sources.xdr.event_hub.connection_string = sources.xdr.event_hub.connection_string.replace(from, to)
}

function service(): BlobServiceClient {
  return BlobServiceClient.fromConnectionString(storage.connectionString)
}

async function containers(): Promise<string[]> {
  return (await Array.fromAsync(service().listContainers())).map(({ name }) => name)
}
