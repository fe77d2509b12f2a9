import { randomUUID } from 'node:crypto'
import type { Blobs } from './blobs.ts'
import type { HeldText } from './cursors.ts'
import { codeOf } from './failure.ts'

/** Milliseconds for one call; a call that takes longer is no use to a lease. */
const callLimit = 8000

/** A blob that one of several replicas may write, by its lease. Failures are `storage_*` errors. */
export class LeasedBlob implements HeldText {
  readonly #blobs: Blobs
  readonly #name: string
  readonly #leaseId = randomUUID()
  /** Of the text that was read or written last. */
  #etag: string | undefined

  constructor(blobs: Blobs, name: string) {
    this.#blobs = blobs
    this.#name = name
  }

  /** False while another has the lease. */
  acquire(seconds: number): Promise<boolean> {
    const lease = () => this.#lease().acquireLease(seconds, limited())
    return this.#leasing(() =>
      lease().catch(async error => {
        // Only a blob that is there can be leased; of two that make it, one is first.
        if (!isAbsent(error)) throw error
        await this.#blobs.create(this.#name, {})
        return lease()
      }),
    )
  }

  /** False when the lease is another's, or the blob has vanished. */
  renew(): Promise<boolean> {
    return this.#leasing(() => this.#lease().renewLease(limited()))
  }

  async release(): Promise<void> {
    await this.#leasing(() => this.#lease().releaseLease(limited()))
  }

  async read(): Promise<string> {
    try {
      const answer = await this.#blob().download(0, undefined, limited())
      this.#etag = answer.etag
      const parts: Buffer[] = []
      for await (const part of answer.readableStreamBody ?? []) parts.push(Buffer.from(part))
      return Buffer.concat(parts).toString()
    } catch (error) {
      throw this.#blobs.failure(error)
    }
  }

  /** By the etag too: a write that was given up may still arrive, and must not undo a later one. */
  async write(text: string): Promise<'written' | 'conflict' | 'lost'> {
    const body = Buffer.from(text)
    const conditions = { leaseId: this.#leaseId, ...(this.#etag !== undefined && { ifMatch: this.#etag }) }
    try {
      const { etag } = await this.#blob().upload(body, body.length, { conditions, ...limited() })
      this.#etag = etag
      return 'written'
    } catch (error) {
      if (codeOf(error) === 'ConditionNotMet') return 'conflict'
      if (isLost(error)) return 'lost'
      throw this.#blobs.failure(error)
    }
  }

  async #leasing(call: () => Promise<unknown>): Promise<boolean> {
    try {
      await call()
      return true
    } catch (error) {
      if (isLost(error)) return false
      throw this.#blobs.failure(error)
    }
  }

  #blob() {
    return this.#blobs.container.getBlockBlobClient(this.#name)
  }

  #lease() {
    return this.#blob().getBlobLeaseClient(this.#leaseId)
  }
}

function limited() {
  return { abortSignal: AbortSignal.timeout(callLimit) }
}

function isAbsent(error: unknown): boolean {
  return /^(Blob|Container)NotFound$/.test(codeOf(error) ?? '')
}

/** The lease is another's or nobody's, or there is nothing left to lease. */
function isLost(error: unknown): boolean {
  return /^(Lease|BlobNotFound$)/.test(codeOf(error) ?? '')
}
