import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { CheckpointOutcome, Cursor } from '../core/types.ts'

export interface CheckpointsDeps {
  /** Milliseconds between writes of a stream; every commit is stored at most this long after it was made. */
  readonly interval: number
  /** Stores a cursor for good. May fail: then it is tried again with the next round. */
  readonly write: (stream: string, cursor: Cursor) => Promise<CheckpointOutcome>
  readonly log: Log
}

/**
 * Collects commits and stores the newest per stream, at most one write per stream and interval: a storage account
 * charges and throttles by the write. A failing store costs nothing but a later restart point, so it is never fatal.
 */
export class Checkpoints {
  #pending = new Map<string, Cursor>()
  #failing = false
  #round: Promise<void> | undefined
  readonly #timer: NodeJS.Timeout
  readonly #deps: CheckpointsDeps

  constructor(deps: CheckpointsDeps) {
    this.#deps = deps
    this.#timer = setInterval(() => void (this.#round ?? this.flush()), deps.interval)
    this.#timer.unref()
  }

  commit(stream: string, cursor: Cursor): void {
    this.#pending.set(stream, cursor)
  }

  /** Has the stream written with the next round even where its checkpoint stands. */
  touch(stream: string, cursor: Cursor): void {
    // An object of its own: the write that may be under way has not seen what changed.
    this.#pending.set(stream, { ...(this.#pending.get(stream) ?? cursor) })
  }

  /** Drops what is pending of a stream that is no longer ours. */
  forget(stream: string): void {
    this.#pending.delete(stream)
  }

  /** Stores everything pending; true when nothing is left. Rounds never overlap, so a slow store is not hit harder. */
  async flush(): Promise<boolean> {
    while (this.#round) await this.#round
    this.#round = this.#writeAll().finally(() => {
      this.#round = undefined
    })
    await this.#round
    return this.#pending.size === 0
  }

  close(): void {
    clearInterval(this.#timer)
  }

  async #writeAll(): Promise<void> {
    const outcomes = await Promise.all([...this.#pending].map(([stream, cursor]) => this.#writeOne(stream, cursor)))
    const failure = outcomes.find(outcome => outcome !== undefined)
    if (failure && !this.#failing)
      this.#deps.log.warn(`checkpoints cannot be stored: ${failure}`, { 'event.action': 'checkpoint_failed' })
    if (!failure && this.#failing && outcomes.length > 0) this.#deps.log.info('checkpoints are stored again')
    if (outcomes.length > 0) this.#failing = failure !== undefined
  }

  /** The text of the failure, if it failed. */
  async #writeOne(stream: string, cursor: Cursor): Promise<string | undefined> {
    try {
      await this.#deps.write(stream, cursor)
    } catch (error) {
      return messageOf(error)
    }
    // A newer commit may have come in meanwhile; it stays for the next round.
    if (this.#pending.get(stream) === cursor) this.#pending.delete(stream)
    return undefined
  }
}
