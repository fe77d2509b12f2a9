import { fork } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { silent } from '../../src/core/log.ts'
import { BlobCursors } from '../../src/storage/blob-cursors.ts'
import { collectorSource } from '../support/collector-source.ts'
import { checkpointOptions } from '../support/event-hub.ts'
import { itemsOf, MemoryCollection, MemoryCollector } from '../support/memory-collector.ts'
import { storageForTest } from '../support/storage.ts'

/** Milliseconds; a promise of the product, see docs/decisions/007-cursors-of-polled-sources.md. */
const takeOver = 60_000

test('a replica that is killed is followed by another, which goes on where the checkpoint stands', async () => {
  const storage = await storageForTest()
  const options = checkpointOptions(storage)
  const script = new URL('../support/polling-child.ts', import.meta.url)
  const child = fork(script, [storage.connectionString, options.container])
  onTestFinished(() => void child.kill('SIGKILL'))
  const before: string[] = []
  child.on('message', items => void before.push(...(items as string[])))
  await expect.poll(() => before.length, { timeout: 30_000 }).toBeGreaterThan(20)

  const collection = new MemoryCollection()
  collection.add(1_000_000)
  const collector = new MemoryCollector(collection, 2, 20)
  const store = new BlobCursors(options, 'alerts', silent)
  const { source, sink, lines } = collectorSource(collection, store, { collector, look: 5000 })
  await source.start(sink)
  await expect.poll(() => lines.some(({ text }) => text.includes('standing by')), { timeout: 10_000 }).toBe(true)

  child.kill('SIGKILL')
  await once(child, 'exit')
  const killedAt = performance.now()
  await expect.poll(() => sink.items.length, { timeout: 90_000, interval: 50 }).toBeGreaterThan(20)
  const took = Math.round(performance.now() - killedAt)
  await source.stop()
  expect(took).toBeLessThan(takeOver)
  const after = sink.batches.flatMap(itemsOf)
  const first = Number(after[0]!.split(' ')[1])
  // At most the page whose checkpoint was not written any more comes again; what the dead one sent last may be unheard.
  expect(after).toEqual(collection.items.slice(first, first + after.length))
  expect(before).toEqual(collection.items.slice(0, before.length))
  expect(first).toBeLessThanOrEqual(before.length + 2)
  expect(first).toBeGreaterThanOrEqual(before.length - 2)
}, 180_000)
