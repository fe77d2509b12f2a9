import { createHash } from 'node:crypto'
import { type Condition, partitionOutOfRange } from './conditions.ts'
import { Partition, type Retention } from './partition.ts'
import { type Contender, Receivers } from './receivers.ts'

export interface EventHubOptions {
  readonly name: string
  /** 4 by default. */
  readonly partitions?: number
  /** Besides `$Default`, which is always there. */
  readonly consumerGroups?: readonly string[]
  readonly retention?: Retention
}

/** One event hub: its partitions and who reads them. */
export class EventHub<T extends Contender> {
  readonly name: string
  readonly createdAt: number
  readonly consumerGroups: readonly string[]
  readonly #partitions: Partition[] = []
  readonly #receivers = new Map<string, Receivers<T>>()
  readonly #retention: Retention
  readonly #now: () => number
  #turn = 0

  constructor(options: EventHubOptions, now: () => number) {
    this.name = options.name
    this.createdAt = now()
    this.consumerGroups = ['$Default', ...(options.consumerGroups ?? [])]
    this.#retention = options.retention ?? {}
    this.#now = now
    this.addPartitions(options.partitions ?? 4)
  }

  get partitions(): readonly Partition[] {
    return this.#partitions
  }

  addPartitions(count: number): void {
    for (let i = 0; i < count; i++) {
      this.#partitions.push(new Partition(String(this.#partitions.length), this.#retention, this.#now))
    }
  }

  partition(id: string): Partition | Condition {
    return this.#partitions.find(partition => partition.id === id) ?? partitionOutOfRange(this.#partitions.length)
  }

  /** Equal keys go to the same partition; without a key the partitions take turns. */
  route(key: string | undefined): Partition {
    const number = key === undefined ? this.#turn++ : createHash('sha1').update(key).digest().readUInt32BE()
    return this.#partitions[number % this.#partitions.length]!
  }

  /** The consumer group of this name, whatever its case. */
  groupNamed(name: string): string | undefined {
    return this.consumerGroups.find(known => known.toLowerCase() === name.toLowerCase())
  }

  /** Who reads this partition through this group. */
  receivers(group: string, partition: string): Receivers<T> {
    const key = `${group}/${partition}`
    const receivers = this.#receivers.get(key) ?? new Receivers<T>()
    this.#receivers.set(key, receivers)
    return receivers
  }

  *allReceivers(): Iterable<T> {
    for (const receivers of this.#receivers.values()) yield* receivers
  }
}
