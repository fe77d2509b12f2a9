import type { EventHubProducerClient } from '@azure/event-hubs'
import { type ErrorName, messageOf, XdrelayError } from '../../core/errors.ts'
import { redact, type Secret } from '../../core/secret.ts'

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
  const client = await attempt(() => {
    const text = connectionString.reveal()
    return eventHub === undefined ? new EventHubProducerClient(text) : new EventHubProducerClient(text, eventHub)
  })
  try {
    return new Sender(client, await attempt(() => client.getPartitionIds()))
  } catch (error) {
    await client.close()
    throw error
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
    const sent = attempt(() => this.#client.sendBatch([{ body }], { partitionId }))
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

const kinds: Readonly<Record<string, ErrorName>> = {
  UnauthorizedError: 'hub_unauthorized',
  UnauthorizedAccess: 'hub_unauthorized',
  MessagingEntityNotFoundError: 'hub_not_found',
  ServiceCommunicationError: 'hub_unreachable',
  ENOTFOUND: 'hub_unreachable',
  ECONNREFUSED: 'hub_unreachable',
}

async function attempt<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (thrown) {
    const { code } = thrown as { code?: string }
    // The SDK quotes the connection string; its error is not passed on as a cause.
    throw new XdrelayError(kinds[code ?? ''] ?? 'hub_failed', redact(messageOf(thrown)))
  }
}
