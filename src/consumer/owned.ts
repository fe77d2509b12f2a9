import type { Log } from '../core/log.ts'
import type { Metrics } from '../core/metrics.ts'
import type { Cursor, Origin } from '../core/types.ts'
import type { PrefetchAllowance } from './allowance.ts'
import { Partition, restartReasons } from './partition.ts'

export interface OwnedDeps {
  /** What all partitions of the source have in common. */
  readonly origin: Omit<Origin, 'partitionId'>
  readonly allowance: PrefetchAllowance
  readonly metrics: Metrics
  readonly log: Log
}

/** The partitions that this replica owns, from the claim to the loss, and what is shown of them. */
export class OwnedPartitions {
  #partitions = new Map<string, Partition>()
  readonly #deps: OwnedDeps

  constructor(deps: OwnedDeps) {
    this.#deps = deps
  }

  [Symbol.iterator](): Iterator<Partition> {
    return [...this.#partitions.values()].values()
  }

  get(partitionId: string): Partition | undefined {
    return this.#partitions.get(partitionId)
  }

  /** By the name of its stream; undefined when it is another source's or not owned. */
  find(stream: string): Partition | undefined {
    const partition = this.#partitions.get(partitionOf(stream))
    return partition?.stream === stream ? partition : undefined
  }

  /** A partition is about to be read: newly claimed, or taken up again after a break. */
  begin(partitionId: string, from: Cursor | undefined): void {
    const { origin, log, metrics, allowance } = this.#deps
    const known = this.#partitions.get(partitionId)
    if (known) metrics.partitionRestarts.inc({ ...labelsOf(known), reason: known.restart ?? 'closed' })
    const partition = known ?? new Partition({ ...origin, partitionId })
    this.#partitions.set(partitionId, partition)
    allowance.own(this.#partitions.size)
    partition.begin(from)
    metrics.partitionOwned.set(labelsOf(partition), 1)
    // To Prometheus, a sample that begins at 1 is no increase.
    metrics.sequenceGaps.inc(labelsOf(partition), 0)
    for (const reason of restartReasons) metrics.partitionRestarts.inc({ ...labelsOf(partition), reason }, 0)
    const place = from ? `after sequence number ${from.sequenceNumber}` : 'at the configured start, no checkpoint'
    log.info(`${partition.stream}: reading ${place}`, { 'event.action': 'partition_read' })
  }

  /** Another replica has it. Gives what was known of it. */
  lose(partitionId: string): Partition | undefined {
    const partition = this.#partitions.get(partitionId)
    if (!partition) return undefined
    this.#deps.log.info(`${partition.stream}: belongs to another replica now`, { 'event.action': 'partition_lost' })
    partition.lost = true
    this.#partitions.delete(partitionId)
    this.#deps.allowance.own(this.#partitions.size)
    this.#hide(partition)
    return partition
  }

  /** Nothing is shown any more of what is still owned: the source closes. */
  hideAll(): void {
    for (const partition of this) this.#hide(partition)
  }

  showLag(partition: Partition): void {
    const { lag, lost } = partition
    if (lag !== undefined && !lost) this.#deps.metrics.partitionLag.set(labelsOf(partition), lag)
  }

  #hide(partition: Partition): void {
    this.#deps.metrics.partitionOwned.set(labelsOf(partition), 0)
    this.#deps.metrics.partitionLag.remove(labelsOf(partition))
  }
}

export function partitionOf(stream: string): string {
  return stream.slice(stream.lastIndexOf('/') + 1)
}

function labelsOf({ origin }: Partition): { source: string; partition: string } {
  return { source: origin.source, partition: origin.partitionId }
}
