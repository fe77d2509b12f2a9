import type { Log } from '../core/log.ts'
import type { Blobs } from '../storage/blobs.ts'
import { type PartitionOwnership, type StoreAddress, storePrefix } from './client.ts'
import { SdkStore } from './sdk-store.ts'
import { ServerClock } from './server-clock.ts'
import { StoreOutage } from './store-outage.ts'

export interface OwnershipDeps {
  readonly blobs: Blobs
  readonly address: StoreAddress
  /** The name of this replica. */
  readonly owner: string
  /** Milliseconds between renewals. */
  readonly renew: number
  /** Milliseconds without renewal after which others take a partition over. */
  readonly expiry: number
  /** Whether a partition is being read here at the moment. */
  readonly isRead: (partitionId: string) => boolean
  /** The partition belongs to another replica now. */
  readonly lost: (partitionId: string) => void
  /** The ownership of this partition alone cannot be renewed; tried again with each renewal. */
  readonly unrenewed: (partitionId: string, error: unknown) => void
  readonly log: Log
}

/** A partition that is owned. Times are monotonic milliseconds. */
interface Held {
  /** Of our last write; undefined when the blob has vanished. */
  etag: string | undefined
  /** When the last renewal was sent: its answer may have waited here while this process slept. */
  renewedAt: number
  /** When the store was last asked out of doubt. */
  askedAt: number
}

/** Milliseconds that reading waits for the store to settle a doubt. */
const doubtLimit = 2000

/** What one partition's ownership looks like in the store. */
export interface OwnershipEntry {
  readonly partitionId: string
  /** Empty when nobody owns it. */
  readonly ownerId: string
  readonly etag: string
  /** Milliseconds since the last renewal, by the storage account's clock. */
  readonly age: number
}

/**
 * Which partitions this replica owns. The SDK's load balancer decides what to claim; everything else is done here:
 * renewals run on a timer of their own, in parallel and whether or not the SDK's loop or a handler is stuck (H11), so
 * a hub that is away or an output that is down costs no partition.
 */
export class Ownership {
  #held = new Map<string, Held>()
  readonly #clock = new ServerClock()
  readonly #deps: OwnershipDeps
  readonly #claims: SdkStore
  readonly #outage: StoreOutage
  #timer: NodeJS.Timeout | undefined
  #renewing = false
  #listedAt = Number.NEGATIVE_INFINITY
  /** Per partition: the etag at the last look, and a time before which it was not written. Monotonic milliseconds. */
  #seen = new Map<string, { etag: string; notBefore: number }>()
  /** Set while stopping: what is owned stays owned, nothing new is claimed. */
  closed = false

  constructor(deps: OwnershipDeps) {
    this.#deps = deps
    this.#claims = new SdkStore(deps.blobs)
    this.#outage = new StoreOutage(deps.log)
  }

  start(): void {
    this.#timer = setInterval(() => void this.#renewAll(), this.#deps.renew)
  }

