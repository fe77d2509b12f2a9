import { createCollectorSource } from '../../src/collect/source.ts'
import { silent } from '../../src/core/log.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import { Secret } from '../../src/core/secret.ts'
import { BlobCursors } from '../../src/storage/blob-cursors.ts'
import { itemsOf, MemoryCollection, MemoryCollector } from './memory-collector.ts'

// A replica that polls slowly, tells what it delivered and then moves the checkpoint, until it is killed.
const [connectionString, container] = process.argv.slice(2)
const collection = new MemoryCollection()
collection.add(1_000_000)
const options = {
  connectionString: new Secret(connectionString!),
  container: container!,
  createContainer: true,
  interval: 5000,
}
const source = createCollectorSource({
  name: 'alerts',
  collector: new MemoryCollector(collection, 2, 20),
  every: 1000,
  store: new BlobCursors(options, 'alerts', silent),
  log: silent,
  metrics: createMetrics(),
  fatal: error => {
    throw error
  },
})
await source.open(new AbortController().signal)
await source.start({
  async take(batch) {
    process.send!(itemsOf(batch))
    await source.checkpoint(batch.stream, batch.cursor)
  },
  lost() {},
})
