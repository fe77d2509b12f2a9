import { subset } from '../core/chunk.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { countOutput, type Metrics, type SettledAs } from '../core/metrics.ts'
import type { Chunk, DeadLetter, Delivery, Output } from '../core/types.ts'
import { Pace, type PacePolicy } from './pace.ts'
import { portions, Queue, type QueuePolicy } from './queue.ts'
import { Refuser } from './refuser.ts'
import { type Share, shares } from './share.ts'
import { TableFilter } from './tables.ts'

export type LanePolicy = QueuePolicy & PacePolicy

/** `retrying`: some documents have to be written again; `down`: the target as a whole takes none. */
export type LaneState = 'up' | 'retrying' | 'down'

export interface LaneParts {
  readonly name: string
  readonly output: Output
  readonly policy: LanePolicy
  readonly tables: readonly string[]
  /** Whether the output replaces documents by later versions. */
  readonly keepsCurrent?: boolean
  readonly deadLetter: DeadLetter
  readonly log: Log
  readonly metrics: Metrics
  /** Aborts: gives up what is unsettled, at once. */
  readonly signal: AbortSignal
}

/** One per submitted chunk: settles when the last of its documents has. */
interface Ticket {
  left: number
  readonly bytes: number
  readonly done: () => void
  readonly failed: (reason: unknown) => void
}

/** Documents of one ticket that travel together. */
interface Piece {
  readonly chunk: Chunk
  readonly ticket: Ticket
  /** When it joined the queue, in milliseconds of the monotonic clock. */
  readonly since: number
  /** Writes that these documents have been in so far. */
  readonly attempts: number
}

/** Texts of one outage that are remembered, so that each is said once. */
const mostSaid = 16

const states: readonly LaneState[] = ['up', 'retrying', 'down']

/**
 * One output with its own queue, batches and retries. A document leaves it delivered, filtered or dead-lettered and in
 * no other way: outages are waited out without end, and a dead letter that does not take a reject is waited for too.
 *
 *     submit → queue → flight ─ delivered ───────────────────────▶ settled
 *                ▲        ├──── refused ───▶ dead letter ────────▶ settled
 *                │        ├──── some to retry ─▶ own wait ──┐
 *                └────────┴──── nothing went ─▶ lane pauses ┘
 */
export class Lane {
  readonly name: string
  readonly #parts: LaneParts
  readonly #filter: TableFilter
  readonly #pace: Pace
  readonly #queue: Queue<Piece>
  readonly #refuser: Refuser
  readonly #tickets = new Set<Ticket>()
  /** Writes under way, up to the end of their dead letters. */
  #flying = 0
  /** Retries of single documents that wait for their time. */
  readonly #delayed = new Map<NodeJS.Timeout, () => void>()
  #timer: NodeJS.Timeout | undefined
  #bytes = 0
  #draining = false
  #state: LaneState = 'up'
  #outage: string | undefined
  readonly #said = new Set<string>()
  #changed = Promise.withResolvers<void>()

