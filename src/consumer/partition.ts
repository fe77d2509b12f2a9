import type { Cursor, Message, Origin, SourceBatch } from '../core/types.ts'
import { toMessage } from './body.ts'
import type { PartitionState, ReceivedEventData } from './client.ts'

/** Messages missing between two that came: gone from the hub before they were read. */
export interface Gap {
  readonly after: number
  readonly next: number
}

/** Why the receiver of a partition was made anew; `neighbour`: because of another partition of its source. */
export type RestartReason = (typeof restartReasons)[number]

export const restartReasons = ['stalled', 'balancer', 'rewind', 'neighbour', 'closed'] as const

/** Milliseconds. A receiver that works shows it every second, but the machine may be busy. */
const quietest = 5000

/** One partition for as long as this replica owns it without a break. Times are monotonic milliseconds. */
export class Partition {
  readonly origin: Origin
  readonly stream: string
  /** The SDK's current pump for it, if it is being read. */
  pump: object | undefined
  /** Another replica has it: whatever still comes must not be handed on. Never goes back to false. */
  lost = false
  /** The pipeline has no room; that is no stall. */
  blocked = false
  /** Restarts since the last progress, made because the hub had more than came. */
  stalls = 0
  lastEnqueued: number | undefined
  /** Why a new receiver is on its way; undefined when the SDK closed the last one of its own accord. */
  restart: RestartReason | undefined
  /** The newest one written here. */
  checkpoint: Cursor | undefined
  /** The stored positions are of another hub's messages, and have to go before it is read again. */
  startsOver = false
  #handedOn: Cursor | undefined
  /** Behind which a receiver has begun that has not brought anything yet. */
  #from: Cursor | undefined
  /** The position reading began at, or the hub's newest message where it began behind the stored ones. */
  #base: number | undefined
  #behind = false
  #progressAt = performance.now()
  #beatAt = performance.now()

  constructor(origin: Origin) {
    this.origin = origin
    this.stream = `${origin.source}/${origin.partitionId}`
  }

  /** Everything up to here went to the pipeline; reading goes on behind it after a break. */
  get handedOn(): Cursor | undefined {
    return this.#handedOn
  }

  /** A receiver starts. */
  begin(from: Cursor | undefined): void {
    this.restart = undefined
    this.startsOver = false
    this.#from = from
    this.#base = from?.sequenceNumber
    this.#behind = false
    this.#restartClocks()
  }

  /** Messages in the hub behind the checkpoint; undefined while the hub has not said what it holds. */
  get lag(): number | undefined {
    const reached = this.checkpoint?.sequenceNumber ?? this.#base ?? -1
    return this.lastEnqueued === undefined ? undefined : Math.max(0, this.lastEnqueued - reached)
  }

  /** What was handed on will be read again, from the stored positions. */
  rewind(): void {
    this.#handedOn = undefined
  }

  /** All that the hub has will be read, whatever the stored positions say. */
  startOver(): void {
    this.startsOver = true
    this.#handedOn = { sequenceNumber: -1, offset: '-1' }
  }

  /** Whether what a receiver brings first does not come after the position it began behind: then that is of another hub. */
  isReplaced([first]: readonly ReceivedEventData[]): boolean {
    return this.#from !== undefined && first !== undefined && first.sequenceNumber <= this.#from.sequenceNumber
  }

  /** The receiver works, with or without messages. */
  alive(): void {
    this.#beatAt = performance.now()
  }

  /** The pipeline took what was handed on; how long that lasted is no stall. */
  taken(): void {
    this.blocked = false
    this.#restartClocks()
  }

  /** What of these events is new. The SDK may deliver again what it delivered before a break. */
  batch(events: readonly ReceivedEventData[]): { batch: SourceBatch; gaps: Gap[] } | undefined {
    const reached = this.#handedOn?.sequenceNumber ?? Number.NEGATIVE_INFINITY
    const messages = events.filter(event => event.sequenceNumber > reached).map(toMessage)
    const last = messages.at(-1)
    if (!last) return undefined
    const cursor = { sequenceNumber: last.sequenceNumber, offset: last.offset }
    const bytes = messages.reduce((sum, { body }) => sum + body.byteLength, 0)
    const { stream, origin } = this
    return { batch: { stream, origin, messages, cursor, bytes }, gaps: this.#gaps(messages) }
  }

  handOn(batch: SourceBatch): void {
    this.#handedOn = batch.cursor
    this.#from = undefined
    this.blocked = true
    this.stalls = 0
    this.#behind = (this.lastEnqueued ?? -1) > batch.cursor.sequenceNumber
  }

  /** What the hub says, whether or not anything comes. */
  observe({ beginningSequenceNumber, lastEnqueuedSequenceNumber, isEmpty }: PartitionState, earliest: boolean): void {
    this.lastEnqueued = lastEnqueuedSequenceNumber
    // Without a position, everything there is counts, or with another start only what comes from now on.
    this.#base ??= earliest ? beginningSequenceNumber - 1 : lastEnqueuedSequenceNumber
    const reached = this.#handedOn?.sequenceNumber ?? this.#base
    this.#behind = !isEmpty && lastEnqueuedSequenceNumber > reached
    if (!this.#behind) this.#progressAt = performance.now()
  }

  /** The reader gives no sign of life, or brings nothing although the hub has more (hazard H8). */
  stalledFor(limit: number): boolean {
    if (this.blocked || this.pump === undefined) return false
    const now = performance.now()
    return now - this.#beatAt > Math.max(limit, quietest) || (this.#behind && now - this.#progressAt > limit)
  }

  #gaps(messages: readonly Message[]): Gap[] {
    const gaps: Gap[] = []
    let after = this.#handedOn?.sequenceNumber ?? this.#base
    for (const { sequenceNumber } of messages) {
      if (after !== undefined && sequenceNumber > after + 1) gaps.push({ after, next: sequenceNumber })
      after = sequenceNumber
    }
    return gaps
  }

  #restartClocks(): void {
    this.#beatAt = performance.now()
    this.#progressAt = performance.now()
  }
}
