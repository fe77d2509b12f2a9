import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { documentBytes, tableOf } from '../../src/core/chunk.ts'
import type { SourceBatch, Transformed } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import type { TransformOptions } from '../../src/transform/options.ts'
import { createTransform } from '../../src/transform/pool.ts'
import { tempDirectory } from '../support/temp.ts'
import { batch, message, options, record } from './support/batches.ts'

const crashing = new URL('./support/crashing-worker.ts', import.meta.url)

function open(
  changes: Partial<TransformOptions> = {},
  testing: Parameters<typeof createTransform>[1] = { worker: crashing },
) {
  const transform = createTransform({ ...options, ...changes }, testing)
  onTestFinished(() => transform.close())
  return transform
}

/** The positions of all documents and of all rejects, as `message/record`. */
function outcome({ chunk, rejects }: Transformed) {
  const documents = [...chunk.record].map(
    (place, index) => `${chunk.messages[chunk.message[index]!]!.sequenceNumber}/${place}`,
  )
  expect(chunk.ids.map(id => id.split('-').slice(2).join('/'))).toEqual(documents)
  for (const [index, id] of chunk.ids.entries()) {
    const document = JSON.parse(Buffer.from(documentBytes(chunk, index)).toString())
    expect(document).toMatchObject({ id, table: tableOf(chunk, index) })
  }
  return {
    documents,
    rejects: rejects.map(reject => `${reject.reason} ${reject.message.sequenceNumber}/${reject.recordIndex}`),
  }
}