  constructor(parts: LaneParts) {
    this.name = parts.name
    this.#parts = parts
    this.#filter = new TableFilter(parts.tables, parts.keepsCurrent)
    this.#pace = new Pace(parts.policy)
    this.#queue = new Queue(parts.policy)
    this.#refuser = new Refuser(parts)
    parts.metrics.outputState.set({ output: parts.name }, 0)
    parts.metrics.outputInFlight.set({ output: parts.name }, 0)
    countOutput(parts.metrics, parts.name)
    parts.signal.addEventListener('abort', () => this.#giveUp(), { once: true })
  }

  get state(): LaneState {
    return this.#state
  }

  /** What the target said when it went down; absent while it is not. */
  get outage(): string | undefined {
    return this.#outage
  }

  /** Resolves once every document of the chunk is delivered, filtered or dead-lettered; rejects only on abort. */
  submit(chunk: Chunk): Promise<void> {
    if (this.#parts.signal.aborted) return Promise.reject(this.#parts.signal.reason)
    const wanted = this.#filter.keep(chunk)
    this.#count('filtered', chunk.ids.length - wanted.ids.length)
    if (wanted.ids.length === 0) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const ticket: Ticket = { left: wanted.ids.length, bytes: wanted.lines.length, done: resolve, failed: reject }
    this.#tickets.add(ticket)
    this.#hold(ticket.bytes)
    const since = performance.now()
    for (const part of portions(wanted, this.#parts.policy)) {
      this.#queue.push({ chunk: part, ticket, since, attempts: 0 })
    }
    this.#pump()
    return promise
  }

  /** From now on nothing waits for company, and waits for a retry that are under way end early. */
  drain(): void {
    this.#draining = true
    this.#pace.hurry()
    for (const [timer, back] of this.#delayed) {
      clearTimeout(timer)
      back()
    }
    this.#pump()
  }

  /** Resolves once nothing is unsettled; after an abort, once the last write has ended. Never rejects. */
  async idle(): Promise<void> {
    while (this.#flying > 0 || this.#tickets.size > 0) await this.#changed.promise
  }

  #pump(): void {
    if (this.#parts.signal.aborted) return
    const now = performance.now()
    const paused = this.#pace.pause(now) > 0
    while (!paused && this.#flying < this.#pace.limit && this.#queue.isReady(now, this.#draining)) {
      void this.#fly(this.#queue.cut())
    }
    this.#arm(now)
  }

  /** Sets the alarm for the end of a pause or the age of the oldest piece; the end of a flight needs none. */
  #arm(now: number): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#queue.isEmpty || this.#flying >= this.#pace.limit) return
    const wait = Math.max(this.#pace.pause(now), this.#queue.untilDue(now, this.#draining), 1)
    this.#timer = setTimeout(() => this.#pump(), wait)
  }

  async #fly(pieces: readonly Piece[]): Promise<void> {
    this.#flying++
    const epoch = this.#pace.epoch
    const again = pieces.reduce((sum, piece) => sum + (piece.attempts > 0 ? piece.chunk.ids.length : 0), 0)
    if (again > 0) this.#parts.metrics.outputRetries.inc({ output: this.name }, again)
    const chunks = pieces.map(piece => piece.chunk)
    const delivery = await this.#write(chunks)
    const parts = shares(chunks, delivery)
    this.#settleDelivered(pieces, parts, delivery)
    this.#retry(pieces, parts, delivery, epoch)
    await this.#settleRefused(pieces, parts)
    this.#flying--
    this.#wake()
    this.#pump()
  }

  async #write(chunks: readonly Chunk[]): Promise<Delivery> {
    try {
      return await this.#parts.output.write(chunks, this.#parts.signal)
    } catch (error) {
      // A defect of the output: nobody knows what got through, and the ids make a second write harmless.
      const count = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0)
      return {
        rejected: [],
        retry: Array.from({ length: count }, (_, i) => i),
        duplicates: 0,
        outage: messageOf(error),
      }
    }
  }

  #settleDelivered(pieces: readonly Piece[], parts: readonly Share[], delivery: Delivery): void {
    const delivered = parts.reduce((sum, part) => sum + part.delivered, 0)
    const duplicates = Math.min(delivery.duplicates, delivered)
    const failureStore = Math.min(delivery.failureStore ?? 0, delivered - duplicates)
    this.#count('delivered', delivered - duplicates - failureStore)
    this.#count('duplicate', duplicates)
    this.#count('failure_store', failureStore)
    for (const [at, part] of parts.entries()) this.#settle(pieces[at]!.ticket, part.delivered)
  }

