import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { Page } from '../../src/collect/collector.ts'
import type { SourceBatch } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { everyId, exportPath, filePath, never, pagesOf, vulnerabilitySource } from '../collect/vulnerability/support.ts'
import { options } from '../transform/support/batches.ts'

interface Document {
  readonly '@timestamp': string
  readonly event: { readonly id: string }
  readonly host: { readonly id: string; readonly ip?: readonly string[] }
  readonly vulnerability: { readonly id?: string; readonly description?: string }
}

const transform = createBatchTransform(options)
const origin = { source: 'v', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }

/** What becomes of pages, as the poller hands them on. */
function mapped(pages: readonly Page[]) {
  const documents: Document[] = []
  const ids: string[] = []
  const rejected: Buffer[] = []
  for (const [index, { body, time, state }] of pages.filter(({ items }) => items > 0).entries()) {
    const cursor = { sequenceNumber: (index + 1) * 1_000_000, offset: state }
    const batch: SourceBatch = {
      stream: 'v',
      origin: { ...origin, dataset: 'vulnerability' },
      messages: [{ ...cursor, body, enqueuedTime: time }],
      cursor,
      bytes: body.length,
    }
    const { chunk, rejects } = transform(batch)
    documents.push(...Buffer.from(chunk.lines).toString().trimEnd().split('\n').filter(Boolean).map(parse))
    ids.push(...chunk.ids)
    rejected.push(...rejects.map(({ bytes }) => Buffer.from(bytes)))
  }
  return { documents, ids, rejected }
}

function parse(line: string): Document {
  return JSON.parse(line) as Document
}

test('each row of an export is a document of its device and CVE, at the time of the export', async () => {
  const { service, collector } = await vulnerabilitySource()
  const { documents, ids, rejected } = mapped(await pagesOf(collector().pass(undefined, never)))
  expect(rejected).toEqual([])
  expect(documents.map(({ event }) => event.id)).toEqual(everyId(service))
  expect(new Set(ids).size).toBe(60)
  const ips = new Map(service.inventory.devices.map(({ id, ip }) => [id, ip]))
  for (const { '@timestamp': time, host, vulnerability } of documents) {
    expect(time).toBe('2026-03-01T06:00:00.000Z')
    expect(host.ip).toContain(ips.get(host.id))
    expect(vulnerability.description !== undefined).toBe(vulnerability.id !== undefined)
  }
})

test('what is read twice of one snapshot has the same ids, from files and by page', async () => {
  const { service, pace, collector } = await vulnerabilitySource({
    inventory: { devices: 6, products: 10, rowsOfFile: 25, rowsOfPage: 25 },
  })
  for (const hasExport of [true, false]) {
    if (!hasExport) service.faults.add(exportPath, { kind: 'status', status: 404 })
    const pages = await pagesOf(collector().pass(undefined, never))
    pace.time += 3_600_000
    const again = await pagesOf(collector().pass(pages[0]!.state, never))
    const ids = new Set(mapped(pages).ids)
    expect(ids.size).toBe(60)
    expect(new Set([...mapped(pages.slice(0, 1)).ids, ...mapped(again).ids])).toEqual(ids)
  }
})

test('a broken line of an export is dead-lettered alone, byte for byte', async () => {
  const { service, collector } = await vulnerabilitySource({ inventory: { devices: 1, products: 1 } })
  const broken = Buffer.concat([Buffer.from('{"Id":"1"}],"value":[{"Id":'), Buffer.from([0xff])])
  const file = Buffer.concat([Buffer.from('{"Id":"0"}\n'), broken, Buffer.from('\n{"Id":"2"}\n42\n{"Id":"3"')])
  service.faults.add(filePath, { kind: 'content', bytes: gzipSync(file) })
  const { documents, rejected } = mapped(await pagesOf(collector().pass(undefined, never)))
  expect(documents.map(({ event }) => event.id)).toEqual(['0', '2'])
  expect(rejected).toEqual([broken, Buffer.from('42'), Buffer.from('{"Id":"3"')])
})
