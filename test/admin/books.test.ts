import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'
import { type BulkAnswer, type BulkRequest, item, startFakeBulk } from '../support/fake-bulk.ts'
import { addressOf, readiness, scrape } from '../support/scrape.ts'
import { storageForTest } from '../support/storage.ts'
import { TcpGate } from '../support/tcp-gate.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

interface Produced {
  /** Valid records by table, and dead letters by reason; a message that is unusable as a whole is one. */
  readonly tables: Record<string, number>
  readonly rejects: Record<string, number>
  readonly valid: number
  readonly dead: number
  readonly last: Record<string, number>
}

/** Fills a hub `defender` of two partitions with generated messages and broken ones whose number of records is certain. */
function fill(hub: Hub): Produced {
  const generator = createGenerator({ seed: 'books', recordsPerMessage: 20 })
  const [tables, rejects, last]: Record<string, number>[] = [{}, {}, {}]
  let turn = 0
  const append = (body: Uint8Array) => {
    const partition = String(turn++ % 2)
    last![partition] = hub.append('defender', partition, body)
  }
  for (let message = 0; message < 60; message++) {
    const made = generator.nextMessage()
    append(made.body)
    for (const table of made.tables) count(tables!, table)
  }
  let valid = sum(tables!)
  for (const broken of generator.brokenMessages().filter(({ salvage }) => !salvage)) {
    append(broken.body)
    valid += broken.validRecords
    if (broken.rejects > 0) count(rejects!, broken.expect, broken.rejects)
  }
  return { tables: tables!, rejects: rejects!, valid, dead: sum(rejects!), last: last! }
}

/** One of each ten documents is there already, is refused, goes to the failure store, has to be sent twice. */
function mixed() {
  const fates = new Map<string, number>()
  const answered = { duplicate: 0, dead_letter: 0, failure_store: 0, delivered: 0 }
  const answer = ({ ids }: BulkRequest): BulkAnswer => ({
    body: {
      errors: true,
      items: ids.map(id => {
        const fate = fates.get(id) ?? fates.size % 10
        fates.set(id, fate === 3 ? 4 : fate)
        if (fate === 3) return item(429, 'es_rejected_execution_exception')
        answered[(['duplicate', 'dead_letter', 'failure_store'] as const)[fate] ?? 'delivered'] += 1
        if (fate === 0) return item(409, 'version_conflict_engine_exception')
        if (fate === 1) return item(400, 'document_parsing_exception')
        return fate === 2 ? { create: { status: 201, failure_store: 'used' } } : item(201)
      }),
    },
  })
  return { answer, answered }
}

async function configured(
  hub: Hub,
  url: string,
  connection = hub.connectionString('defender'),
): Promise<{ config: string; folder: string }> {
  const storage = await storageForTest()
  const folder = await tempDirectory()
  const config = join(folder, 'xdrelay.yaml')
  await writeFile(
    config,
    `
sources: { xdr: { event_hub: { connection_string: "${connection}", ownership: { renew: 500ms, expiry: 3s } } } }
checkpoints: { connection_string: "${storage.connectionString}", interval: 200ms }
outputs:
  siem: { elasticsearch: { urls: ["${url}"] }, batch: { count: 100, age: 50ms } }
  devices: { file: { path: "./devices/{table}.ndjson" }, tables: ["Device*", "!DeviceInfo"] }
  archive: { file: { path: "./archive.ndjson" }, required: false }
dead_letter: { file: { path: ./dead-letters } }
admin: { listen: "127.0.0.1:0" }
`,
  )
  return { config, folder }
}

test('the metrics of a run add up for every output, and to what was produced', { timeout: 120_000 }, async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 2 }] })
  onTestFinished(() => hub.stop())
  const produced = fill(hub)
  const { answer, answered } = mixed()
  const { url } = await startFakeBulk(answer)
  const { config } = await configured(hub, url)
  const running = xdrelay(['run', '--config', config])
  const address = await addressOf(running)

  const atRest = async () => {
    const now = await scrape(address)
    const behind = Object.entries(produced.last).filter(
      ([partition, last]) => now.sum('partition_checkpoint_sequence_number', { partition }) < last,
    )
    const busy =
      now.sum('output_in_flight_bytes') + now.sum('memory_used_bytes') + now.sum('partition_unsettled_messages')
    return behind.length === 0 && now.of('partition_unsettled_messages').length === 2 && busy === 0
  }
  await expect.poll(atRest, { timeout: 60_000 }).toBe(true)
  const now = await scrape(address)

  const received = now.sum('records_received_total')
  const rejected = now.sum('records_rejected_total')
  for (const output of ['siem', 'devices', 'archive'])
    expect(now.sum('records_settled_total', { output }) + rejected, output).toBe(received)

  expect(received).toBe(produced.valid + produced.dead)
  expect(some(now.by('records_rejected_total', 'reason'))).toEqual(produced.rejects)
  const { none, ...tables } = now.by('records_received_total', 'table')
  expect(none).toBe(rejected)
  // Broken messages have good records of some of these tables, too.
  for (const [table, records] of Object.entries(produced.tables)) expect(tables[table]).toBeGreaterThanOrEqual(records)

  const settled = (output: string) =>
    Object.fromEntries(
      now
        .of('records_settled_total')
        .filter(({ labels, value }) => labels.output === output && value > 0)
        .map(({ labels, value }) => [labels.result, value]),
    )
  expect(settled('siem')).toEqual(answered)
  const wanted = Object.entries(tables).filter(([table]) => table.startsWith('Device') && table !== 'DeviceInfo')
  const devices = sum(Object.fromEntries(wanted))
  expect(settled('devices')).toEqual({ delivered: devices, filtered: received - rejected - devices })
  expect(settled('archive')).toEqual({ delivered: received - rejected })
  expect(now.sum('dead_letter_records_total')).toBe(rejected + answered.dead_letter)
  expect(now.sum('dead_letter_records_total', { reason: 'refused' })).toBe(answered.dead_letter)
  expect(now.sum('output_retries_total', { output: 'siem' })).toBeGreaterThan(0)

  expect(now.sum('source_messages_received_total')).toBe(produced.last['0']! + produced.last['1']! + 2)
  for (const [partition, last] of Object.entries(produced.last)) {
    expect(now.sum('partition_checkpoint_sequence_number', { partition })).toBe(last)
    expect(now.sum('partition_owned', { source: 'xdr', partition })).toBe(1)
  }
  await expect.poll(async () => (await scrape(address)).sum('partition_lag_messages'), { timeout: 20_000 }).toBe(0)
  expect(await running.kill('SIGTERM')).toBe(0)
})