  #retry(pieces: readonly Piece[], parts: readonly Share[], delivery: Delivery, epoch: number): void {
    const again = pieces.flatMap((piece, at) => retryOf(piece, parts[at]!))
    const settled = parts.some(part => part.delivered > 0 || part.refused.length > 0)
    const result = again.length === 0 ? 'ok' : settled ? 'partial' : 'failed'
    this.#parts.metrics.outputRequests.inc({ output: this.name, result })
    if (this.#parts.signal.aborted) return
    if (again.length === 0) {
      if (this.#pace.good(epoch) && this.#delayed.size === 0) this.#enter('up')
    } else if (delivery.outage !== undefined || !settled) {
      this.#pace.failed(epoch, performance.now(), delivery.retryAfter)
      this.#queue.unshift(again)
      this.#enter(delivery.outage === undefined ? 'retrying' : 'down', delivery.outage)
    } else {
      this.#pace.throttled(epoch)
      this.#delay(again, delivery.retryAfter)
      this.#enter('retrying')
    }
  }

  /** Single documents wait by themselves: the others need not. */
  #delay(pieces: readonly Piece[], retryAfter?: number): void {
    const attempts = Math.max(...pieces.map(piece => piece.attempts))
    const back = () => {
      this.#delayed.delete(timer)
      this.#queue.unshift(pieces)
      this.#pump()
    }
    const timer: NodeJS.Timeout = setTimeout(back, this.#pace.wait(attempts, retryAfter))
    this.#delayed.set(timer, back)
  }

  async #settleRefused(pieces: readonly Piece[], parts: readonly Share[]): Promise<void> {
    const refused = parts.reduce((sum, part) => sum + part.refused.length, 0)
    if (refused === 0) return
    const chunks = pieces.map(piece => piece.chunk)
    if (!(await this.#refuser.bury(chunks, parts))) return
    this.#count('dead_letter', refused)
    for (const [at, part] of parts.entries()) this.#settle(pieces[at]!.ticket, part.refused.length)
  }

  #settle(ticket: Ticket, documents: number): void {
    ticket.left -= documents
    if (ticket.left > 0 || !this.#tickets.delete(ticket)) return
    this.#hold(-ticket.bytes)
    ticket.done()
  }

  #giveUp(): void {
    clearTimeout(this.#timer)
    for (const timer of this.#delayed.keys()) clearTimeout(timer)
    this.#delayed.clear()
    this.#queue.clear()
    for (const ticket of this.#tickets) ticket.failed(this.#parts.signal.reason)
    this.#tickets.clear()
    this.#hold(-this.#bytes)
    this.#wake()
  }

  /** One log line for each text that an outage has, however often it is met and however they take turns. */
  #enter(state: LaneState, outage?: string): void {
    const { log, metrics, name } = this.#parts
    if (state === 'up' && this.#outage !== undefined) log.info(`output ${name} is up again`, fields(name, 'output_up'))
    if (state === 'up') this.#said.clear()
    if (state === 'down' && outage !== undefined && !this.#said.has(outage)) {
      if (this.#said.size === mostSaid) this.#said.clear()
      this.#said.add(outage)
      log.error(`output ${name} is down: ${outage}; its documents wait, nothing is lost`, fields(name, 'output_down'))
    }
    if (state !== 'retrying') this.#outage = outage
    if (state === this.#state) return
    this.#state = state
    metrics.outputState.set({ output: name }, states.indexOf(state))
  }

  #count(result: SettledAs, documents: number): void {
    if (documents > 0) this.#parts.metrics.recordsSettled.inc({ output: this.name, result }, documents)
  }

  #hold(bytes: number): void {
    this.#bytes += bytes
    this.#parts.metrics.outputInFlight.set({ output: this.name }, this.#bytes)
  }

  #wake(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}

/** What has to be written again of a piece: nothing, or one piece that does not wait for company. */
function retryOf(piece: Piece, part: Share): Piece[] {
  if (part.retry.length === 0) return []
  const chunk = subset(piece.chunk, part.retry)
  return [{ chunk, ticket: piece.ticket, since: Number.NEGATIVE_INFINITY, attempts: piece.attempts + 1 }]
}

function fields(output: string, action: string): Record<string, string> {
  return { 'event.action': action, 'labels.output': output }
}
