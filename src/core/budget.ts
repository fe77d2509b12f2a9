/**
 * Bytes that may be in flight over all streams and stages. The hub is the buffer: when the budget is used up,
 * reading waits, first come first served, so that a busy stream cannot starve a quiet one.
 */
export class Budget {
  readonly limit: number
  #used = 0
  #parked = 0
  #waiting: { bytes: number; go: () => void }[] = []
  readonly #report: (used: number) => void

  constructor(limit: number, report: (used: number) => void = () => {}) {
    this.limit = limit
    this.#report = report
  }

  get used(): number {
    return this.#used
  }

  /**
   * Resolves once the bytes are granted; they are returned with `give`. One batch passes, however large, when nothing else
   * is in flight but what is parked. On abort the bytes are granted at once: the caller stops anyway.
   */
  async take(bytes: number, abort: AbortSignal): Promise<void> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) await this.#turn(bytes, abort)
    else this.add(bytes)
  }

  /** Counts bytes that exist already, whether or not there is room: what the transform made of granted bytes. */
  add(bytes: number): void {
    this.#used += bytes
    this.#report(this.#used)
  }

  give(bytes: number): void {
    this.#used -= bytes
    this.#report(this.#used)
    this.#admit()
  }

  /** Of the bytes in use, these wait for optional outputs alone from now on: they must not stop what others wait for. */
  park(bytes: number): void {
    this.#parked += bytes
    this.#admit()
  }

  /** Returns bytes that were parked. */
  giveParked(bytes: number): void {
    this.#parked -= bytes
    this.give(bytes)
  }

  #admit(): void {
    while (this.#waiting[0] && this.#fits(this.#waiting[0].bytes)) this.#waiting.shift()!.go()
  }

  #fits(bytes: number): boolean {
    return this.#used === this.#parked || this.#used + bytes <= this.limit
  }

  #turn(bytes: number, abort: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      const waiter = { bytes, go: () => done() }
      const done = () => {
        abort.removeEventListener('abort', giveUp)
        this.add(bytes)
        resolve()
      }
      const giveUp = () => {
        this.#waiting = this.#waiting.filter(other => other !== waiter)
        done()
      }
      if (abort.aborted) return done()
      abort.addEventListener('abort', giveUp, { once: true })
      this.#waiting.push(waiter)
    })
  }
}

/** What the pipeline's own notes on a message cost, however small its body is. */
const messageCost = 1024

/** What a batch of messages costs in memory until it is settled, its documents not counted. */
export function costOf(batch: { readonly bytes: number; readonly messages: readonly unknown[] }): number {
  return batch.bytes + batch.messages.length * messageCost
}

/**
 * Bytes of documents for each byte of messages, learnt: what a batch will hold is granted before its documents are
 * made. Follows a rise at once and a decline slowly, since a guess too high costs a short wait, one too low memory.
 */
export class Growth {
  /** Small records, most of whose documents is what xdrelay adds, come to about this. */
  #factor = 3

  documents(messageBytes: number): number {
    return Math.ceil(messageBytes * this.#factor)
  }

  learn(messageBytes: number, documentBytes: number): void {
    if (messageBytes === 0) return
    const seen = documentBytes / messageBytes
    this.#factor = seen > this.#factor ? seen : this.#factor + (seen - this.#factor) / 16
  }
}
