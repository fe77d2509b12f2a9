import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { elasticsearchMissing, sharedElasticsearch } from '../support/elasticsearch.ts'
import { EventStream } from '../support/event-stream.ts'
import { filledHub } from '../support/filled-hub.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { Places } from '../support/places.ts'
import { storageForTest } from '../support/storage.ts'
import { TcpGate } from '../support/tcp-gate.ts'
import { tempDirectory } from '../support/temp.ts'
import { type Running, xdrelay } from '../support/xdrelay.ts'

const full = process.env.CHAOS === 'full'
/** Milliseconds that Elasticsearch is away. */
const outage = full ? 120_000 : 10_000
/** More than the byte budget holds, or the outage would not be felt. */
const records = full ? 150_000 : 40_000

interface Setting {
  readonly running: Running
  readonly gate: TcpGate
  readonly stream: EventStream
  readonly files: Places
  readonly deadLetters: () => Promise<string[]>
}

/** `xdrelay run` with Elasticsearch behind a gate that is shut once the first documents are there. */
async function running(name: string, siem: { required: boolean }): Promise<Setting> {
  const { hub } = await filledHub({ partitions: 4, records, seed: name })
  const storage = await storageForTest()
  const { url } = await sharedElasticsearch('9.5')
  const stream = await EventStream.create(url, `${name}${process.pid}`)
  const gate = await TcpGate.start(url)
  const folder = await tempDirectory()
  await writeFile(
    join(folder, 'xdrelay.yaml'),
    `
version: 1
sources:
  xdr: { event_hub: { connection_string: "${hub.connectionString('defender')}" } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${storage.endpoint}", interval: 1s }
outputs:
  siem: { elasticsearch: { urls: ["${gate.url}"], namespace: ${stream.namespace} }, required: ${siem.required} }
  archive: { file: { path: "./out/{table}.ndjson" } }
dead_letter: { file: { path: ./dead-letters } }
limits: { in_flight_bytes: 32MiB }
admin: null
`,
  )
  const running = xdrelay(['run'], { cwd: folder })
  await expect.poll(() => stream.count(), { timeout: 60_000 }).toBeGreaterThan(0)
  await gate.shut()
  const deadLetters = () => readdir(join(folder, 'dead-letters'))
  return { running, gate, stream, files: new Places(join(folder, 'out')), deadLetters }
}

describe.skipIf(await elasticsearchMissing('9.5'))('Elasticsearch is away under load', () => {
  test('as a required output it costs memory up to the budget, then everything is delivered once', {
    timeout: 900_000,
  }, async () => {
    const { running: run, gate, stream, files, deadLetters } = await running('required', { required: true })
    await sleep(outage)
    expect(run.process.exitCode, run.stderr()).toBeNull()
    await files.refresh()
    // The hub is the buffer: what is beyond the budget has not been read.
    expect(files.size).toBeLessThan(records)
    const memory = await peakMemory(run)
    await gate.open()
    await expect.poll(() => stream.count(), { timeout: 600_000, interval: 500 }).toBe(records)
    expect(await run.kill('SIGTERM'), run.stderr()).toBe(0)
    await files.refresh()
    expect(files.size).toBe(records)
    expect(files.lines).toBe(records)
    expect(await deadLetters()).toEqual([])
    expect(memory).toBeLessThan(512)
    console.log(
      `required, away ${outage / 1000} s: peak memory ${Math.round(memory)} MiB, ${records} delivered once each`,
    )
  })

  test('as an optional output it holds nobody back, and gets everything afterwards', { timeout: 900_000 }, async () => {
    const { running: run, gate, stream, files, deadLetters } = await running('optional', { required: false })
    await expect.poll(() => files.refresh().then(() => files.size), { timeout: 300_000 }).toBe(records)
    await sleep(outage / 4)
    expect(await stream.count()).toBeLessThan(records)
    const memory = await peakMemory(run)
    await gate.open()
    await expect.poll(() => stream.count(), { timeout: 600_000, interval: 500 }).toBe(records)
    expect(await run.kill('SIGTERM'), run.stderr()).toBe(0)
    await files.refresh()
    expect(files.lines).toBe(records)
    expect(await deadLetters()).toEqual([])
    expect(memory).toBeLessThan(512)
    console.log(
      `optional, away: peak memory ${Math.round(memory)} MiB, archive complete meanwhile, ${records} in Elasticsearch afterwards`,
    )
  })
})
