import { type ChildProcess, spawn } from 'node:child_process'
import { type AddressInfo, connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import type { Hub } from '../../src/emulator/hub/hub.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import {
  checkpointOptions,
  fill,
  group,
  hubName,
  hubOptions,
  numbers,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const ownership = { renew: 500, expiry: 3000 }

/** A replica as a process, with the lines it has written. */
function startReplica(
  hub: Hub,
  container: string,
  account = storage.connectionString,
): { child: ChildProcess; lines: string[] } {
  const script = fileURLToPath(new URL('../support/replica.ts', import.meta.url))
  const { renew, expiry } = ownership
  const args = [hub.connectionString(hubName), account, container, `${renew}`, `${expiry}`]
  const child = spawn(process.execPath, [script, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const lines: string[] = []
  let rest = ''
  child.stdout!.on('data', (text: Buffer) => {
    const parts = (rest + text.toString()).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  return { child, lines }
}

/** The connection string of the account behind a way that delays every answer. */
async function slowAccount(delay: number): Promise<string> {
  const { host, hostname, port } = new URL(storage.endpoint)
  const server = createServer(near => {
    const far = connect(Number(port), hostname)
    near.pipe(far)
    far.on('data', data => setTimeout(() => near.write(data), delay))
    near.on('error', () => {}).on('close', () => far.destroy())
    far.on('error', () => {}).on('close', () => near.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return storage.connectionString.replace(host, `127.0.0.1:${(server.address() as AddressInfo).port}`)
}

test('A1, A2: after a kill a fresh replica reads on at the checkpoint, once the ownership has expired', async () => {
  const hub = await startTestHub(2)
  const checkpoints = checkpointOptions(storage)
  for (const partition of ['0', '1']) fill(hub, partition, 5)
  const { child, lines } = startReplica(hub, checkpoints.container)
  await until(() => lines.filter(line => line.endsWith('-4')).length === 2)
  child.stdin!.write('checkpoint\n')
  await until(() => lines.filter(line => line.endsWith('written')).length === 2)
  for (const partition of ['0', '1']) fill(hub, partition, 3)
  await until(() => lines.filter(line => line.endsWith('-7')).length === 2)
  child.kill('SIGKILL')
  const startedAt = performance.now()
  const { sink } = await startTestSource(hubOptions(hub, { ownership }), checkpoints)
  await until(() => sink.count === 6, 50_000)
  // Not a measure of speed: the promise is the expiry and not, say, the minute that is the SDK's default.
  expect(performance.now() - startedAt).toBeLessThan(ownership.expiry + 20_000)
  for (const stream of ['xdr/0', 'xdr/1']) expect(sink.sequence(stream)).toEqual([5, 6, 7])
})

test('A6: a replica that slept while others took over changes nothing when it wakes up', async () => {
  const hub = await startTestHub(1)
  const checkpoints = checkpointOptions(storage)
  fill(hub, '0', 5)
  // Slow, so that messages are there before the store's word, and a renewal is mostly under way at the moment of sleep.
  const { child, lines } = startReplica(hub, checkpoints.container, await slowAccount(300))
  await until(() => lines.includes('take xdr/0 0-4'))
  child.kill('SIGSTOP')
  // They go out to the sleeper, and lie ready in its connection when it wakes up: more than are handed on at once.
  fill(hub, '0', 200)
  const { source, sink } = await startTestSource(hubOptions(hub, { ownership }), checkpoints)
  await until(() => sink.count === 205)
  const before = sink.batches.flatMap(({ messages }) => messages)[2]!
  const cursor = { sequenceNumber: before.sequenceNumber, offset: before.offset }
  expect(await source.checkpoint('xdr/0', cursor)).toBe('written')
  child.stdin!.write('checkpoint\n')
  child.kill('SIGCONT')
  await until(() => lines.some(line => line.startsWith('checkpoint')))
  expect(lines.filter(line => line.startsWith('checkpoint'))).toEqual(['checkpoint xdr/0 4 stale'])
  await until(() => lines.includes('lost xdr/0'))
  fill(hub, '0', 2)
  await until(() => sink.count === 207)
  expect(sink.sequence('xdr/0')).toEqual(numbers(0, 206))
  expect(lines.filter(line => line.startsWith('take'))).toEqual(['take xdr/0 0-4'])
  const stored = await new Blobs(checkpoints).head(`127.0.0.1/${hubName}/${group}/checkpoint/0`)
  expect(stored?.metadata.sequencenumber).toBe('2')
})
