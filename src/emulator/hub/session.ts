import {
  type AmqpValue,
  amqp,
  encodeFrame,
  type Frame,
  type Plain,
  performative,
  transferBytes,
  transferFrame,
} from './codec.ts'
import type { Condition } from './conditions.ts'

/** What a session needs of its connection. */
export interface Wire {
  /** Bytes of a frame that the peer takes at most. */
  readonly maxFrameSize: number
  write(bytes: Uint8Array): void
  /** Has the outlets try again soon. */
  wake(): void
}

/** One end of a link, as its session drives it. */
export interface Link {
  flow?(flow: LinkFlow): void
  transfer?(transfer: Transfer): void
  /** The link is gone: detached by either side, or with its session or connection. Called once. */
  closed(): void
}

export interface LinkFlow {
  readonly deliveryCount: number
  readonly credit: number
  readonly drain: boolean
  readonly echo: boolean
}

export interface Transfer {
  readonly deliveryId: number | undefined
  readonly format: number
  readonly settled: boolean
  readonly more: boolean
  readonly aborted: boolean
  readonly payload: Buffer | undefined
}

/** The peer's request for a link. */
export interface AttachRequest {
  readonly name: string
  readonly handle: number
  /** The peer receives on this link; otherwise it sends. */
  readonly peerReceives: boolean
  readonly settleModes: { readonly sender: number; readonly receiver: number }
  /** Address; the link's name where the peer gave none, because some clients want one back. */
  readonly source: string
  readonly target: string
  /** The text of the selector filter. */
  readonly filter: string | undefined
  readonly desiredCapabilities: readonly string[]
  readonly properties: { readonly [key: string]: Plain }
}

const incomingWindow = 5000
/** Old Go clients refresh their window only when this number, as they count it, gets low. */
const outgoingWindow = 1000
/** Below this a message is written in one piece; above, its body is passed on uncopied. */
const copyBelow = 4096
const none = Buffer.alloc(0)

/**
 * A session: transfer windows, and links by handle. Channel and handles are the peer's own numbers in both directions.
 * Frames for a handle that is not attached are ignored: closing peers send them late, and the other links must live.
 */
export class Session {
  readonly #wire: Wire
  readonly #channel: number
  readonly #attach: (session: Session, request: AttachRequest) => void
  readonly #links = new Map<number, Link>()
  #nextOutgoing = 0
  #nextDelivery = 0
  #remoteWindow: number
  #nextIncoming: number
  #window = incomingWindow

  /** Answers the begin frame. `attach` is asked for every link the peer wants. */
  constructor(wire: Wire, begin: Frame, attach: (session: Session, request: AttachRequest) => void) {
    this.#wire = wire
    this.#channel = begin.channel
    this.#attach = attach
    this.#nextIncoming = numberOr(begin.fields[1], 0)
    this.#remoteWindow = numberOr(begin.fields[2], 0)
    const windows = [amqp.uint(0), amqp.uint(incomingWindow), amqp.uint(outgoingWindow), amqp.uint(255)]
    this.#write(performative.begin, [amqp.ushort(begin.channel), ...windows])
  }

  receive(frame: Frame): void {
    const handle = frame.fields[0] as number
    switch (frame.code) {
      case performative.attach:
        this.#attach(this, attachRequest(frame.fields))
        break
      case performative.flow:
        this.#onFlow(frame.fields)
        break
      case performative.transfer:
        this.#onTransfer(handle, frame)
        break
      case performative.detach:
        this.detach(handle)
        break
      case performative.end:
        this.closed()
        this.#write(performative.end, [])
        break
      default: // dispositions: all that is sent is settled
    }
  }

