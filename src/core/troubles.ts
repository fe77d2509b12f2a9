import type { Log } from './log.ts'

/** Once a minute is enough to know that it still does not work. */
const repeatAfter = 60_000

/** Reports what goes wrong again and again, without a storm of lines: at first, then now and then, and when it ends. */
export class Troubles {
  #open = new Map<string, { code: string; at: number }>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  report(subject: string, text: string, code: string): void {
    const known = this.#open.get(subject)
    const now = performance.now()
    // By code and not by text: the service puts a tracking id and the time into each.
    if (known?.code === code && now - known.at < repeatAfter) return
    this.#open.set(subject, { code, at: now })
    this.#log.warn(`${subject}: ${text}`, { 'event.action': 'source_trouble', 'error.code': code })
  }

  over(subject: string): void {
    if (this.#open.size === 0 || !this.#open.delete(subject)) return
    this.#log.info(`${subject}: reads again`, { 'event.action': 'source_well' })
  }
}
