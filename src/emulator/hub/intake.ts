import { type Condition, messageTooLarge } from './conditions.ts'
import type { AttachRequest, Link, Session, Transfer } from './session.ts'

/** Takes one whole message from a sending peer; a condition rejects it. */
export type Take = (message: Buffer, format: number) => Condition | undefined

const creditWindow = 1000

/** The hub's end of a link on which the peer sends: puts transfers together, settles, grants credit. */
export class Intake implements Link {
  readonly #session: Session
  readonly #request: AttachRequest
  readonly #handle: number
  readonly #limit: number
  readonly #take: Take
  #parts: Buffer[] = []
  #size = 0
  #deliveryId = 0
  #format = 0
  #received = 0
  #credit = creditWindow

  constructor(session: Session, request: AttachRequest, limit: number, take: Take) {
    this.#session = session
    this.#request = request
    this.#handle = request.handle
    this.#limit = limit
    this.#take = take
  }

  open(): void {
    this.#session.accept(this.#request, this, this.#limit)
    this.#session.flow(this.#handle, 0, creditWindow)
  }

  transfer({ deliveryId, format, settled, more, aborted, payload }: Transfer): void {
    if (this.#size === 0 && this.#parts.length === 0) {
      this.#deliveryId = deliveryId ?? this.#deliveryId
      this.#format = format
    }
    if (payload !== undefined) {
      this.#size += payload.length
      // Beyond the limit only the size is of interest.
      if (this.#size <= this.#limit) this.#parts.push(payload)
    }
    if (more && !aborted) return
    const rejection = aborted ? undefined : this.#complete()
    this.#parts = []
    this.#size = 0
    if (!settled) this.#session.settle(this.#deliveryId, rejection)
    this.#received++
    if (--this.#credit < creditWindow / 2) {
      this.#credit = creditWindow
      this.#session.flow(this.#handle, this.#received, creditWindow)
    }
  }

  closed(): void {}

  #complete(): Condition | undefined {
    if (this.#size > this.#limit) return messageTooLarge(this.#size, this.#limit)
    // A copy of its own: the parts are views of socket buffers that are much larger than they.
    return this.#take(Buffer.concat(this.#parts, this.#size), this.#format)
  }
}
