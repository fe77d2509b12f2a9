import type { Log } from '../core/log.ts'
import type { Reject, RejectReason } from '../core/types.ts'

/** Once a minute is enough to know that more come. */
const repeatAfter = 60_000

/** Says what went to the dead letter, folded: a line at first, then at most one a minute while more come. */
export class DeadLetterLog {
  readonly #log: Log
  readonly #folder: string
  /** Since the last line. */
  readonly #counts = new Map<RejectReason, number>()
  /** A text and not the reject, which would keep its message. */
  #first = ''
  #timer: NodeJS.Timeout | undefined

  constructor(log: Log, folder: string) {
    this.#log = log
    this.#folder = folder
  }

  /** Of dead letters that are on disk. */
  add(rejects: readonly Reject[]): void {
    for (const reject of rejects) {
      if (this.#counts.size === 0) this.#first = example(reject)
      this.#counts.set(reject.reason, (this.#counts.get(reject.reason) ?? 0) + 1)
    }
    if (this.#timer === undefined) this.#say()
  }

  /** Says what is not said yet. */
  close(): void {
    this.#say()
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #say(): void {
    if (this.#counts.size === 0) return
    const count = [...this.#counts.values()].reduce((sum, each) => sum + each, 0)
    const reasons = [...this.#counts].sort(([, a], [, b]) => b - a).map(([reason, each]) => `${each} ${reason}`)
    const letters = count === 1 ? 'dead letter' : 'dead letters'
    const text = `${count} new ${letters} (${reasons.join(', ')}) in ${this.#folder}; the first: ${this.#first}`
    this.#counts.clear()
    this.#log.warn(text, { 'event.action': 'dead_letter', 'labels.count': count })
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#wake(), repeatAfter).unref()
  }

  #wake(): void {
    this.#timer = undefined
    this.#say()
  }
}

/** The dead letter holds all that is known; the log is read by more people and says nothing of what is in a record. */
function example({ reason, detail, table, output }: Reject): string {
  const parts = [
    reason === 'refused' ? refusal(detail) : withoutCause(reason, detail),
    ...(table === undefined ? [] : [`table ${table.slice(0, 100)}`]),
    ...(output === undefined ? [] : [`output ${output}`]),
  ]
  return parts.join(', ')
}

/** What an output says may quote the value: its status, the kind of the error and the field are what it is let say here. */
function refusal(detail: string): string {
  const said =
    /^(status \d+)(?:; (\w+)(?:: (?:\[\d+:\d+\] )?(?:failed to parse|object mapping for)(?: field)? \[([^\]]+)\])?)?/
  const [, status, type, field] = said.exec(detail) ?? []
  if (status === undefined) return 'the output does not take it'
  return [status, ...(type ? [type] : []), ...(field ? [`field ${field.slice(0, 100)}`] : [])].join(' ')
}

/** An error of the JavaScript engine may quote what it could not read. */
function withoutCause(reason: RejectReason, detail: string): string {
  const isOfEngine = reason === 'worker_crash' || detail.includes('too large to be handled')
  return isOfEngine ? detail.replace(/:.*$/s, '') : detail
}
