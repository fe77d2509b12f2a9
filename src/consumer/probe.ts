import { XdrelayError } from '../core/errors.ts'
import { Blobs, storageFailure } from './blobs.ts'
import { HubQuestions, hubAddress } from './client.ts'
import { hubFailure, isTakenByAnother } from './hub-failure.ts'
import type { CheckpointsOptions, EventHubOptions } from './options.ts'

const limit = 10_000

/**
 * Proves hub, key, consumer group, container and storage key, all at once and within seconds; the SDK by itself takes
 * 90 seconds to say that a key is wrong (hazard G). Throws the first failure, the hub's before the storage account's.
 */
export async function probe(
  hub: EventHubOptions,
  checkpoints: CheckpointsOptions,
  signal: AbortSignal,
): Promise<{ readonly partitions: number }> {
  const results = await Promise.allSettled([probeHub(hub, signal), probeCheckpoints(checkpoints, signal)])
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return (results[0] as PromiseFulfilledResult<{ partitions: number }>).value
}

/** Throws `hub_*` or `consumer_group_not_found`. */
export async function probeHub(
  options: EventHubOptions,
  signal: AbortSignal,
): Promise<{ readonly partitions: number }> {
  const questions = new HubQuestions(options, limit)
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(limit)])
  try {
    const partitions = await bound(questions.partitionIds(), bounded)
    await bound(questions.tryGroup(partitions[0] ?? '0'), bounded).catch(error => {
      // Refused because an owner reads with an epoch: so the group exists.
      if (!isTakenByAnother(error)) throw asGroupFailure(error, options)
    })
    return { partitions: partitions.length }
  } catch (error) {
    throw hubFailure(error, options)
  } finally {
    void questions.close()
  }
}

/** Throws `storage_*` or `container_not_found`. A missing container that may be made is made now if `make` says so. */
export async function probeCheckpoints(options: CheckpointsOptions, signal: AbortSignal, make = true): Promise<void> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(limit)])
  const blobs = new Blobs(options, { attempts: 1 })
  try {
    await bound(blobs.prove(make, bounded), bounded)
  } catch (error) {
    throw storageFailure(error, options)
  }
}

/** The hub has answered before, so what is not found now is the group. */
function asGroupFailure(error: unknown, options: EventHubOptions): XdrelayError {
  const failure = hubFailure(error, options)
  if (failure.kind !== 'hub_not_found') return failure
  const { eventHub } = hubAddress(options)
  return new XdrelayError(
    'consumer_group_not_found',
    `\`${eventHub}\` has no consumer group \`${options.consumerGroup}\``,
    { facts: failure.facts },
  )
}

/** The SDK does not end every wait when asked to. */
async function bound<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
    work.catch(() => {})
  }
}
