import { messageOf } from '../core/errors.ts'
import type { Gate } from '../core/gate.ts'
import type { Log } from '../core/log.ts'
import type { Metrics } from '../core/metrics.ts'
import type { Sink, SourceBatch } from '../core/types.ts'
import type { PartitionContext, ReceivedEventData, SubscriptionEventHandlers } from './client.ts'
import type { Gap, Partition } from './partition.ts'

export interface ReaderDeps {
  readonly sink: Sink
  readonly gate: Gate
  readonly metrics: Metrics
  readonly log: Log
  /** Bytes and messages that came, for the prefetch allowance. */
  readonly observe: (messages: number, bytes: number) => void
  /** The partition as this replica owns it now. */
  readonly partition: (partitionId: string) => Partition | undefined
  /** Whether it may have become another's while this process slept. */
  readonly isDoubtful: (partition: Partition) => boolean
  /** Asks the store whether the partition is still ours, and notes it when not. Never throws, ends soon. */
  readonly settleDoubt: (partition: Partition) => Promise<void>
  /** The SDK reports trouble; partition '' means the balancer. */
  readonly failed: (partitionId: string, error: unknown) => void
  /** The hub's messages are not those that the partition's position is of. */
  readonly replaced: (partition: Partition, sequenceNumber: number) => void
  readonly wellAgain: (partitionId: string) => void
  /** The turn of a stream: batches of one stream never overlap, whoever owned it in between. */
  readonly turns: Map<string, Promise<void>>
}

/** Ends a pump. The only thing the handler ever throws: the SDK then closes it as lost, instead of reading on. */
class OwnershipLost extends Error {
  readonly code = 'ReceiverDisconnectedError'
  readonly retryable = false
}

/** A handler that waited this long asks the store: meanwhile the SDK does not hear that its link was stolen (hazard B). */
const doubtAfter = 1000

/**
 * The handlers of one subscription. They never throw what went wrong elsewhere: the SDK would skip the batch (hazards
 * D, H1) or leave the partition idle (C, H2). Awaiting the sink is the back-pressure; it blocks no renewal.
 */
export class Reader implements SubscriptionEventHandlers {
  /** Pumps by the context object that the SDK makes for each. */
  #pumps = new WeakMap<PartitionContext, Partition>()
  readonly #ended = Promise.withResolvers<void>()
  readonly #deps: ReaderDeps
  #over = false

  constructor(deps: ReaderDeps) {
    this.#deps = deps
  }

  /** Nothing of this subscription is handed on any more; handlers that wait at the gate end. */
  end(): void {
    this.#over = true
    this.#ended.resolve()
  }

  processInitialize = async (context: PartitionContext): Promise<void> => {
    const partition = this.#deps.partition(context.partitionId)
    if (!partition || this.#over) return
    this.#pumps.set(context, partition)
    partition.pump = context
  }

  processClose = async (_reason: unknown, context: PartitionContext): Promise<void> => {
    const partition = this.#pumps.get(context)
    this.#pumps.delete(context)
    if (partition?.pump === context) partition.pump = undefined
  }

  processError = async (error: unknown, context: PartitionContext): Promise<void> => {
    if (this.#over || error instanceof OwnershipLost) return
    this.#deps.failed(context.partitionId, error)
  }

  processEvents = async (events: ReceivedEventData[], context: PartitionContext): Promise<void> => {
    const partition = this.#pumps.get(context)
    this.#check(partition, context)
    partition.alive()
    this.#deps.wellAgain(context.partitionId)
    await this.#pass()
    this.#check(partition, context)
    const { sequenceNumber } = context.lastEnqueuedEventProperties ?? {}
    if (sequenceNumber !== undefined) partition.lastEnqueued = sequenceNumber
    if (events.length > 0) await this.#deliver(partition, context, events)
    this.#check(partition, context)
  }

  async #deliver(partition: Partition, context: PartitionContext, events: ReceivedEventData[]): Promise<void> {
    if (partition.isReplaced(events)) {
      await this.#deps.turns.get(partition.stream)
      if (!this.#isCurrent(partition, context)) return
      this.#deps.replaced(partition, events[0]!.sequenceNumber)
      throw new OwnershipLost('the partition has to be read from its start')
    }
    const found = partition.batch(events)
    if (!found) return
    const { batch, gaps } = found
    this.#deps.observe(batch.messages.length, batch.bytes)
    const startedAt = performance.now()
    const turn = this.#take(partition, context, batch, gaps)
    this.#deps.turns.set(
      batch.stream,
      turn.catch(() => {}),
    )
    await turn
    if (performance.now() - startedAt >= doubtAfter) await this.#deps.settleDoubt(partition)
  }

  /** Hands the batch on in its turn. What is dropped here was not noted as handed on, so it is read again. */
  async #take(partition: Partition, context: PartitionContext, batch: SourceBatch, gaps: Gap[]): Promise<void> {
    const { sink, turns } = this.#deps
    await turns.get(batch.stream)
    if (this.#deps.isDoubtful(partition)) await this.#deps.settleDoubt(partition)
    while (!this.#deps.gate.isOpen && !this.#over) await this.#pass()
    if (!this.#isCurrent(partition, context)) return
    for (const gap of gaps) this.#report(partition, gap)
    partition.handOn(batch)
    try {
      await sink.take(batch)
    } catch (error) {
      // Against the sink's promise. Thrown on, it could make the SDK skip the batch (hazard D); so it is read again.
      partition.rewind()
      this.#deps.log.error(`${batch.stream}: the pipeline failed to take a batch: ${messageOf(error)}`)
      throw new OwnershipLost('the batch has to be read again')
    } finally {
      partition.taken()
      // Told only now: a batch must not be taken for a stream after the word that it is lost.
      if (partition.lost) sink.lost(batch.stream)
    }
  }

  /** Waits at the gate while it is shut. An open one costs no turn of the loop, so it cannot be shut unnoticed. */
  #pass(): Promise<void> | undefined {
    return this.#deps.gate.isOpen ? undefined : Promise.race([this.#deps.gate.pass(), this.#ended.promise])
  }

  #isCurrent(partition: Partition, context: PartitionContext): boolean {
    return !this.#over && !partition.lost && partition.pump === context
  }

  /** Hazard B: without this the old owner would drain its queue, attach again and take the partition back. */
  #check(partition: Partition | undefined, context: PartitionContext): asserts partition is Partition {
    if (!partition || !this.#isCurrent(partition, context)) throw new OwnershipLost('the partition is not read here')
  }

  /** Loud, because it is loss that nothing here can mend: the hub no longer has these messages (I13). */
  #report({ origin, stream }: Partition, { after, next }: Gap): void {
    const { source, partitionId } = origin
    const missing = next - after - 1
    this.#deps.metrics.sequenceGaps.inc({ source, partition: partitionId }, missing)
    this.#deps.log.error(
      `${stream}: ${missing} messages are missing, after sequence number ${after} came ${next}; the event hub's retention has removed them before they were read`,
      { 'event.action': 'sequence_gap' },
    )
  }
}
