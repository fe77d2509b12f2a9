import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type MessagingError,
  type ReceivedEventData,
  type SubscribeOptions,
} from '@azure/event-hubs'
import { expect, onTestFinished } from 'vitest'
import { type Hub, type HubOptions, startHub } from '../../src/emulator/hub/hub.ts'

/** A hub `xdr` with two partitions, or the hubs given, for this test only. */
export async function hubForTest(options: Partial<HubOptions> = {}): Promise<Hub> {
  const hub = await startHub({ hubs: [{ name: 'xdr', partitions: 2 }], ...options })
  onTestFinished(() => hub.stop())
  return hub
}

const noRetries = { retryOptions: { maxRetries: 0, timeoutInMs: 10_000 } }

export function producer(connectionString: string): EventHubProducerClient {
  const client = new EventHubProducerClient(connectionString, noRetries)
  onTestFinished(() => client.close())
  return client
}

export function consumer(connectionString: string, group = '$Default'): EventHubConsumerClient {
  const client = new EventHubConsumerClient(group, connectionString, noRetries)
  onTestFinished(() => client.close())
  return client
}

export interface Reading {
  readonly events: ReceivedEventData[]
  readonly errors: MessagingError[]
  /** Why the SDK stopped reading, once it has. */
  readonly closed: string[]
  bodies(): unknown[]
  close(): Promise<void>
}

/** Reads one partition with a client of its own, from the oldest event unless told otherwise. */
export function read(
  connectionString: string,
  partition = '0',
  options: SubscribeOptions & { group?: string } = {},
): Reading {
  const { group, ...subscribeOptions } = options
  const client = consumer(connectionString, group)
  const reading = { events: [] as ReceivedEventData[], errors: [] as MessagingError[], closed: [] as string[] }
  const subscription = client.subscribe(
    partition,
    {
      processEvents: async events => void reading.events.push(...events),
      processError: async error => void reading.errors.push(error as MessagingError),
      processClose: async reason => void reading.closed.push(reason),
    },
    { startPosition: { offset: '-1' }, maxWaitTimeInSeconds: 1, maxBatchSize: 100, ...subscribeOptions },
  )
  const close = async () => {
    await subscription.close()
    await client.close()
  }
  onTestFinished(close)
  return { ...reading, bodies: () => reading.events.map(event => event.body), close }
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** Waits for what is expected; how long a client takes on a busy machine is of no interest. */
export function until<T>(actual: () => T) {
  return expect.poll(actual, { timeout: 30_000, interval: 10 })
}
