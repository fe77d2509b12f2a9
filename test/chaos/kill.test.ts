import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { startBlobProxy } from '../support/blob-proxy.ts'
import { elasticsearchMissing, sharedElasticsearch } from '../support/elasticsearch.ts'
import { EventStream } from '../support/event-stream.ts'
import { filledHub } from '../support/filled-hub.ts'
import { Places } from '../support/places.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { type Running, xdrelay } from '../support/xdrelay.ts'

const records = process.env.CHAOS === 'full' ? 200_000 : 20_000
const kills = 5

describe.skipIf(await elasticsearchMissing('9.5'))('killed at random moments', () => {
  test('every record is in Elasticsearch once and in the file, and no checkpoint was ever ahead', {
    timeout: 900_000,
  }, async () => {
    const { hub, produced } = await filledHub({ partitions: 4, records, seed: 'kill' })
    const storage = await storageForTest()
    const { url } = await sharedElasticsearch('9.5')
    const stream = await EventStream.create(url, `kill${process.pid}`)
    const folder = await tempDirectory()
    const files = new Places(join(folder, 'out'))

    const ahead: string[] = []
    let writes = 0
    const proxy = await startBlobProxy(storage.endpoint, async ({ partitionId, sequenceNumber }) => {
      writes += 1
      const expected = sum(produced[Number(partitionId)]!.slice(0, sequenceNumber + 1))
      await files.refresh()
      const found = [files.upTo(partitionId, sequenceNumber), await stream.upTo(partitionId, sequenceNumber)]
      if (found.some(count => count !== expected))
        ahead.push(`${partitionId}/${sequenceNumber}: ${found} of ${expected}`)
    })
    const config = join(folder, 'xdrelay.yaml')
    await writeFile(
      config,
      `
version: 1
sources:
  xdr:
    event_hub: { connection_string: "${hub.connectionString('defender')}", ownership: { renew: 1s, expiry: 3s } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${proxy.endpoint}", interval: 500ms }
outputs:
  siem: { elasticsearch: { urls: ["${url}"], namespace: ${stream.namespace} } }
  archive: { file: { path: "./out/{table}.ndjson" } }
dead_letter: { file: { path: ./dead-letters } }
admin: null
`,
    )
    const start = () => xdrelay(['run', '--config', config])

    let running = start()
    for (let kill = 0; kill < kills; kill++) {
      await reached(stream, running, (records * (kill + 1)) / (kills + 2))
      await sleep(Math.random() * 500)
      expect(await running.kill('SIGKILL')).toBe('SIGKILL')
      running = start()
    }
    await expect.poll(() => stream.count(), { timeout: 600_000, interval: 500 }).toBe(records)
    await expect.poll(() => files.refresh().then(() => files.size), { timeout: 60_000 }).toBe(records)
    expect(await running.kill('SIGTERM'), running.stderr()).toBe(0)

    expect(ahead).toEqual([])
    expect(writes).toBeGreaterThan(4)
    expect(await stream.count()).toBe(records)
    await files.refresh()
    console.log(
      `${records} records, ${kills} kills, ${writes} checkpoint writes checked, ${files.lines - records} lines written again to files`,
    )
  })
})

/** Waits until so many records are in Elasticsearch, the slower of the two outputs. */
async function reached(stream: EventStream, running: Running, count: number): Promise<void> {
  while ((await stream.count()) < count) {
    expect(running.process.exitCode, running.stderr()).toBeNull()
    await sleep(100)
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, each) => total + each, 0)
}