  get partitions(): string[] {
    return [...this.#held.keys()]
  }

  /** Asks the store whether the partition is still ours: what a checkpoint is fenced with. `limit` in milliseconds. */
  async confirm(partitionId: string, limit?: number): Promise<boolean> {
    if (!this.#held.has(partitionId)) return false
    const entry = await this.#deps.blobs.head(this.#name(partitionId), limit)
    // A vanished blob is nobody's: the next renewal makes it anew, or loses it.
    if (entry === undefined || entry.metadata.ownerid === this.#deps.owner) return this.#held.has(partitionId)
    this.#lose(partitionId)
    return false
  }

  /**
   * Whether the partition may be another's by now, because nothing was renewed for longer than the expiry: after a sleep
   * of this process messages lie ready here that the new owner has read as well (A6, A7).
   */
  isDoubtful(partitionId: string): boolean {
    const held = this.#held.get(partitionId)
    return held !== undefined && performance.now() - Math.max(held.renewedAt, held.askedAt) > this.#deps.expiry
  }

  /**
   * `confirm` for those who read. Never throws and ends soon: a store that is away must not stop reading. What another
   * one reads as well then is no loss, since checkpoints are fenced. The next question is due after another expiry.
   */
  async settleDoubt(partitionId: string): Promise<void> {
    const held = this.#held.get(partitionId)
    if (!held) return
    let sentAt: number
    do {
      sentAt = performance.now()
      await this.confirm(partitionId, doubtLimit).catch(() => {})
      // So long only if this process slept meanwhile: then the answer, or its absence, is as old as the question.
    } while (performance.now() - sentAt > 2 * doubtLimit)
    held.askedAt = performance.now()
  }

  /** All ownerships in the store. One stray or damaged blob does not hide the others (B7). */
  async list(): Promise<OwnershipEntry[]> {
    const prefix = this.#name('')
    const startedAt = performance.now()
    const { entries, date } = await this.#list(prefix)
    this.#clock.sample(date)
    const now = this.#clock.now()
    // While every call takes long, renewals of healthy replicas come late: that is no sign of death (B2).
    const slack = Math.max(0, performance.now() - startedAt - 1000) * 3
    const answering = performance.now() - this.#outage.answersSince
    const listed = entries
      .map(entry => ({ ...entry, partitionId: entry.name.slice(prefix.length) }))
      .filter(({ partitionId }) => partitionId !== '' && !partitionId.includes('/'))
      .map(({ partitionId, metadata, etag, lastModified }) => ({
        partitionId,
        ownerId: metadata.ownerid ?? '',
        etag,
        age: Math.min(this.#age(partitionId, etag, now - lastModified), answering) - slack,
      }))
    this.#listedAt = performance.now()
    return listed
  }

  /**
   * The account's times are whole seconds. What is seen for the first time gets the benefit of the doubt; what changed
   * from one look to the next was renewed after the earlier one.
   */
  #age(partitionId: string, etag: string, byDate: number): number {
    const seen = this.#seen.get(partitionId)
    if (seen?.etag === etag) return Math.min(byDate, performance.now() - seen.notBefore)
    const notBefore = seen ? this.#listedAt : Number.NEGATIVE_INFINITY
    this.#seen.set(partitionId, { etag, notBefore })
    return Math.min(byDate - 1000, performance.now() - notBefore)
  }

  /**
   * The store as the SDK's balancer shall see it. Ages are by one clock (H5), and a partition of ours that is not
   * being read counts as free: the SDK then takes it up again with the next round instead of leaving it idle until its
   * ownership expires (hazards C, J, H2).
   */
  async listForBalancer(): Promise<
    Pick<PartitionOwnership, 'partitionId' | 'ownerId' | 'etag' | 'lastModifiedTimeInMs'>[]
  > {
    const entries = await this.list()
    this.#reconcile(entries)
    return entries.map(({ partitionId, ownerId, etag, age }) => {
      const ours = ownerId === this.#deps.owner
      return {
        partitionId,
        ownerId: ours && !this.#deps.isRead(partitionId) ? '' : ownerId,
        etag,
        lastModifiedTimeInMs: Date.now() - (ours ? 0 : age),
      }
    })
  }

  /**
   * Claims a partition, or renews it. `taken` says that it was not ours before. A lost race is no error (B4).
   * Without an etag the blob must not exist: of two replicas that start together, only one wins (hazard H).
   */
  async claim(partitionId: string, etag: string | undefined): Promise<'renewed' | 'taken' | 'refused'> {
    const held = this.#held.get(partitionId)
    if (held) {
      const fresh = performance.now() - held.renewedAt < this.#deps.renew
      return fresh || (await this.#renew(partitionId)) ? 'renewed' : 'refused'
    }
    if (this.closed) return 'refused'
    const sentAt = performance.now()
    const written = await this.#write(partitionId, this.#deps.owner, etag)
    if (written === undefined) return 'refused'
    if (this.closed) {
      await this.#write(partitionId, '', written)
      return 'refused'
    }
    this.#held.set(partitionId, { etag: written, renewedAt: sentAt, askedAt: sentAt })
    return 'taken'
  }

  /** Gives all partitions back, so that other replicas need not wait for the expiry. Never throws; takes `limit` ms at most. */
  async release(limit: number): Promise<void> {
    clearInterval(this.#timer)
    this.closed = true
    const releases = [...this.#held].map(([partitionId, { etag }]) => this.#write(partitionId, '', etag))
    this.#held.clear()
    const done = Promise.allSettled(releases)
    await Promise.race([done, new Promise(resolve => setTimeout(resolve, limit).unref())])
  }

  async #renewAll(): Promise<void> {
    if (this.#renewing) return
    this.#renewing = true
    const failures: { readonly partitionId: string; readonly error: unknown }[] = []
    const renewals = this.partitions.map(partitionId =>
      this.#renew(partitionId).catch(error => failures.push({ partitionId, error })),
    )
    await Promise.all(renewals)
    this.#renewing = false
    if (failures[0] && failures.length === renewals.length) return this.#outage.fails('renewals', failures[0].error)
    this.#outage.answers('renewals')
    // One blob that cannot be written is its own partition's trouble, and no sign that nobody could renew.
    for (const { partitionId, error } of failures) this.#deps.unrenewed(partitionId, error)
  }

  async #list(prefix: string) {
    try {
      const listed = await this.#deps.blobs.list(prefix)
      this.#outage.answers('list')
      return listed
    } catch (error) {
      this.#outage.fails('list', error)
      throw error
    }
  }

  async #renew(partitionId: string): Promise<boolean> {
    const held = this.#held.get(partitionId)
    if (!held) return false
    const sentAt = performance.now()
    const written = await this.#write(partitionId, this.#deps.owner, held.etag)
    // Lost, released or claimed anew while the answer was under way.
    if (this.#held.get(partitionId) !== held) return this.#held.has(partitionId)
    if (written === undefined) {
      this.#lose(partitionId)
      return false
    }
    held.etag = written
    held.renewedAt = sentAt
    return true
  }

  /** The new etag; undefined when another replica has the partition. */
  async #write(partitionId: string, ownerId: string, etag: string | undefined): Promise<string | undefined> {
    const { blobs, owner, address } = this.#deps
    const name = this.#name(partitionId)
    const metadata = { ownerid: ownerId }
    const claim = { ...address, partitionId, ownerId }
    const written =
      etag === undefined ? await blobs.create(name, metadata) : await this.#claims.claim({ ...claim, etag })
    if (typeof written === 'object') return written.etag
    // A retry inside the client may have met its own first attempt; a vanished blob is free again.
    const found = await blobs.head(name)
    if (found === undefined) {
      const created = await blobs.create(name, metadata)
      return typeof created === 'object' ? created.etag : undefined
    }
    if (found.metadata.ownerid !== owner) return undefined
    if (ownerId === owner) return found.etag
    const again = await this.#claims.claim({ ...claim, etag: found.etag })
    return typeof again === 'object' ? again.etag : undefined
  }

  /** What others did since the last look. */
  #reconcile(entries: readonly OwnershipEntry[]): void {
    const owners = new Map(entries.map(({ partitionId, ownerId }) => [partitionId, ownerId]))
    for (const [partitionId, held] of this.#held) {
      const owner = owners.get(partitionId)
      if (owner === undefined) held.etag = undefined
      else if (owner !== this.#deps.owner) this.#lose(partitionId)
    }
  }

  #lose(partitionId: string): void {
    if (this.#held.delete(partitionId)) this.#deps.lost(partitionId)
  }

  #name(partitionId: string): string {
    return `${storePrefix(this.#deps.address)}ownership/${partitionId}`
  }
}
