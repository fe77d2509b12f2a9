import { type AmqpValue, amqp, decodeSections, encode, listItems, type Plain, plain, section } from './codec.ts'
import { Intake } from './intake.ts'
import type { AttachRequest, Link, LinkFlow, Session } from './session.ts'

/** A request to the hub itself: a token, or a question about a hub or partition. */
export interface Request {
  readonly properties: { readonly [key: string]: Plain }
  readonly body: Plain
}

export interface Response {
  readonly status: number
  readonly description: string
  /** The error condition, when it is more exact than the status. */
  readonly condition?: string
  readonly body?: AmqpValue
}

/** What sends when there is credit and room; asked again whenever either may have changed. */
export interface Outlet {
  /** Sends at most one message; true if it did. */
  sendNext(): boolean
}

/** What an outlet needs of its connection. */
export interface Sending {
  readonly id: string
  readonly outlets: Set<Outlet>
  readonly replies: Set<ReplyLink>
  /** Has `sendNext` of all outlets called soon. */
  wake(): void
}

const requestLimit = 256 * 1024

export function acceptRequests(
  session: Session,
  request: AttachRequest,
  replies: ReadonlySet<ReplyLink>,
  answer: (request: Request) => Response,
): void {
  const intake = new Intake(session, request, requestLimit, message => {
    const { messageId, replyTo, ...question } = decodeRequest(message)
    replyLink(replies, session, request, replyTo)?.send(encodeResponse(messageId, answer(question)))
    return undefined
  })
  intake.open()
}

/** Responses leave on the link that `reply-to` names; Python names none and means the one beside the request's. */
function replyLink(
  replies: ReadonlySet<ReplyLink>,
  session: Session,
  request: AttachRequest,
  replyTo: string,
): ReplyLink | undefined {
  const links = [...replies]
  return (
    links.find(link => link.address === replyTo) ??
    links.find(link => link.session === session && link.node === request.target)
  )
}

/** The link on which a peer awaits responses. They are sent settled: some clients never settle them. */
export class ReplyLink implements Link, Outlet {
  readonly session: Session
  readonly address: string
  readonly node: string
  readonly #request: AttachRequest
  readonly #connection: Sending
  readonly #waiting: Buffer[] = []
  #sent = 0
  #credit = 0

  constructor(session: Session, request: AttachRequest, connection: Sending) {
    this.session = session
    this.address = request.target
    this.node = request.source
    this.#request = request
    this.#connection = connection
  }

  open(): void {
    this.session.accept(this.#request, this, requestLimit)
    this.#connection.outlets.add(this)
    this.#connection.replies.add(this)
  }

  send(message: Buffer): void {
    this.#waiting.push(message)
    this.#connection.wake()
  }

  sendNext(): boolean {
    const message = this.#waiting[0]
    if (message === undefined || this.#credit <= 0) return false
    if (!this.session.send(this.#request.handle, message, Buffer.alloc(0))) return false
    this.#waiting.shift()
    this.#sent++
    this.#credit--
    return true
  }

  flow({ deliveryCount, credit }: LinkFlow): void {
    this.#credit = deliveryCount + credit - this.#sent
  }

  closed(): void {
    this.#connection.outlets.delete(this)
    this.#connection.replies.delete(this)
  }
}

function decodeRequest(message: Buffer): Request & { messageId: AmqpValue; replyTo: string } {
  const sections = new Map(decodeSections(message).map(({ code, value }) => [code, value]))
  const properties = sections.get(section.properties)
  const fields = properties === undefined ? [] : listItems(properties)
  const applicationProperties = sections.get(section.applicationProperties)
  const body = sections.get(section.value) ?? sections.get(section.data)
  return {
    messageId: fields[0] ?? amqp.null(),
    replyTo: String(fields[4]?.value ?? ''),
    properties: (applicationProperties === undefined ? {} : plain(applicationProperties)) as { [key: string]: Plain },
    body: body === undefined ? null : plain(body),
  }
}

/** Go insists on int32 for the status. */
function encodeResponse(correlationId: AmqpValue, { status, description, condition, body }: Response): Buffer {
  const properties = Array.from({ length: 6 }, amqp.null)
  properties[5] = correlationId
  const outcome = {
    'status-code': amqp.int(status),
    'status-description': amqp.string(description),
    ...(condition === undefined ? {} : { 'error-condition': amqp.symbol(condition) }),
  }
  return encode([
    amqp.described(section.properties, amqp.list(properties)),
    amqp.described(section.applicationProperties, amqp.map(outcome)),
    amqp.described(section.value, body ?? amqp.map({})),
  ])
}
