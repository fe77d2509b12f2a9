import type { EventHubClientOptions, EventHubProducerClient } from '@azure/event-hubs'
import { bound } from '../../core/bound.ts'
import { type ErrorName, XdrelayError } from '../../core/errors.ts'
import { flatten, isNotFound, isUnauthorized, isUnreachable, textOf } from '../../core/hub-errors.ts'
import type { Secret } from '../../core/secret.ts'

/** Sends messages to the partitions of an event hub; in each, one after the other, so that their order stays. */
export interface HubSender {
  readonly partitions: number
  /** Resolves when the hub may take the next message for any partition; throws what an earlier send met with. */
  send(body: Uint8Array, partition: number): Promise<void>
  /** Resolves when everything is in the hub. */
  flush(): Promise<void>
  close(): Promise<void>
}

/**
 * @param eventHub may be left out when the connection string has an `EntityPath`.
 * @throws XdrelayError `hub_unreachable`, `hub_unauthorized`, `hub_not_found` or `hub_failed`.
 */
export async function openSender(connectionString: Secret, eventHub?: string): Promise<HubSender> {
  // Loaded here: writing to a file must not wait for the SDK.
  const { EventHubProducerClient } = await import('@azure/event-hubs')
  const open = (options: EventHubClientOptions) => {
    const text = connectionString.reveal()
    return eventHub === undefined
      ? new EventHubProducerClient(text, options)
      : new EventHubProducerClient(text, eventHub, options)
  }
  const partitionIds = await partitionIdsOf(await attempt(() => open(questionOptions)))
  return new Sender(await attempt(() => open({})), partitionIds)
}

/** Milliseconds until a hub that does not answer counts as unreachable. */
const longestQuestion = 12_000

/** By itself the SDK waits for 30 seconds between tries: right while it sends, and too long to learn of a wrong host. */
const questionOptions = { retryOptions: { maxRetries: 2, retryDelayInMs: 1000, timeoutInMs: 10_000 } }

async function partitionIdsOf(client: EventHubProducerClient): Promise<string[]> {
  const abortSignal = AbortSignal.timeout(longestQuestion)
  const host = client.fullyQualifiedNamespace
  try {
    return await attempt(() => bound(client.getPartitionIds({ abortSignal }), abortSignal), host)
  } finally {
    // Closing may hang where the host does.
    void client.close().catch(() => {})
  }
}

class Sender implements HubSender {
  readonly #client: EventHubProducerClient
  readonly #partitionIds: readonly string[]
  readonly #underWay = new Map<number, Promise<void>>()

  constructor(client: EventHubProducerClient, partitionIds: readonly string[]) {
    this.#client = client
    this.#partitionIds = partitionIds
  }

  get partitions(): number {
    return this.#partitionIds.length
  }

  async send(body: Uint8Array, partition: number): Promise<void> {
    await this.#underWay.get(partition)
    const partitionId = this.#partitionIds[partition]!
    const send = () => this.#client.sendBatch([{ body }], { partitionId })
    const sent = attempt(send, this.#client.fullyQualifiedNamespace)
    // Awaited by the next send or by flush; until then a failure must not count as unhandled.
    sent.catch(() => {})
    this.#underWay.set(partition, sent)
  }

  async flush(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

async function attempt<T>(call: () => T | Promise<T>, host = 'the event hub'): Promise<T> {
  try {
    return await call()
  } catch (thrown) {
    const all = flatten(thrown)
    // The SDK quotes the connection string; its error is not passed on as a cause.
    throw new XdrelayError(kindOf(all), `${host}: ${textOf(all) || 'failed without a word'}`)
  }
}

function kindOf(errors: ReturnType<typeof flatten>): ErrorName {
  if (errors.some(isUnauthorized)) return 'hub_unauthorized'
  if (errors.some(isUnreachable)) return 'hub_unreachable'
  return errors.some(isNotFound) ? 'hub_not_found' : 'hub_failed'
}
