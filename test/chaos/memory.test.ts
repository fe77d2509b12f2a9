import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { startFilledHub } from '../../bench/parts.ts'
import { Secret } from '../../src/core/secret.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { type Running, xdrelay } from '../support/xdrelay.ts'

const full = process.env.CHAOS === 'full'
const partitions = 32
/** What waits in the hub, many times what xdrelay may hold. */
const waiting = full ? 500e6 : 150e6
/** Milliseconds that the output has been silent. */
const silence = full ? 60_000 : 10_000
/** Milliseconds after which an ownership that is not renewed counts as given up, by default. */
const expiry = 15_000
/** MiB; a promise of the product, with the settings that it has by default. */
const limit = 256

/** Takes every connection and every byte, and never says anything. */
async function silentServer(): Promise<{ url: string; connections: () => number }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => void sockets.add(socket.resume().on('error', () => {})))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, connections: () => sockets.size }
}

/** The admin endpoint's address, from the log; throws while it is not there. */
function adminOf(running: Running): string {
  const address = /admin endpoint on (\S+?)["\s]/.exec(running.stderr())?.[1]
  if (address === undefined) throw new Error(`no admin endpoint yet: ${running.stderr()}`)
  return address
}

async function sumOf(admin: string, metric: string): Promise<number> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  const lines = text.split('\n').filter(line => line.startsWith(metric))
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

test.skipIf(process.platform !== 'linux')(
  'an Elasticsearch that never answers costs memory up to a limit, and no partition',
  { timeout: 300_000 },
  async () => {
    const [hub, storage, silent, folder] = await Promise.all([
      startFilledHub({ partitions, records: Number.POSITIVE_INFINITY, bytes: waiting }),
      storageForTest(),
      silentServer(),
      tempDirectory(),
    ])
    onTestFinished(() => hub.stop())
    await writeFile(
      join(folder, 'xdrelay.yaml'),
      `
version: 1
sources:
  xdr: { event_hub: { connection_string: "${hub.connectionString}" } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${storage.endpoint}", container: memory }
outputs:
  siem: { elasticsearch: { urls: ["${silent.url}"], timeout: 5s } }
dead_letter: { file: { path: ./dead-letters } }
admin: { listen: 127.0.0.1:0 }
`,
    )
    const run = xdrelay(['run'], { cwd: folder })
    const admin = await expect
      .poll(() => adminOf(run), { timeout: 60_000 })
      .toBeTruthy()
      .then(() => adminOf(run))
    const blobs = new Blobs({
      connectionString: new Secret(storage.connectionString),
      container: 'memory',
      createContainer: false,
      interval: 0,
    })
    const ownerships = async () => (await blobs.list('127.0.0.1/defender/$default/ownership/')).entries
    const owners = async () => (await ownerships()).map(({ metadata }) => metadata.ownerid)
    await expect.poll(silent.connections, { timeout: 60_000 }).toBeGreaterThan(0)
    await expect.poll(async () => (await owners()).length, { timeout: 60_000 }).toBe(partitions)
    const atFirst = await owners()
    await sleep(silence)

    const peak = await peakMemory(run)
    const [received, used, budget] = await Promise.all(
      ['source_messages_received_total', 'memory_used_bytes', 'memory_budget_bytes'].map(name =>
        sumOf(admin, `xdrelay_${name}`),
      ),
    )
    console.log(
      `${Math.round(hub.bytes / 1e6)} MB waiting, silent for ${silence / 1000} s: peak memory ${Math.round(peak)} MiB, ${received} messages read, ${used} of ${budget} bytes used`,
    )
    expect(run.process.exitCode, run.stderr()).toBeNull()
    expect(peak).toBeLessThan(limit)
    // It holds what it may, and the hub holds the rest.
    expect(used).toBeGreaterThan(budget! / 2)
    expect(used).toBeLessThanOrEqual(budget!)
    expect(received).toBeGreaterThan(partitions)
    expect(hub.bytes).toBeGreaterThan(2 * budget!)
    // Nobody took a partition from it meanwhile, and it says what is wrong.
    expect(await owners()).toEqual(atFirst)
    expect(new Set(atFirst).size).toBe(1)
    for (const { lastModified } of await ownerships()) expect(Date.now() - lastModified).toBeLessThan(expiry)
    const ready = await fetch(`${admin}/readyz`)
    expect(ready.status).toBe(503)
    expect(await ready.text()).toContain('output siem is down')
    expect((await fetch(`${admin}/livez`)).status).toBe(200)
    expect(run.stderr()).toContain('output siem is down')
  },
)
