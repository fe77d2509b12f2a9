import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { decode } from '../../src/collect/graph/progress.ts'
import { keyOf } from '../../src/collect/graph/seen.ts'
import { instantOf } from '../../src/collect/instant.ts'
import { Secret } from '../../src/core/secret.ts'
import { startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import { cursorBlob } from '../../src/storage/blob-cursors.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import { parsePositions } from '../../src/storage/positions-text.ts'
import { app, clientId, secret, tenantId } from '../emulator/microsoft/support.ts'
import { AlertFile, AlertStream } from '../support/alert-places.ts'
import { elasticsearchMissing, sharedElasticsearch } from '../support/elasticsearch.ts'
import { RestlessAlerts } from '../support/restless-alerts.ts'
import { addressOf, scrape } from '../support/scrape.ts'
import { storageForTest } from '../support/storage.ts'
import { TcpGate } from '../support/tcp-gate.ts'
import { tempDirectory } from '../support/temp.ts'
import { type Running, xdrelay } from '../support/xdrelay.ts'

const kills = process.env.CHAOS === 'full' ? 5 : 1
/** Milliseconds; promises of the product, see docs/decisions/007-cursors-of-polled-sources.md. */
const limits = { takeOver: 60_000, handOver: 15_000 }
/** Waits far longer than is allowed, so that a failure tells how long it took. */
const patience = { timeout: 150_000, interval: 250 }

interface Replica {
  readonly running: Running
  readonly file: AlertFile
  /** Whether it polls, and how many passes it has made, by its own word. */
  activity(): Promise<{ active: number; passes: number }>
}

/** A tenant whose alerts never rest, replicas that poll it, and where their documents are. */
async function startTenant(url: string) {
  const service = await startMicrosoft({ apps: [app], digits: 3 })
  onTestFinished(() => service.stop())
  const [storage, gate, folder] = await Promise.all([storageForTest(), TcpGate.start(url), tempDirectory()])
  const stream = new AlertStream(url, `poll${process.pid}`)
  await stream.create()
  onTestFinished(() => stream.remove())
  const config = `
version: 1
sources:
  alerts: { graph_alerts: { tenant_id: ${tenantId}, client_id: ${clientId}, client_secret: "${secret}", endpoint: "${service.url}", token_url: "${service.tokenUrl(tenantId)}", every: 2s } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${storage.endpoint}", container: polling, interval: 500ms }
outputs:
  siem: { elasticsearch: { urls: ["${gate.url}"], namespace: ${stream.namespace} } }
  archive: { file: { path: "./out/{table}.ndjson" } }
dead_letter: { file: { path: ./dead-letters } }
admin: { listen: 127.0.0.1:0 }
`
  const files: AlertFile[] = []
  let arrived: ReadonlySet<string> = new Set()
  const refresh = async () => {
    await Promise.all([stream.refresh(), ...files.map(file => file.refresh())])
    const inFiles = new Set(files.flatMap(({ versions }) => [...versions]))
    arrived = new Set(stream.versions.filter(version => inFiles.has(version)))
  }
  const blobs = new Blobs({
    connectionString: new Secret(storage.connectionString),
    container: 'polling',
    createContainer: true,
    interval: 0,
  })
  const alerts = new RestlessAlerts(service.store, version => arrived.has(version))
  return {
    alerts,
    stream,
    gate,
    files,
    refresh,
    /** Versions that are in both outputs, as of the last refresh. */
    arrived: () => arrived,
    async start(): Promise<Replica> {
      const cwd = join(folder, `replica-${files.length}`)
      await mkdir(join(cwd, 'out'), { recursive: true })
      await writeFile(join(cwd, 'xdrelay.yaml'), config)
      const file = new AlertFile(join(cwd, 'out'))
      files.push(file)
      const running = xdrelay(['run', '--log-format', 'text'], { cwd })
      const admin = await addressOf(running)
      const activity = async () => {
        const metrics = await scrape(admin)
        return { active: metrics.sum('collector_active'), passes: metrics.sum('collector_passes_total') }
      }
      return { running, file, activity }
    },
    /** Which versions the stored cursor says are settled. */
    async settled(): Promise<string[]> {
      const blob = blobs.container.getBlockBlobClient(cursorBlob(`${tenantId}/graph_alerts/alerts`))
      const { checkpoint } = parsePositions((await blob.downloadToBuffer()).toString(), 'the cursor')
      const { seen } = decode(checkpoint!.offset)
      const isSeen = ([, alert]: [string, { id: string; lastUpdateDateTime: string }]) =>
        seen.has(keyOf(alert.id, instantOf(alert.lastUpdateDateTime)!))
      return [...alerts.versions].filter(isSeen).map(([version]) => version)
    },
  }
}

type Tenant = Awaited<ReturnType<typeof startTenant>>

/** Waits until all versions that there are now have arrived in both outputs. */
async function untilArrived({ alerts, arrived, refresh }: Tenant): Promise<void> {
  const versions = [...alerts.versions.keys()]
  const missing = () => versions.filter(version => !arrived().has(version)).length
  await expect.poll(() => refresh().then(missing), patience).toBe(0)
}

/** Milliseconds from `since` until a replica polls and has written a version that was made after that. */
async function timeUntilPolling(tenant: Tenant, { activity, file }: Replica, since: number, before: Set<string>) {
  const goesOn = async () => {
    await tenant.refresh()
    return (await activity()).active === 1 && [...file.versions].some(version => !before.has(version))
  }
  await expect.poll(goesOn, patience).toBe(true)
  return Math.round(performance.now() - since)
}

async function untilStandingBy({ running, activity }: Replica): Promise<void> {
  await expect.poll(running.stderr, patience).toContain('alerts: another replica polls; standing by')
  expect(await activity()).toEqual({ active: 0, passes: 0 })
}

/** The one that polls is killed while it has read what Elasticsearch does not take. Gives how long nobody polled. */
async function killAndFollow(tenant: Tenant, polling: Replica, waiting: Replica): Promise<number> {
  const { gate, alerts, stream } = tenant
  // Otherwise there is nothing that could be lost.
  await expect.poll(async () => (await tenant.settled()).length, patience).toBeGreaterThan(10)
  await gate.shut()
  const before = new Set(stream.versions)
  const unsettled = async () => {
    await tenant.refresh()
    return [...polling.file.versions].filter(version => !before.has(version) && !stream.versions.includes(version))
  }
  // Of several seconds and so of many checkpoints, if they were not kept back.
  await expect.poll(async () => (await unsettled()).length, patience).toBeGreaterThan(40)
  expect(await waiting.activity()).toEqual({ active: 0, passes: 0 })
  await polling.running.kill('SIGKILL')
  const killedAt = performance.now()
  const known = new Set(alerts.versions.keys())
  await gate.open()
  // The cursor is of the dead one as long as nobody else has the right to write it.
  const settled = await tenant.settled()
  await tenant.refresh()
  expect(settled.length).toBeGreaterThan(10)
  expect(settled.filter(version => !tenant.arrived().has(version))).toEqual([])
  const took = await timeUntilPolling(tenant, waiting, killedAt, known)
  await untilArrived(tenant)
  expect(settled.filter(version => waiting.file.versions.has(version))).toEqual([])
  return took
}

describe.skipIf(await elasticsearchMissing('9.5'))('replicas that poll alerts which never rest', () => {
  test('one polls; another follows when it is killed, and at once when it stops, with no hole and no double', {
    timeout: 240_000 * (kills + 1),
  }, async () => {
    const { url } = await sharedElasticsearch('9.5')
    const tenant = await startTenant(url)
    let polling = await tenant.start()
    await expect.poll(polling.activity, patience).toMatchObject({ active: 1 })
    const takeOvers: number[] = []
    let waiting = await tenant.start()
    for (let kill = 0; kill < kills; kill++) {
      await untilStandingBy(waiting)
      await untilArrived(tenant)
      await sleep(Math.random() * 2000)
      takeOvers.push(await killAndFollow(tenant, polling, waiting))
      polling = waiting
      waiting = await tenant.start()
    }
    await untilStandingBy(waiting)
    const known = new Set(tenant.alerts.versions.keys())
    const stoppedAt = performance.now()
    const ended = polling.running.kill('SIGTERM')
    const handOver = await timeUntilPolling(tenant, waiting, stoppedAt, known)
    expect(await ended, polling.running.stderr()).toBe(0)

    tenant.alerts.stop()
    await untilArrived(tenant)
    expect(await waiting.running.kill('SIGTERM'), waiting.running.stderr()).toBe(0)
    await tenant.refresh()
    const { alerts, stream, files } = tenant
    const lines = files.reduce((sum, { versions, doubles }) => sum + versions.size + doubles.length, 0)
    console.log(
      `followed ${takeOvers.join(', ')} ms after kill -9, ${handOver} ms after SIGTERM; ${alerts.versions.size} versions, ${stream.versions.length} documents in Elasticsearch, ${lines - alerts.versions.size} lines of files twice`,
    )
    expect(stream.versions.toSorted()).toEqual([...alerts.versions.keys()].toSorted())
    expect(files.flatMap(({ doubles }) => doubles)).toEqual([])
    for (const took of takeOvers) expect(took).toBeLessThan(limits.takeOver)
    expect(handOver).toBeLessThan(limits.handOver)
  })
})