describe('the worker pool', () => {
  test('gives the same as the transform in this thread, and leaves the bodies alone', async () => {
    const source = batch(message(record({ ReportId: 1 }), null, record({ DeviceName: 'ä😀' })), 'broken', message())
    const copy = structuredClone(source)
    const transform = open({}, {})
    const here = createBatchTransform(options)(source)
    const there = await transform.run(source)
    expect({ ...there.chunk, lines: Buffer.from(there.chunk.lines) }).toEqual({
      ...here.chunk,
      lines: Buffer.from(here.chunk.lines),
    })
    expect(there.rejects).toEqual(here.rejects)
    expect(there.drift).toEqual(here.drift)
    expect(source.messages.map(({ body }) => Buffer.from(body))).toEqual(
      copy.messages.map(({ body }) => Buffer.from(body)),
    )
    expect(there.chunk.messages).toBe(source.messages)
  })

  test('finds the item of a page that ends its worker, and does the others', async () => {
    const alert = (id: string, more: object = {}) => ({ id, lastUpdateDateTime: '2026-03-01T08:15:42Z', ...more })
    const source = batch(JSON.stringify({ value: [alert('a'), alert('b', { exit: true }), alert('c')] }))
    const { chunk, rejects } = await open().run({ ...source, origin: { ...source.origin, dataset: 'alert' } })
    expect([...chunk.record]).toEqual([0, 2])
    expect(rejects).toMatchObject([{ reason: 'worker_crash', pointer: '/value/1', recordIndex: 1 }])
    expect(JSON.parse(Buffer.from(rejects[0]!.bytes).toString())).toMatchObject({ id: 'b', exit: true })
  })

  test('does batches of many streams over several threads, each batch once', async () => {
    const transform = open({ workers: 2 })
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) => transform.run(batch(message(record({ index }))))),
    )
    const found = results.map(({ chunk }) => JSON.parse(Buffer.from(chunk.lines).toString()).envelope.properties.index)
    expect(found).toEqual(Array.from({ length: 50 }, (_, index) => index))
  })

  test('does a batch without messages', async () => {
    const empty: SourceBatch = { ...batch(message()), messages: [] }
    const { chunk, rejects } = await open().run(empty)
    expect([chunk.ids, chunk.lines.length, rejects]).toEqual([[], 0, []])
  })

  test('A10: a record that ends its worker is rejected as worker_crash, all others are delivered', async () => {
    const bad = record({ exit: true })
    const many = Array.from({ length: 20 }, () => record())
    const source = batch(
      message(record()),
      message(...many.slice(0, 13), bad, ...many.slice(14)),
      message(record({}, 'AlertInfo')),
    )
    const { documents, rejects } = outcome(await open().run(source))
    expect(rejects).toEqual(['worker_crash 101/13'])
    const expected = Array.from({ length: 20 }, (_, index) => `101/${index}`).filter(place => place !== '101/13')
    expect(documents).toEqual(['100/0', ...expected, '102/0'])
  })

  test('A10: the reject carries the bytes of the record', async () => {
    const bad = record({ exit: true })
    const { rejects } = await open().run(batch(message(record(), bad)))
    expect(rejects.map(({ bytes, pointer }) => [pointer, JSON.parse(Buffer.from(bytes).toString())])).toEqual([
      ['/records/1', bad],
    ])
  })

  test('A10: several guilty records are all found', async () => {
    const bad = record({ exit: true })
    const source = batch(message(bad, record(), record(), bad), message(record(), bad))
    const { documents, rejects } = outcome(await open().run(source))
    expect(rejects).toEqual(['worker_crash 100/0', 'worker_crash 100/3', 'worker_crash 101/1'])
    expect(documents).toEqual(['100/1', '100/2', '101/0'])
  })

  test('A10: a message that cannot even be read is rejected whole', async () => {
    const body = message(record(), record({ text: 'exit before any record' }))
    const { documents, rejects } = outcome(await open().run(batch(message(record()), body)))
    expect([documents, rejects]).toEqual([['100/0'], ['worker_crash 101/null']])
  })

  test('A10: batches that waited behind a crash are not suspected of it', async () => {
    const transform = open()
    const [bad, ...others] = await Promise.all([
      transform.run(batch(message(record({ exit: true })))),
      ...Array.from({ length: 10 }, () => transform.run(batch(message(record())))),
    ])
    expect(outcome(bad).rejects).toEqual(['worker_crash 100/0'])
    for (const other of others) expect(outcome(other)).toEqual({ documents: ['100/0'], rejects: [] })
  })

  test('A10: a batch whose worker ends once is tried again, and nothing is rejected', async () => {
    const exitOnce = join(await tempDirectory(), 'crashed')
    const { documents, rejects } = outcome(await open().run(batch(message(record({ exitOnce })))))
    expect([documents, rejects]).toEqual([['100/0'], []])
    expect(existsSync(exitOnce)).toBe(true)
  })

  test('a worker that runs out of memory is replaced', async () => {
    const { documents, rejects } = outcome(await open().run(batch(message(record({ outOfMemory: true }), record()))))
    expect([documents, rejects]).toEqual([['100/1'], ['worker_crash 100/0']])
  })

  test('a worker that is stuck is replaced', async () => {
    const transform = open({}, { worker: crashing, stallAfter: 3000 })
    const { documents, rejects } = outcome(await transform.run(batch(message(record({ stall: true }), record()))))
    expect([documents, rejects]).toEqual([['100/1'], ['worker_crash 100/0']])
  })

  test('a worker that cannot be started fails the batch instead of rejecting its records', async () => {
    const transform = open({}, { worker: new URL('./support/no-such-worker.ts', import.meta.url) })
    await expect(transform.run(batch(message(record())))).rejects.toMatchObject({ kind: 'internal' })
    await expect(transform.run(batch(message(record())))).rejects.toMatchObject({ kind: 'internal' })
  })

  test('closing settles what is under way and what comes later', async () => {
    const transform = open({}, { worker: crashing, stallAfter: 60_000 })
    const running = [true, false, false, false].map(stall => transform.run(batch(message(record({ stall })))))
    const outcomes = Promise.allSettled(running)
    await transform.close()
    expect((await outcomes).map(({ status }) => status)).toEqual(Array(4).fill('rejected'))
    await expect(transform.run(batch(message(record())))).rejects.toMatchObject({ kind: 'interrupted' })
  })
})
