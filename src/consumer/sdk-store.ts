import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob'
import type { PartitionOwnership } from './client.ts'

export type Container = ConstructorParameters<typeof BlobCheckpointStore>[0]

/** An ownership that takes the place of the one with this etag. An owner '' gives the partition back. */
export type Claim = Omit<PartitionOwnership, 'lastModifiedTimeInMs'> & { readonly etag: string }

/**
 * The store that every JavaScript consumer of Event Hubs uses, for the one thing it does exactly as needed here: to
 * write an ownership over the one that was read. Not for first claims, which it writes without a condition (hazard H),
 * nor for checkpoints (H3), nor for lists, which one stray blob ends (B7).
 */
export class SdkStore {
  readonly #store: BlobCheckpointStore

  constructor(container: Container) {
    this.#store = new BlobCheckpointStore(container)
  }

  /** The new etag; undefined when another write came first. Throws what the storage client throws. */
  async claim(claim: Claim, abortSignal: AbortSignal): Promise<string | undefined> {
    // Without an etag it would write whatever is there.
    if (claim.etag === '') return undefined
    const [claimed] = await this.#store.claimOwnership([{ ...claim }], { abortSignal })
    return claimed?.etag
  }
}
