import { silent } from '../core/log.ts'
import { Blobs } from '../storage/blobs.ts'
import type { CheckpointsOptions } from '../storage/options.ts'
import { HubQuestions, type PartitionState, storeAddress, storePrefix } from './client.ts'
import { hubFailure } from './hub-failure.ts'
import type { EventHubOptions } from './options.ts'
import { Ownership } from './ownership.ts'
import { PositionStore } from './positions.ts'

/** Where a partition stands, by the word of the checkpoint store and of the hub. */
export interface PartitionProgress {
  readonly source: string
  readonly partition: string
  /** Null without a checkpoint. */
  readonly sequenceNumber: number | null
  readonly offset: string | null
  /** When the checkpoint was written (ISO 8601). */
  readonly modified: string | null
  /** The replica that owns the partition; null when nobody does, or the owner has not renewed within the expiry. */
  readonly owner: string | null
  /** Sequence number of the hub's newest message; null before the first. */
  readonly lastEnqueued: number | null
  /** Messages in the hub behind the checkpoint. */
  readonly lag: number
}

/** Progress of every partition of a source. Changes nothing. Throws `hub_*` or `storage_*` errors. */
export async function showProgress(
  source: string,
  hub: EventHubOptions,
  checkpoints: CheckpointsOptions,
): Promise<PartitionProgress[]> {
  const [states, stored, owners] = await Promise.all([
    askHub(hub),
    storedCheckpoints(hub, checkpoints),
    livingOwners(hub, checkpoints),
  ])
  return [...states].map(([partition, state]) => {
    const checkpoint = stored.get(partition)
    const reached = checkpoint?.cursor.sequenceNumber ?? state.beginningSequenceNumber - 1
    return {
      source,
      partition,
      sequenceNumber: checkpoint?.cursor.sequenceNumber ?? null,
      offset: checkpoint?.cursor.offset ?? null,
      modified: checkpoint ? new Date(checkpoint.lastModified).toISOString() : null,
      owner: owners.get(partition) ?? null,
      lastEnqueued: state.lastEnqueuedSequenceNumber < 0 ? null : state.lastEnqueuedSequenceNumber,
      lag: state.isEmpty ? 0 : Math.max(0, state.lastEnqueuedSequenceNumber - reached),
    }
  })
}

async function askHub(options: EventHubOptions): Promise<Map<string, PartitionState>> {
  const questions = new HubQuestions(options)
  try {
    const ids = await questions.partitionIds()
    return new Map(await Promise.all(ids.map(async id => [id, await questions.partition(id)] as const)))
  } catch (error) {
    throw hubFailure(error, options)
  } finally {
    void questions.close()
  }
}

async function storedCheckpoints(hub: EventHubOptions, options: CheckpointsOptions) {
  const store = new PositionStore(readOnly(options), storePrefix(storeAddress(hub)), '', async () => false)
  return new Map((await store.list()).map(checkpoint => [checkpoint.partitionId, checkpoint]))
}

async function livingOwners(hub: EventHubOptions, options: CheckpointsOptions): Promise<Map<string, string>> {
  const ownership = new Ownership({
    blobs: readOnly(options),
    address: storeAddress(hub),
    owner: '',
    ...hub.ownership,
    isRead: () => false,
    lost: () => {},
    unrenewed: () => {},
    log: silent,
  })
  const entries = await ownership.list()
  const living = entries.filter(({ ownerId, age }) => ownerId !== '' && age < hub.ownership.expiry)
  return new Map(living.map(({ partitionId, ownerId }) => [partitionId, ownerId]))
}

/** Looking must not make a container. */
function readOnly(options: CheckpointsOptions): Blobs {
  return new Blobs({ ...options, createContainer: false }, { attempts: 2 })
}
