import {
  type CheckpointStore,
  EventHubConsumerClient,
  type EventHubConsumerClientOptions,
  type EventPosition,
  earliestEventPosition,
  latestEventPosition,
  type PartitionContext,
  type PartitionOwnership,
  type ReceivedEventData,
  RetryMode,
  type SubscriptionEventHandlers,
} from '@azure/event-hubs'
import { isFlaw } from '../storage/connection-string.ts'
import { credentialOf } from '../storage/credential.ts'
import { parseHubConnectionString } from './connection-string.ts'
import { type CreditRule, limitCredit } from './credit.ts'
import { limitFrames } from './frames.ts'
import type { EventHubOptions } from './options.ts'

export type { CheckpointStore, PartitionContext, PartitionOwnership, ReceivedEventData, SubscriptionEventHandlers }

/** What the hub says about a partition. */
export interface PartitionState {
  readonly beginningSequenceNumber: number
  readonly lastEnqueuedSequenceNumber: number
  readonly lastEnqueuedOffset: string
  readonly isEmpty: boolean
}

/** A subscription to all partitions that the balancer gives this replica. */
export interface Reading {
  /** Resolves when it is closed or `limit` milliseconds have passed, whichever is first. Never throws. */
  close(limit: number): Promise<void>
}

/** Namespace (lower case, no port) and event hub, from whichever fields have them. */
export function hubAddress(options: EventHubOptions): { readonly namespace: string; readonly eventHub: string } {
  const parsed = options.connectionString && parseHubConnectionString(options.connectionString.reveal())
  const address = parsed && !isFlaw(parsed) ? parsed : { namespace: options.namespace ?? '', eventHub: undefined }
  return { namespace: address.namespace.toLowerCase(), eventHub: options.eventHub ?? address.eventHub ?? '' }
}

/** Whose ownership and checkpoints, in the words of the SDK. */
export type StoreAddress = Pick<PartitionOwnership, 'fullyQualifiedNamespace' | 'eventHubName' | 'consumerGroup'>

export function storeAddress(options: EventHubOptions): StoreAddress {
  const { namespace, eventHub } = hubAddress(options)
  return { fullyQualifiedNamespace: namespace, eventHubName: eventHub, consumerGroup: options.consumerGroup }
}

/** Where all SDKs keep ownership and checkpoints in the container; in lower case, or KEDA and others look elsewhere. */
export function storePrefix({ fullyQualifiedNamespace, eventHubName, consumerGroup }: StoreAddress): string {
  return `${fullyQualifiedNamespace}/${eventHubName}/${consumerGroup}/`.toLowerCase()
}

export interface SubscribeParts {
  readonly options: EventHubOptions
  readonly store: CheckpointStore
  readonly handlers: SubscriptionEventHandlers
  /** Name of this replica: the owner id. */
  readonly replica: string
  /** How much may wait in the SDK, and who is told how much does. */
  readonly credit: Omit<CreditRule, 'prefetch'>
}

/** Seconds. A lost connection is noticed only when a wait ends (hazard E); short waits are safe with the credit fix. */
const longestWait = 1

/** Reads through the SDK's load balancer. Each call makes a connection of its own. */
export function subscribe({ options, store, handlers, replica, credit }: SubscribeParts): Reading {
  // Full batches need about ten times as much under way as is handed on at once; bytes limit it further.
  const prefetch = options.maxBatch * 10
  const unlimit = limitCredit(replica, { ...credit, prefetch })
  const client = connect(options, store, {
    identifier: replica,
    retryOptions: {
      mode: RetryMode.Exponential,
      maxRetries: 3,
      retryDelayInMs: 500,
      maxRetryDelayInMs: 10_000,
      timeoutInMs: 20_000,
    },
    loadBalancingOptions: {
      // The SDK's default takes one partition per round: minutes until a large hub is read.
      strategy: 'greedy',
      updateIntervalInMs: options.ownership.renew,
      partitionOwnershipExpirationIntervalInMs: options.ownership.expiry,
    },
  })
  const subscription = client.subscribe(handlers, {
    maxBatchSize: options.maxBatch,
    maxWaitTimeInSeconds: longestWait,
    prefetchCount: prefetch,
    // The SDK would begin at the newest message and skip all others (hazard H4).
    startPosition: startPosition(options.start),
    // The SDK's parsing rounds large integers and hides invalid UTF-8 (hazard H6).
    skipParsingBodyAsJson: true,
    trackLastEnqueuedEventProperties: true,
  })
  return {
    async close(limit) {
      // Closing does not settle when the connection drops meanwhile (hazard I).
      await within(limit, async () => {
        await subscription.close()
        await client.close()
      })
      unlimit()
    },
  }
}

/** Milliseconds that an answer of the hub to a question may take. */
const questionLimit = 10_000