test('ready only while it reads and every required output takes documents; unsettled messages show meanwhile', {
  timeout: 120_000,
}, async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 1 }] })
  onTestFinished(() => hub.stop())
  let state: 'up' | 'down' | 'hanging' = 'up'
  const gate = Promise.withResolvers<void>()
  const { url } = await startFakeBulk(async () => {
    if (state === 'hanging') await gate.promise
    return state === 'down' ? { status: 503, body: { error: { type: 'down', reason: 'down' } } } : {}
  })
  const { config } = await configured(hub, url)
  const running = xdrelay(['run', '--config', config])
  const address = await addressOf(running)
  const { body } = createGenerator({ seed: 'ready' }).nextMessage(5)
  const unsettled = async () => (await scrape(address)).sum('partition_unsettled_messages')

  await expect.poll(() => readiness(address), { timeout: 20_000 }).toBe(200)
  state = 'down'
  hub.append('defender', '0', body)
  await expect.poll(() => readiness(address), { timeout: 20_000 }).toBe(503)
  expect(await unsettled()).toBe(1)
  expect((await scrape(address)).sum('output_state', { output: 'siem' })).toBe(2)
  expect((await fetch(`${address}/livez`)).status).toBe(200)

  state = 'up'
  await expect.poll(() => readiness(address), { timeout: 60_000 }).toBe(200)
  await expect.poll(unsettled, { timeout: 20_000 }).toBe(0)

  state = 'hanging'
  hub.append('defender', '0', body)
  await expect.poll(unsettled, { timeout: 20_000 }).toBe(1)
  expect(await readiness(address)).toBe(200)
  running.process.kill('SIGTERM')
  await expect.poll(() => readiness(address), { timeout: 20_000 }).toBe(503)
  gate.resolve()
  expect(await running.ended).toBe(0)
})

test('an event hub that is away shows until it is back', { timeout: 120_000 }, async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 1 }] })
  onTestFinished(() => hub.stop())
  const gate = await TcpGate.start(`http://127.0.0.1:${hub.port}`)
  const { url } = await startFakeBulk(() => ({}))
  const connection = hub.connectionString('defender').replace(`:${hub.port}`, `:${new URL(gate.url).port}`)
  const running = xdrelay(['run', '--config', (await configured(hub, url, connection)).config])
  const address = await addressOf(running)
  const state = async () => (await scrape(address)).sum('source_state', { source: 'xdr' })

  await expect.poll(() => readiness(address)).toBe(200)
  expect(await state()).toBe(0)
  await gate.shut()
  await expect.poll(() => readiness(address), { timeout: 60_000 }).toBe(503)
  expect(await (await fetch(`${address}/readyz`)).text()).toMatch(/^source xdr is in trouble \(XP200\d\)$/m)
  expect(await state()).toBe(1)
  await gate.open()
  await expect.poll(() => readiness(address), { timeout: 60_000 }).toBe(200)
  expect(await state()).toBe(0)
  expect(await running.kill('SIGTERM')).toBe(0)
})

test('not ready before the sources read', { timeout: 60_000 }, async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 1 }] })
  onTestFinished(() => hub.stop())
  const { config } = await configured(hub, 'http://127.0.0.1:9')
  hub.faults.stallReceivers()
  const running = xdrelay(['run', '--config', config])
  expect(await readiness(await addressOf(running))).toBe(503)
})

function count(counts: Record<string, number>, key: string, by = 1): void {
  counts[key] = (counts[key] ?? 0) + by
}

/** Without what is counted and did not happen. */
function some(counts: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0))
}

function sum(counts: Record<string, number>): number {
  return Object.values(counts).reduce((total, each) => total + each, 0)
}
