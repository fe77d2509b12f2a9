import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Random } from '../../src/emulator/generator/random.ts'
import type { Fault } from '../../src/emulator/microsoft/faults.ts'
import { startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import type { Item } from '../../src/emulator/microsoft/security-store.ts'
import { app, clientId, secret, tenantId } from '../emulator/microsoft/support.ts'
import { BusyTenant, type Life, versionOf } from '../support/busy-tenant.ts'
import { elasticsearchMissing } from '../support/elasticsearch.ts'
import { ask, freshNamespace, ownElasticsearch } from '../support/elasticsearch-setup.ts'
import { NdjsonTail } from '../support/ndjson-tail.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { SeenPolling } from '../support/seen-polling.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

const full = process.env.CHAOS === 'full'
const alerts = full ? 20_000 : 400
const storm = full
  ? { page: 1000, overlap: 15, busy: { perSecond: 40, atOnce: 1300, perThousand: 2, lateness: 10_000 } }
  : { page: 50, overlap: 4, busy: { perSecond: 15, atOnce: 120, perThousand: 20, lateness: 3000 } }
/** Milliseconds for which alerts change, at least. */
const duration = full ? 300_000 : 0
/** Of each request. */
const chance = full ? 0.04 : 0.06

const faults: readonly Fault[] = [
  { kind: 'status', status: 429, retryAfter: 1 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'cut', share: 0.6 },
  { kind: 'repeat' },
]

interface Document {
  readonly '@timestamp': string
  readonly event: { readonly id: string }
  readonly m365_defender: { readonly alert: { readonly status: string; readonly comments?: readonly Comment[] } }
}

interface Comment {
  readonly comment: string
}

/** The stand-in, full of alerts and not yet busy. */
async function startTenant(seed: string) {
  const polling = new SeenPolling()
  const answered = polling.answered.bind(polling)
  const service = await startMicrosoft({ apps: [app], seed, digits: 3, mostAlerts: storm.page, answered })
  onTestFinished(() => service.stop())
  const tenant = new BusyTenant(service.store, seed, storm.busy)
  tenant.fill(alerts)
  const random = new Random(seed)
  // A page of the pass before would be one that nobody can tell from what is there now.
  const mayBefall = ({ kind }: Fault) => kind !== 'repeat' || polling.goesOn
  const misbehave = () => {
    for (const fault of faults) {
      const when = () => random.chance(chance) && mayBefall(fault)
      service.faults.add(/alerts_v2/, fault, Number.POSITIVE_INFINITY, when)
    }
  }
  return { service, tenant, polling, misbehave }
}

async function startXdrelay(folder: string, endpoint: string, tokenUrl: string, url: string, namespace: string) {
  const access = `tenant_id: ${tenantId}, client_id: ${clientId}, client_secret: "\${env:SECRET}", endpoint: "${endpoint}", token_url: "${tokenUrl}"`
  const config = `
version: 1
sources:
  alerts: { graph_alerts: { ${access}, every: 2s, overlap: ${storm.overlap}s, current: true } }
checkpoints: { directory: ./state, interval: 1s }
outputs:
  siem: { elasticsearch: { urls: ["${url}"], namespace: ${namespace} } }
  archive: { file: { path: "./out/{table}.ndjson" } }
dead_letter: { file: { path: ./dead-letters } }
admin: null
`
  await writeFile(join(folder, 'xdrelay.yaml'), config)
  const env = { SECRET: secret }
  const setup = xdrelay(['setup', 'elasticsearch', '--apply'], { cwd: folder, env })
  expect(await setup.ended, setup.stdout() + setup.stderr()).toBe(0)
  return xdrelay(['run'], { cwd: folder, env })
}

/** Whether it has to arrive. What the service shows late is looked for every ten seconds at most. */
function isDue({ isLate, from, to }: Life, polling: SeenPolling): boolean {
  return to === Number.POSITIVE_INFINITY || polling.hadIntervals(3, from, to, isLate ? 10_000 : 1)
}

/** How often each version stands in the files, read as they grow. */
class Archive {
  readonly times = new Map<string, number>()
  readonly #tail: NdjsonTail

  constructor(folder: string) {
    this.#tail = new NdjsonTail(folder)
  }

  async lacks(versions: Iterable<string>): Promise<string[]> {
    await this.#tail.read(line => count(this.times, keyOf(JSON.parse(line) as Document)))
    return [...versions].filter(version => !this.times.has(version))
  }
}

/** All documents of an index, as they lie there. */
async function* documentsOf(url: string, index: string): AsyncGenerator<Document, void> {
  await ask(url, 'POST', `/${index}/_refresh`)
  const fields = ['@timestamp', 'event.id', 'm365_defender.alert.status', 'm365_defender.alert.comments']
  const query = { size: 2000, sort: ['_doc'], _source: fields }
  let page = (await ask(url, 'POST', `/${index}/_search?scroll=5m`, query)) as unknown as Scroll
  while (page.hits.hits.length > 0) {
    for (const { _source } of page.hits.hits) yield _source
    const more = { scroll: '5m', scroll_id: page._scroll_id }
    page = (await ask(url, 'POST', '/_search/scroll', more)) as unknown as Scroll
  }
}

interface Scroll {
  readonly _scroll_id: string
  readonly hits: { readonly hits: readonly { readonly _source: Document }[] }
}

function keyOf({ '@timestamp': time, event }: Document): string {
  return versionOf({ id: event.id, lastUpdateDateTime: time })
}

function count(times: Map<string, number>, key: string): void {
  times.set(key, (times.get(key) ?? 0) + 1)
}

/** What an analyst changes. */
function workOf({ m365_defender: { alert } }: Document): string {
  return [alert.status, ...(alert.comments ?? []).map(({ comment }) => comment)].join(' ')
}

function workOn({ status, comments }: Item): string {
  return [status, ...(comments as Comment[]).map(({ comment }) => comment)].join(' ')
}

describe.skipIf(await elasticsearchMissing('9.5'))('alerts that keep changing while the API misbehaves', async () => {
  const { url } = (await elasticsearchMissing('9.5')) ? { url: '' } : await ownElasticsearch('9.5')

  test('each version that lasts is delivered once, and the current state is that of the service', {
    timeout: 1_800_000,
  }, async () => {
    const { service, tenant, polling, misbehave } = await startTenant('storm')
    const namespace = freshNamespace()
    const [history, current] = [`logs-m365_defender.alert-${namespace}`, `m365_defender.alert_current-${namespace}`]
    onTestFinished(() => void fetch(`${url}/${current}`, { method: 'DELETE' }))
    const folder = await tempDirectory()
    const startedAt = Date.now()
    const running = await startXdrelay(folder, service.url, service.tokenUrl(tenantId), url, namespace)
    misbehave()
    const stop = tenant.start()
    onTestFinished(stop)
    await sleep(duration)
    const patience = { timeout: 600_000, interval: 500 }
    await expect.poll(() => polling.begins.length, patience).toBeGreaterThan(6)
    await expect.poll(() => Object.keys(polling.faults).length, patience).toBe(faults.length)
    await expect.poll(() => polling.links, patience).toBeGreaterThan(0)
    stop()
    service.faults.heal()
    const changed = Date.now() - startedAt
    const passes = polling.begins.length
    await expect.poll(() => polling.begins.length, patience).toBeGreaterThan(passes + 2)
    const archive = new Archive(join(folder, 'out'))
    const due = [...tenant.versions].filter(([, life]) => isDue(life, polling)).map(([version]) => version)
    const lacks = () => archive.lacks(due).then(missing => missing.slice(0, 5))
    await expect.poll(lacks, { timeout: 60_000 }).toEqual([])
    const memory = await peakMemory(running)
    expect(await running.kill('SIGTERM'), running.stderr()).toBe(0)

    const delivered = new Map<string, number>()
    const wrong: string[] = []
    for await (const document of documentsOf(url, history)) {
      const version = keyOf(document)
      count(delivered, version)
      const life = tenant.versions.get(version)
      if (life === undefined || workOf(document) !== workOn(life.item)) wrong.push(version)
    }
    expect(wrong).toEqual([])
    expect(due.filter(version => !delivered.has(version))).toEqual([])
    expect([...delivered].filter(([, times]) => times !== 1)).toEqual([])
    await archive.lacks([])
    expect([...archive.times].toSorted()).toEqual([...delivered].toSorted())

    const now = new Map<string, string>()
    for await (const document of documentsOf(url, current)) now.set(keyOf(document), workOf(document))
    const atService = [...service.store.alerts.values()].map(item => [versionOf(item), workOn(item)] as const)
    expect([...now].toSorted()).toEqual(atService.toSorted())
    expect(await readdir(join(folder, 'dead-letters'))).toEqual([])

    const { size } = service.store.alerts
    // Otherwise nothing but the end was looked at.
    expect(due.length).toBeGreaterThan(size + 50)
    expect(tenant.versions.size).toBeGreaterThan(delivered.size)
    const lasted = [...tenant.versions].filter(([, { from, to }]) => to - Math.max(from, polling.begins[0]!) >= 6000)
    const unseen = lasted.filter(([version]) => !delivered.has(version)).length
    console.log(
      `${size} alerts, changing for ${Math.round(changed / 1000)} s, ${tenant.versions.size} versions: ${delivered.size} delivered once, ${due.length} due; ${unseen} of ${lasted.length} that were current for 6 s not seen; ${polling.requests} requests in ${polling.begins.length} passes, ${polling.links} links, faults ${JSON.stringify(polling.faults)}; peak memory ${memory} MiB`,
    )
  })
})