/** A connection for questions only. Fails at the first error, within seconds (hazard G). */
export class HubQuestions {
  readonly #client: EventHubConsumerClient

  constructor(options: EventHubOptions) {
    this.#client = connect(options, undefined, { retryOptions: { maxRetries: 0, timeoutInMs: questionLimit } })
  }

  async partitionIds(): Promise<string[]> {
    return this.#client.getPartitionIds({ abortSignal: AbortSignal.timeout(questionLimit) })
  }

  async partition(id: string): Promise<PartitionState> {
    return this.#client.getPartitionProperties(id, { abortSignal: AbortSignal.timeout(questionLimit) })
  }

  /**
   * Opens a receiver in the consumer group for a moment: the only way to learn whether the group exists. Resolves when
   * it was admitted; throws what the hub said otherwise. Without an epoch, so it takes nothing from an owner: where one
   * reads, the hub refuses this one, and it ends this one when it comes.
   */
  async tryGroup(partitionId: string): Promise<void> {
    await this.#receive(partitionId, latestEventPosition, () => true)
  }

  /** Like `tryGroup`, but resolves only with the message that has this sequence number, or the first one after it. */
  async receive(partitionId: string, sequenceNumber: number): Promise<void> {
    await this.#receive(partitionId, { sequenceNumber, isInclusive: true }, events => events.length > 0)
  }

  async #receive(
    partitionId: string,
    startPosition: EventPosition,
    isEnough: (events: readonly ReceivedEventData[]) => boolean,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const subscription = this.#client.subscribe(
      partitionId,
      {
        async processEvents(events) {
          if (isEnough(events)) resolve()
        },
        async processError(error) {
          reject(error)
        },
      },
      { startPosition, maxWaitTimeInSeconds: 0.5, maxBatchSize: 1, prefetchCount: 1, skipParsingBodyAsJson: true },
    )
    try {
      await promise
    } finally {
      void within(1000, () => subscription.close())
    }
  }

  async close(): Promise<void> {
    await within(2000, () => this.#client.close())
  }
}

/**
 * Reads every partition once, from its oldest message to the newest there was at the call. Without an epoch: it takes
 * nothing from an owner, but a consumer group that has an owner refuses it. Throws what the hub said.
 */
export async function readEach(
  options: EventHubOptions,
  visit: (partitionId: string, events: readonly ReceivedEventData[]) => void,
): Promise<void> {
  const client = connect(options, undefined, { retryOptions: { maxRetries: 3, retryDelayInMs: 500 } })
  try {
    const ids = await client.getPartitionIds()
    await Promise.all(ids.map(id => readOne(client, id, events => visit(id, events))))
  } finally {
    await within(2000, () => client.close())
  }
}

async function readOne(
  client: EventHubConsumerClient,
  partitionId: string,
  visit: (events: readonly ReceivedEventData[]) => void,
): Promise<void> {
  const { lastEnqueuedSequenceNumber, isEmpty } = await client.getPartitionProperties(partitionId)
  if (isEmpty) return
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const subscription = client.subscribe(
    partitionId,
    {
      async processEvents(events) {
        visit(events)
        if ((events.at(-1)?.sequenceNumber ?? -1) >= lastEnqueuedSequenceNumber) resolve()
      },
      async processError(error) {
        reject(error)
      },
    },
    { startPosition: earliestEventPosition, maxBatchSize: 100, maxWaitTimeInSeconds: 1, skipParsingBodyAsJson: true },
  )
  await promise.finally(() => within(2000, () => subscription.close()))
}

function connect(
  options: EventHubOptions,
  store: CheckpointStore | undefined,
  clientOptions: EventHubConsumerClientOptions,
): EventHubConsumerClient {
  limitFrames()
  const { consumerGroup, connectionString, auth } = options
  const { namespace, eventHub } = hubAddress(options)
  if (connectionString) {
    const text = connectionString.reveal()
    return store
      ? new EventHubConsumerClient(consumerGroup, text, eventHub, store, clientOptions)
      : new EventHubConsumerClient(consumerGroup, text, eventHub, clientOptions)
  }
  const credential = credentialOf(auth ?? { kind: 'managed_identity' })
  return store
    ? new EventHubConsumerClient(consumerGroup, namespace, eventHub, credential, store, clientOptions)
    : new EventHubConsumerClient(consumerGroup, namespace, eventHub, credential, clientOptions)
}

function startPosition(start: EventHubOptions['start']): EventPosition {
  if (start === 'latest') return latestEventPosition
  return start === 'earliest' ? earliestEventPosition : { enqueuedOn: start }
}

async function within(limit: number, task: () => Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, limit)
  await Promise.race([task().catch(() => {}), promise])
  clearTimeout(timer)
}
