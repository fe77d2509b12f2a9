import { randomUUID } from 'node:crypto'
import { expect, onTestFinished } from 'vitest'
import type { EventHubOptions } from '../../src/consumer/options.ts'
import { createEventHubSource } from '../../src/consumer/source.ts'
import type { XdrelayError } from '../../src/core/errors.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import { Secret } from '../../src/core/secret.ts'
import type { RewindableSource, Sink, SourceBatch } from '../../src/core/types.ts'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'
import type { Storage } from '../../src/emulator/storage.ts'
import type { CheckpointsOptions } from '../../src/storage/options.ts'
import { type LogLine, memoryLog } from './memory-log.ts'

export const hubName = 'xdr'
export const group = 'relay'

/** An embedded hub with one event hub and the consumer group that the sources below use. */
export async function startTestHub(partitions = 4): Promise<Hub> {
  const hub = await startHub({ hubs: [{ name: hubName, partitions, consumerGroups: [group] }] })
  onTestFinished(() => hub.stop())
  return hub
}

export function hubOptions(hub: Hub, overrides: Partial<EventHubOptions> = {}): EventHubOptions {
  return {
    connectionString: new Secret(hub.connectionString(hubName)),
    consumerGroup: group,
    start: 'earliest',
    ownership: { renew: 500, expiry: 3000 },
    maxBatch: 64,
    stallAfter: 90_000,
    ...overrides,
  }
}

/** A container of its own for each test. */
export function checkpointOptions(storage: Storage, overrides: Partial<CheckpointsOptions> = {}): CheckpointsOptions {
  return {
    connectionString: new Secret(storage.connectionString),
    container: `test-${randomUUID()}`,
    createContainer: true,
    interval: 5000,
    ...overrides,
  }
}

/** A sink that remembers, and that can be made to have no room. */
export class TestSink implements Sink {
  readonly batches: SourceBatch[] = []
  readonly lostStreams: string[] = []
  /** What happened, in order: `take xdr/0 0-4`, `taken xdr/0`, `lost xdr/0`. */
  readonly events: string[] = []
  #room = Promise.resolve()
  #release = () => {}

  async take(batch: SourceBatch): Promise<void> {
    this.batches.push(batch)
    const first = batch.messages[0]!.sequenceNumber
    this.events.push(`take ${batch.stream} ${first}-${batch.cursor.sequenceNumber}`)
    await this.#room
    this.events.push(`taken ${batch.stream}`)
  }

  lost(stream: string): void {
    this.lostStreams.push(stream)
    this.events.push(`lost ${stream}`)
  }

  /** From now on `take` waits until `free`. */
  block(): void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#room = promise
    this.#release = resolve
  }

  free(): void {
    this.#release()
    this.#room = Promise.resolve()
  }

  /** Sequence numbers as they came. */
  sequence(stream: string): number[] {
    return this.batches
      .filter(batch => batch.stream === stream)
      .flatMap(({ messages }) => messages.map(message => message.sequenceNumber))
  }

  get count(): number {
    return this.batches.reduce((sum, { messages }) => sum + messages.length, 0)
  }
}

/** The restarts that there were. */
export async function restartsIn(metrics: TestSource['metrics']) {
  return (await metrics.partitionRestarts.get()).values.filter(({ value }) => value > 0)
}

export interface TestSource {
  readonly source: RewindableSource
  readonly sink: TestSink
  readonly lines: LogLine[]
  readonly metrics: ReturnType<typeof createMetrics>
  readonly fatal: XdrelayError[]
  /** The value of a metric, summed over its label sets. */
  metric(name: string): Promise<number>
}

/** A source that has not been started; closed when the test ends. */
export function testSource(hub: EventHubOptions, checkpoints: CheckpointsOptions, prefetchBytes = 64e6): TestSource {
  const { log, lines } = memoryLog()
  const metrics = createMetrics()
  const fatal: XdrelayError[] = []
  const sink = new TestSink()
  const source = createEventHubSource({
    name: 'xdr',
    options: hub,
    checkpoints,
    prefetchBytes,
    log,
    metrics,
    fatal: error => fatal.push(error),
  })
  onTestFinished(async () => {
    sink.free()
    await source.close()
  })
  const metric = async (name: string) => {
    const found = await metrics.registry.getSingleMetric(`xdrelay_${name}`)!.get()
    return found.values.reduce((sum, { value }) => sum + value, 0)
  }
  return { source, sink, lines, metrics, fatal, metric }
}

export async function startTestSource(
  hub: EventHubOptions,
  checkpoints: CheckpointsOptions,
  prefetchBytes?: number,
): Promise<TestSource> {
  const made = testSource(hub, checkpoints, prefetchBytes)
  await made.source.start(made.sink)
  return made
}

/** Waits for a condition; the default limit leaves room for a busy machine. */
export function until(condition: () => unknown, timeout = 20_000): Promise<void> {
  return expect
    .poll(condition, { timeout, interval: 20 })
    .toBeTruthy()
    .then(() => {})
}

/** Appends `count` messages `{"records":[]}` to a partition. */
export function fill(hub: Hub, partition: string, count: number, body = Buffer.from('{"records":[]}')): void {
  for (let i = 0; i < count; i++) hub.append(hubName, partition, body)
}

export function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}
