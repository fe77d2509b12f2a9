import type { Log } from './log.ts'

/** Once a minute is enough to know that it still does not work. */
const repeatAfter = 60_000

interface Trouble {
  /** Codes that were said since the last minute began. */
  readonly said: Set<string>
  since: number
  code: string
}

/** Reports what goes wrong again and again, without a storm of lines: at first, then now and then, and when it ends. */
export class Troubles {
  #open = new Map<string, Trouble>()
  readonly #log: Log

  constructor(log: Log) {
    this.#log = log
  }

  /** By code and not by text: the service puts a tracking id and the time into each. Codes that take turns are said once. */
  report(subject: string, text: string, code: string): void {
    const now = performance.now()
    const trouble = this.#open.get(subject) ?? { said: new Set(), since: now, code }
    this.#open.set(subject, trouble)
    trouble.code = code
    if (now - trouble.since >= repeatAfter) {
      trouble.said.clear()
      trouble.since = now
    }
    if (trouble.said.has(code)) return
    trouble.said.add(code)
    this.#log.warn(`${subject}: ${text}`, { 'event.action': 'source_trouble', 'error.code': code })
  }

  over(subject: string): void {
    if (this.#open.size === 0 || !this.#open.delete(subject)) return
    this.#log.info(`${subject}: reads again`, { 'event.action': 'source_well' })
  }

  /** Codes of what is wrong now with the subjects that are asked about. */
  codes(isAsked: (subject: string) => boolean): string[] {
    const found = [...this.#open].filter(([subject]) => isAsked(subject)).map(([, { code }]) => code)
    return [...new Set(found)].sort()
  }
}
