import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import type { Cursor } from '../../src/core/types.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import type { CheckpointsOptions } from '../../src/storage/options.ts'
import {
  checkpointOptions,
  fill,
  hubOptions,
  numbers,
  startTestHub,
  startTestSource,
  type TestSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

/** Checkpoints of a hub with 50 small messages, all of them delivered. */
async function checkpointsOfAnOldHub(): Promise<CheckpointsOptions> {
  const hub = await startTestHub(1)
  const checkpoints = checkpointOptions(storage)
  fill(hub, '0', 50)
  const { source, sink } = await startTestSource(hubOptions(hub), checkpoints)
  await until(() => sink.count === 50)
  expect(await source.checkpoint('xdr/0', sink.batches.at(-1)!.cursor)).toBe('written')
  await source.close()
  return checkpoints
}

/** The account as before, but nothing can be removed there until `mend` is called. */
async function withoutRemoval(options: CheckpointsOptions) {
  const { hostname, port, pathname } = new URL(storage.endpoint)
  let isBroken = true
  const server = createServer((incoming, outgoing) => {
    if (isBroken && incoming.method === 'DELETE') return void outgoing.writeHead(403).end()
    const { method, headers, url: path } = incoming
    const onward = request({ host: hostname, port, method: method!, path: path!, headers }, answer => {
      outgoing.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(outgoing)
    })
    incoming.pipe(onward)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}${pathname}`
  const text = storage.connectionString.replace(/BlobEndpoint=[^;]+/, `BlobEndpoint=${endpoint}`)
  return {
    options: { ...options, connectionString: new Secret(text) },
    mend: () => {
      isBroken = false
    },
  }
}

const saysSo = ({ lines }: TestSource) => lines.some(({ fields }) => fields['event.action'] === 'hub_replaced')
const checkpointOf = ({ source }: TestSource): Promise<Cursor | undefined> =>
  source.positions('xdr/0').then(({ checkpoint }) => checkpoint)

test('B9: of a hub that was made anew all is read, also where the old position lies within it', async () => {
  const checkpoints = await checkpointsOfAnOldHub()
  const hub = await startTestHub(1)
  fill(hub, '0', 30, Buffer.from(JSON.stringify({ records: ['x'.repeat(2000)] })))
  const run = await startTestSource(hubOptions(hub), checkpoints)
  await until(() => run.sink.count === 30)
  expect(run.sink.sequence('xdr/0')).toEqual(numbers(0, 29))
  expect(saysSo(run)).toBe(true)
  expect(await checkpointOf(run)).toBeUndefined()
})

test('B9: such a hub is read only once the positions of the old one are gone, or its messages would count as delivered', async () => {
  const { options, mend } = await withoutRemoval(await checkpointsOfAnOldHub())
  const hub = await startTestHub(1)
  fill(hub, '0', 30)
  const run = await startTestSource(hubOptions(hub), options)
  await until(() => run.lines.some(({ text }) => text.startsWith('xdr/0: is not read: ')))
  expect([saysSo(run), run.sink.count]).toEqual([true, 0])
  mend()
  await until(() => run.sink.count === 30)
  expect(run.sink.sequence('xdr/0')).toEqual(numbers(0, 29))
  expect(await checkpointOf(run)).toBeUndefined()
})
