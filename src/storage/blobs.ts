import { randomUUID } from 'node:crypto'
import { BlobServiceClient, type ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { XdrelayError } from '../core/errors.ts'
import { credentialOf } from './credential.ts'
import { codeOf, isConflict, notFound, statusOf, storageFailure } from './failure.ts'
import type { CheckpointsOptions } from './options.ts'

/** A blob as far as it is used here: its metadata. Keys are lower case, whoever wrote them. */
export interface BlobEntry {
  readonly name: string
  readonly metadata: Readonly<Record<string, string>>
  readonly etag: string
  /** Milliseconds since the epoch, by the storage account's clock. */
  readonly lastModified: number
}

export interface BlobListing {
  readonly entries: readonly BlobEntry[]
  /** When the storage account answered, by its own clock. */
  readonly date: number | undefined
}

/** `conflict`: another writer was there first. `missing`: there is no such blob. */
export type BlobWrite = { readonly etag: string } | 'conflict' | 'missing'

/** Longer than a slow account takes, shorter than for ever: a call that hangs must not end a loop. */
const callLimit = 60_000

export interface BlobsOptions {
  /** Attempts per call, the first included. */
  readonly attempts?: number
}

/**
 * The container that ownership and checkpoints live in. Every write is conditional, because each blob may have
 * several replicas as writers. Failures are `storage_*` errors.
 */
export class Blobs {
  readonly #container: ContainerClient
  readonly #options: CheckpointsOptions

  constructor(options: CheckpointsOptions, { attempts = 3 }: BlobsOptions = {}) {
    this.#options = options
    const retryOptions = { maxTries: attempts, retryDelayInMs: 250, maxRetryDelayInMs: 4000 }
    this.#container = serviceOf(options, { retryOptions }).getContainerClient(options.container)
  }

  /** For a client of another library that works on the same container. */
  get container(): ContainerClient {
    return this.#container
  }

  /** Blobs below a prefix, with their metadata. An absent container that may be created is an empty one. */
  async list(prefix: string): Promise<BlobListing> {
    const entries: BlobEntry[] = []
    let date: number | undefined
    const abortSignal = AbortSignal.timeout(callLimit)
    try {
      for await (const page of this.#container.listBlobsFlat({ prefix, includeMetadata: true, abortSignal }).byPage()) {
        date ??= page.date?.getTime()
        for (const { name, metadata, properties } of page.segment.blobItems)
          entries.push({
            name,
            metadata: lowerKeys(metadata),
            etag: properties.etag,
            lastModified: properties.lastModified.getTime(),
          })
      }
    } catch (error) {
      if (!(await this.#createdAfter(error))) throw this.failure(error)
    }
    return { entries, date }
  }

  /** A blob's metadata, within `limit` milliseconds. In an absent container that may be created there is no blob. */
  async head(name: string, limit = callLimit): Promise<BlobEntry | undefined> {
    try {
      const found = await this.#container.getBlobClient(name).getProperties({
        abortSignal: AbortSignal.timeout(limit),
      })
      const { metadata, etag, lastModified } = found
      return { name, metadata: lowerKeys(metadata), etag: etag ?? '', lastModified: lastModified?.getTime() ?? 0 }
    } catch (error) {
      if (statusOf(error) === 404 && (this.#options.createContainer || codeOf(error) !== 'ContainerNotFound'))
        return undefined
      throw this.failure(error)
    }
  }

  /** Writes a blob only if there is none: of two replicas that start together, one gets it. */
  async create(name: string, metadata: Record<string, string>): Promise<BlobWrite> {
    const upload = () =>
      this.#container.getBlockBlobClient(name).upload('', 0, {
        metadata,
        conditions: { ifNoneMatch: '*' },
        abortSignal: AbortSignal.timeout(callLimit),
      })
    try {
      const written = await upload().catch(async error => {
        if (await this.#createdAfter(error)) return upload()
        throw error
      })
      return { etag: written.etag ?? '' }
    } catch (error) {
      if (isConflict(error)) return 'conflict'
      throw this.failure(error)
    }
  }

  /** Writes a blob only if it still is the one that was read. */
  async update(name: string, metadata: Record<string, string>, etag: string): Promise<BlobWrite> {
    try {
      const written = await this.#container.getBlobClient(name).setMetadata(metadata, {
        conditions: { ifMatch: etag },
        abortSignal: AbortSignal.timeout(callLimit),
      })
      return { etag: written.etag ?? '' }
    } catch (error) {
      if (isConflict(error)) return 'conflict'
      if (statusOf(error) === 404) return 'missing'
      throw this.failure(error)
    }
  }

  /** A conditional write that another client of the container makes; it gives the new etag, or undefined for a conflict. */
  async written(call: (abortSignal: AbortSignal) => Promise<string | undefined>): Promise<BlobWrite> {
    try {
      const etag = await call(AbortSignal.timeout(callLimit))
      return etag === undefined ? 'conflict' : { etag }
    } catch (error) {
      if (statusOf(error) === 404) return 'missing'
      throw this.failure(error)
    }
  }

  /** Removes a blob; one that is not there is fine. */
  async remove(name: string): Promise<void> {
    try {
      await this.#container.getBlobClient(name).delete({ abortSignal: AbortSignal.timeout(callLimit) })
    } catch (error) {
      if (statusOf(error) !== 404) throw this.failure(error)
    }
  }

  /**
   * Proves that the container is there, or may be made, and that it can be written to: a role that only reads would be
   * noticed at the first claim. `make`: a missing one is made now.
   */
  async prove(make: boolean, signal: AbortSignal): Promise<void> {
    const abort = { abortSignal: signal }
    try {
      const exists = await this.#container.exists(abort)
      if (!exists && !this.#options.createContainer) throw notFound(this.#options)
      if (!exists && !make) return
      if (!exists) await this.#container.createIfNotExists(abort)
      const blob = this.#container.getBlockBlobClient(`xdrelay-probe-${randomUUID()}`)
      await blob.upload('', 0, abort)
      await blob.delete(abort)
    } catch (error) {
      throw this.failure(error)
    }
  }

  /** Makes an absent container when that is allowed; whether there is one now. */
  async #createdAfter(error: unknown): Promise<boolean> {
    if (codeOf(error) !== 'ContainerNotFound' || !this.#options.createContainer) return false
    try {
      await this.#container.createIfNotExists()
      return true
    } catch (second) {
      throw this.failure(second)
    }
  }

  /** An error of the table for what a call to this container ended with. */
  failure(error: unknown): XdrelayError {
    return storageFailure(error, this.#options)
  }
}

function serviceOf(
  { connectionString, storageAccount, storageAccountKey, endpoint, auth }: CheckpointsOptions,
  pipeline: { retryOptions: object },
): BlobServiceClient {
  if (connectionString) return BlobServiceClient.fromConnectionString(connectionString.reveal(), pipeline)
  const url = endpoint ?? `https://${storageAccount}.blob.core.windows.net`
  if (storageAccountKey)
    return new BlobServiceClient(
      url,
      new StorageSharedKeyCredential(storageAccount ?? '', storageAccountKey.reveal()),
      pipeline,
    )
  if (auth) return new BlobServiceClient(url, credentialOf(auth), pipeline)
  throw new XdrelayError('config_invalid', '`checkpoints` has no credentials of a storage account')
}

function lowerKeys(metadata: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]))
}