  closed(): void {
    for (const link of this.#links.values()) link.closed()
    this.#links.clear()
  }

  /** Answers an attach request. Some clients compare the settle modes and refuse a link without source or target. */
  accept(request: AttachRequest, link: Link, maxMessageSize: number): void {
    const { name, handle, peerReceives, settleModes, filter } = request
    this.#links.get(handle)?.closed()
    this.#links.set(handle, link)
    this.#write(performative.attach, [
      amqp.string(name),
      amqp.uint(handle),
      amqp.boolean(!peerReceives),
      amqp.ubyte(settleModes.sender),
      amqp.ubyte(settleModes.receiver),
      terminus(0x28, 11, request.source, filter),
      terminus(0x29, 7, request.target),
      undefined,
      undefined,
      peerReceives ? amqp.uint(0) : undefined,
      amqp.ulong(maxMessageSize),
    ])
  }

  /** Opens and closes at once: how AMQP says no to an attach request. */
  refuse(request: AttachRequest, reason: Condition): void {
    this.accept(request, { closed() {} }, 0)
    this.detach(request.handle, reason)
  }

  detach(handle: number, reason?: Condition): void {
    const link = this.#links.get(handle)
    if (link === undefined) return
    this.#links.delete(handle)
    link.closed()
    const error = reason === undefined ? undefined : errorValue(reason)
    this.#write(performative.detach, [amqp.uint(handle), amqp.boolean(true), error])
  }

  /** Grants credit to a sending peer, or answers a receiving one. */
  flow(handle: number, deliveryCount: number, credit: number, drain = false): void {
    const link = [amqp.uint(handle), amqp.uint(deliveryCount), amqp.uint(credit), undefined, amqp.boolean(drain)]
    this.#writeFlow(link)
  }

  /** Settles what the peer sent. */
  settle(deliveryId: number, rejection?: Condition): void {
    const outcome =
      rejection === undefined
        ? amqp.described(0x24, amqp.list([]))
        : amqp.described(0x25, amqp.list([errorValue(rejection)]))
    const id = amqp.uint(deliveryId)
    this.#write(performative.disposition, [amqp.boolean(true), id, id, amqp.boolean(true), outcome])
  }

  /** Sends a message, settled, in as many frames as it takes; false when the peer's window has no room for it. */
  send(handle: number, head: Buffer, tail: Uint8Array): boolean {
    const room = this.#wire.maxFrameSize - transferBytes
    const total = head.length + tail.length
    const frames = Math.max(1, Math.ceil(total / room))
    if (this.#remoteWindow < frames) return false
    const inOnePiece = total < copyBelow || head.length > room
    let lead = inOnePiece ? Buffer.concat([head, tail], total) : head
    let rest = inOnePiece ? none : tail
    if (lead.length > room) [lead, rest] = [none, lead]
    const deliveryId = this.#nextDelivery++ >>> 0
    for (let i = 0, from = 0; i < frames; i++) {
      const part = rest.subarray(from, from + room - lead.length)
      from += part.length
      const more = i + 1 < frames
      this.#wire.write(transferFrame({ channel: this.#channel, handle, deliveryId, more }, lead, part.length))
      if (part.length > 0) this.#wire.write(part)
      lead = none
    }
    this.#nextOutgoing = (this.#nextOutgoing + frames) >>> 0
    this.#remoteWindow -= frames
    return true
  }

  #onFlow(fields: readonly Plain[]): void {
    const [nextIncoming, window, nextOutgoing, , handle, deliveryCount, credit, , drain, echo] = fields
    const underWay = (this.#nextOutgoing - numberOr(nextIncoming, 0)) | 0
    this.#remoteWindow = (window as number) - underWay
    this.#nextIncoming = numberOr(nextOutgoing, this.#nextIncoming)
    if (typeof handle === 'number') {
      const flow = { deliveryCount: numberOr(deliveryCount, 0), credit: numberOr(credit, 0) }
      this.#links.get(handle)?.flow?.({ ...flow, drain: drain === true, echo: echo === true })
    } else if (echo === true) {
      this.#writeFlow([])
    }
    // Also without a handle: a wider window lets links send that had credit before.
    this.#wire.wake()
  }

  #onTransfer(handle: number, { fields, payload }: Frame): void {
    this.#nextIncoming = (this.#nextIncoming + 1) >>> 0
    if (--this.#window < incomingWindow / 2) {
      this.#window = incomingWindow
      this.#writeFlow([])
    }
    const [, deliveryId, , format, settled, more, , , , aborted] = fields
    this.#links.get(handle)?.transfer?.({
      deliveryId: typeof deliveryId === 'number' ? deliveryId : undefined,
      format: numberOr(format, 0),
      settled: settled === true,
      more: more === true,
      aborted: aborted === true,
      payload,
    })
  }

  #writeFlow(link: readonly (AmqpValue | undefined)[]): void {
    const own = [this.#nextIncoming, this.#window, this.#nextOutgoing, outgoingWindow].map(amqp.uint)
    this.#write(performative.flow, [...own, ...link])
  }

  #write(code: number, fields: readonly (AmqpValue | undefined)[]): void {
    this.#wire.write(encodeFrame(this.#channel, code, fields))
  }
}

function errorValue({ condition, description }: Condition): AmqpValue {
  return amqp.described(0x1d, amqp.list([amqp.symbol(condition), amqp.string(description), amqp.null()]))
}

const selector = 'apache.org:selector-filter:string'

function terminus(code: number, fieldCount: number, address: string, filter?: string): AmqpValue {
  const fields = Array.from({ length: fieldCount }, amqp.null)
  fields[0] = amqp.string(address)
  if (filter !== undefined) {
    fields[7] = amqp.symbolicMap({ [selector]: amqp.described(0x468c00000004, amqp.string(filter)) })
  }
  return amqp.described(code, amqp.list(fields))
}

function attachRequest(fields: readonly Plain[]): AttachRequest {
  const [name, handle, role, snd, rcv, source, target, , , , , , desired, properties] = fields
  return {
    name: String(name),
    handle: handle as number,
    peerReceives: role === true,
    settleModes: { sender: numberOr(snd, 2), receiver: numberOr(rcv, 0) },
    source: address(source) || String(name),
    target: address(target) || String(name),
    filter: selectorOf(source),
    desiredCapabilities: [desired ?? []].flat().map(String),
    properties: (properties ?? {}) as { [key: string]: Plain },
  }
}

function address(terminus: Plain | undefined): string {
  return Array.isArray(terminus) && typeof terminus[0] === 'string' ? terminus[0] : ''
}

function selectorOf(source: Plain | undefined): string | undefined {
  const filters = Array.isArray(source) ? source[7] : undefined
  const entry = Object.entries(filters ?? {}).find(([key]) => key.includes('selector'))
  return entry === undefined ? undefined : String(entry[1])
}

function numberOr(value: Plain | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise
}
