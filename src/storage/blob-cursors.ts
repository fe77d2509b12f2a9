import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { Blobs } from './blobs.ts'
import { type CursorHold, type CursorStore, HeldPositions } from './cursors.ts'
import { LeasedBlob } from './leased-blob.ts'
import type { CheckpointsOptions } from './options.ts'
import { probeCheckpoints } from './probe.ts'

export interface LeaseTimes {
  /** Seconds that a lease lasts without renewal; the service takes 15 to 60. */
  readonly lease: number
  /** Milliseconds between renewals. */
  readonly renew: number
}

/** A replica that dies is followed within a lease and one look of the others. */
const usualTimes: LeaseTimes = { lease: 30, renew: 10_000 }

/** Milliseconds before its end from which a lease does not count any more: clocks differ, and a batch takes time. */
const margin = 5000

/** The blob of a source that is called so. */
export function cursorBlob(name: string): string {
  return `collectors/${name}/cursor`
}

/** Positions in a blob beside the checkpoints of event hubs; the right to poll is a lease of that blob. */
export class BlobCursors implements CursorStore {
  readonly place: string
  readonly #options: CheckpointsOptions
  readonly #blobs: Blobs
  readonly #blob: string
  readonly #times: LeaseTimes
  readonly #log: Log

  /** `name` tells the source from all others that keep their positions in this container. */
  constructor(options: CheckpointsOptions, name: string, log: Log, times = usualTimes) {
    this.#options = options
    this.#blobs = new Blobs(options)
    this.#blob = cursorBlob(name)
    this.#times = times
    this.#log = log
    this.place = `blob ${this.#blob} of container ${options.container}`
  }

  prove(signal: AbortSignal): Promise<void> {
    return probeCheckpoints(this.#options, signal)
  }

  async acquire(): Promise<CursorHold | undefined> {
    const sentAt = performance.now()
    const blob = new LeasedBlob(this.#blobs, this.#blob)
    if (!(await blob.acquire(this.#times.lease))) return undefined
    return new BlobHold(blob, this.place, sentAt, this.#times, this.#log)
  }
}

class BlobHold extends HeldPositions implements CursorHold {
  readonly #blob: LeasedBlob
  readonly #place: string
  readonly #times: LeaseTimes
  readonly #log: Log
  readonly #lost = new AbortController()
  readonly #timer: NodeJS.Timeout
  /** When the last renewal was sent: its answer may have waited here while this process slept. */
  #renewedAt: number
  #renewing = false

  constructor(blob: LeasedBlob, place: string, acquiredAt: number, times: LeaseTimes, log: Log) {
    super(blob, place)
    this.#blob = blob
    this.#place = place
    this.#renewedAt = acquiredAt
    this.#times = times
    this.#log = log
    this.#timer = setInterval(() => void this.#renew(), times.renew)
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get isHeld(): boolean {
    if (performance.now() - this.#renewedAt > this.#times.lease * 1000 - margin) this.#lose()
    return !this.#lost.signal.aborted
  }

  async release(): Promise<void> {
    this.#lose()
    // Unreleased it ends by itself.
    await this.#blob.release().catch(() => {})
  }

  async #renew(): Promise<void> {
    if (!this.isHeld || this.#renewing) return
    this.#renewing = true
    const sentAt = performance.now()
    try {
      if (!(await this.#blob.renew())) this.#lose()
      this.#renewedAt = sentAt
    } catch (error) {
      this.#log.warn(`the lease of ${this.#place} cannot be renewed: ${messageOf(error)}`, {
        'event.action': 'lease_trouble',
      })
    } finally {
      this.#renewing = false
    }
  }

  #lose(): void {
    clearInterval(this.#timer)
    this.#lost.abort()
  }
}
