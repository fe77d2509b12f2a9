import { onTestFinished } from 'vitest'
import { type CollectorSourceDeps, createCollectorSource } from '../../src/collect/source.ts'
import type { XdrelayError } from '../../src/core/errors.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import type { Sink, SourceBatch } from '../../src/core/types.ts'
import type { CursorStore } from '../../src/storage/cursors.ts'
import { DirectoryCursors } from '../../src/storage/directory-cursors.ts'
import { itemsOf, type MemoryCollection, MemoryCollector } from './memory-collector.ts'
import { memoryLog } from './memory-log.ts'
import { tempDirectory } from './temp.ts'

/** A sink that remembers batches, and that can be made to have no room. */
export class BatchSink implements Sink {
  readonly batches: SourceBatch[] = []
  readonly lostStreams: string[] = []
  #room: PromiseWithResolvers<void> | undefined

  async take(batch: SourceBatch): Promise<void> {
    this.batches.push(batch)
    await this.#room?.promise
  }

  lost(stream: string): void {
    this.lostStreams.push(stream)
  }

  block(): void {
    this.#room ??= Promise.withResolvers()
  }

  free(): void {
    this.#room?.resolve()
    this.#room = undefined
  }

  get items(): string[] {
    return this.batches.flatMap(itemsOf)
  }

  get cursors(): string[] {
    return this.batches.map(({ cursor }) => `${cursor.sequenceNumber} ${cursor.offset}`)
  }
}

/** A source over a collection in memory, not started; closed when the test ends. */
export function collectorSource(
  collection: MemoryCollection,
  store: CursorStore,
  overrides: Partial<CollectorSourceDeps> = {},
) {
  const { log, lines } = memoryLog()
  const metrics = createMetrics()
  const fatal: XdrelayError[] = []
  const sink = new BatchSink()
  const source = createCollectorSource({
    name: 'alerts',
    collector: new MemoryCollector(collection),
    every: 20,
    store,
    log,
    metrics,
    fatal: error => fatal.push(error),
    look: 20,
    ...overrides,
  })
  onTestFinished(() => source.close())
  return { source, sink, lines, metrics, fatal }
}

/** Makes stores of the source `alerts` in one fresh directory. */
export async function directoryStore(): Promise<() => CursorStore> {
  const directory = await tempDirectory()
  return () => new DirectoryCursors(directory, 'alerts', 1)
}
