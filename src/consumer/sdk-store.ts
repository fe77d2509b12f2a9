import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob'
import type { Blobs, BlobWrite } from '../storage/blobs.ts'
import type { PartitionOwnership } from './client.ts'

/** An ownership that takes the place of the one with this etag. An owner '' gives the partition back. */
export type Claim = Omit<PartitionOwnership, 'lastModifiedTimeInMs'> & { readonly etag: string }

/**
 * The store that every JavaScript consumer of Event Hubs uses, for the one thing it does exactly as needed here: to
 * write an ownership over the one that was read. Not for first claims, which it writes without a condition (hazard H),
 * nor for checkpoints (H3), nor for lists, which one stray blob ends (B7).
 */
export class SdkStore {
  readonly #blobs: Blobs
  readonly #store: BlobCheckpointStore

  constructor(blobs: Blobs) {
    this.#blobs = blobs
    this.#store = new BlobCheckpointStore(blobs.container)
  }

  /** Writes an ownership only if it still is the one that was read. Failures are `storage_*` errors. */
  claim(claim: Claim): Promise<BlobWrite> {
    return this.#blobs.written(async abortSignal => {
      // Without an etag it would write whatever is there.
      if (claim.etag === '') return undefined
      const [claimed] = await this.#store.claimOwnership([{ ...claim }], { abortSignal })
      return claimed?.etag
    })
  }
}
