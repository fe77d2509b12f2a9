import type { Cursor } from '../core/types.ts'
import type { CheckpointStore, PartitionOwnership } from './client.ts'
import type { Ownership } from './ownership.ts'
import { lowest, type PositionStore } from './positions.ts'

export interface CheckpointStoreDeps {
  readonly ownership: Ownership
  readonly positions: PositionStore
  /** Whether a partition is being read here at the moment. */
  readonly isRead: (partitionId: string) => boolean
  /** Hub and store have answered: the SDK's loop asks the one before it asks here. */
  readonly answered: () => void
  /** Where this process left a partition that it never lost; undefined when the stored positions count. */
  readonly resume: (partitionId: string) => Cursor | undefined
  /** The partition is about to be read from here; from the configured start when undefined. */
  readonly begin: (partitionId: string, from: Cursor | undefined) => void
  /** Whether the stored positions are of another hub's messages, so that they have to go. */
  readonly startsOver: (partitionId: string) => boolean
  /** Where to begin without any position; undefined means the configured start as the SDK understands it. */
  readonly firstStart: (partitionId: string) => Promise<Cursor | undefined>
  /** The partition cannot be read for now; it is tried again with each round. */
  readonly unreadable: (partitionId: string, error: unknown) => void
}

type Listed = Parameters<CheckpointStore['listOwnership']>
type Checkpoints = Awaited<ReturnType<CheckpointStore['listCheckpoints']>>

/**
 * What the SDK's balancer sees of ownership and positions. Ownership ends in the stock store (`sdk-store.ts`) wherever
 * there is something to take the place of. Checkpoints are not written through it at all: the SDK's way has no order
 * and no fence (hazard H3).
 */
export class BalancerStore implements CheckpointStore {
  readonly #deps: CheckpointStoreDeps
  /** Where the partitions claimed so far begin. */
  #starts = new Map<string, Cursor | undefined>()
  /** Taken from another replica, whose late writes are not shut out yet. */
  #unfenced = new Set<string>()
  /** Whether the SDK's loop has come by since the subscription began. */
  cameBy = false
  #pending = 0
  #activeAt = performance.now()

  constructor(deps: CheckpointStoreDeps) {
    this.#deps = deps
  }

  /** Milliseconds since the SDK's loop last came by; 0 while it waits for the store. */
  get idle(): number {
    return this.#pending > 0 ? 0 : performance.now() - this.#activeAt
  }

  /** A subscription begins: its loop has yet to come by for the first time. */
  subscribed(): void {
    this.#activeAt = performance.now()
    this.cameBy = false
  }

  /** Throws when the store does not answer: an empty list would look like a hub without owners. */
  listOwnership(...[fullyQualifiedNamespace, eventHubName, consumerGroup]: Listed): Promise<PartitionOwnership[]> {
    return this.#noted(async () => {
      const entries = await this.#deps.ownership.listForBalancer()
      this.#deps.answered()
      return entries.map(entry => ({ ...entry, fullyQualifiedNamespace, eventHubName, consumerGroup }))
    })
  }

  claimOwnership(requests: PartitionOwnership[]): Promise<PartitionOwnership[]> {
    return this.#noted(async () => {
      const claimed = []
      for (const request of requests) if (await this.#claimAlone(request)) claimed.push(request)
      return claimed
    })
  }

  /** The partitions claimed here, each with the place to begin at; asked for right after a claim. */
  async listCheckpoints(...[fullyQualifiedNamespace, eventHubName, consumerGroup]: Listed): Promise<Checkpoints> {
    return [...this.#starts].flatMap(([partitionId, cursor]) =>
      cursor ? [{ fullyQualifiedNamespace, eventHubName, consumerGroup, partitionId, ...cursor }] : [],
    )
  }

  async updateCheckpoint(): Promise<void> {
    throw new TypeError('checkpoints are written by the source')
  }

  /** One ownership that cannot be written keeps nobody from the others. */
  async #claimAlone(request: PartitionOwnership): Promise<boolean> {
    try {
      return await this.#claim(request)
    } catch (error) {
      if (!this.#deps.isRead(request.partitionId)) this.#deps.unreadable(request.partitionId, error)
      return false
    }
  }

  async #claim({ partitionId, ownerId, etag }: PartitionOwnership): Promise<boolean> {
    // The SDK gives everything back when a subscription closes. Closing ends with our own release, and a restart keeps.
    if (ownerId === '') return false
    const outcome = await this.#deps.ownership.claim(partitionId, etag)
    if (outcome === 'refused') return false
    if (outcome === 'taken') this.#unfenced.add(partitionId)
    if (outcome === 'renewed' && this.#deps.isRead(partitionId)) return true
    return this.#prepare(partitionId)
  }

  /** Finds where to begin. A damaged checkpoint stops its own partition until it is mended, and no other (B7). */
  async #prepare(partitionId: string): Promise<boolean> {
    const { positions, resume, startsOver, begin, firstStart, unreadable } = this.#deps
    try {
      if (this.#unfenced.has(partitionId)) await positions.fence(partitionId)
      this.#unfenced.delete(partitionId)
      if (startsOver(partitionId)) await positions.reset(partitionId)
      const from = resume(partitionId) ?? lowest(await positions.read(partitionId)) ?? (await firstStart(partitionId))
      this.#starts.set(partitionId, from)
      begin(partitionId, from)
      return true
    } catch (error) {
      unreadable(partitionId, error)
      return false
    }
  }

  async #noted<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#pending += 1
    try {
      return await call()
    } finally {
      this.#pending -= 1
      this.cameBy = true
      this.#activeAt = performance.now()
    }
  }
}
