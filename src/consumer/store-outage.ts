import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'

/** What fails when the store is down: looking who owns what, and the renewals of all partitions. */
type StoreCall = 'list' | 'renewals'

/** Notes when the store stops answering and when it answers again; tells the log once each. */
export class StoreOutage {
  /** Since when the store answers again after a failure (monotonic ms): nobody could renew before. */
  answersSince = Number.NEGATIVE_INFINITY
  #failing = new Set<StoreCall>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  answers(call: StoreCall): void {
    if (!this.#failing.delete(call) || this.#failing.size > 0) return
    this.answersSince = performance.now()
    this.#log.info('the checkpoint store answers again', { 'event.action': 'checkpoint_store_up' })
  }

  fails(call: StoreCall, error: unknown): void {
    if (this.#failing.size === 0)
      this.#log.warn(`the checkpoint store does not answer, partitions stay as they are: ${messageOf(error)}`, {
        'event.action': 'checkpoint_store_down',
      })
    this.#failing.add(call)
  }
}
