import { type Condition, type Epoch, entityNotFound, unauthorized, undecodable } from './conditions.ts'
import type { Connection } from './connection.ts'
import { Delivery } from './delivery.ts'
import { publications } from './event.ts'
import type { Faults } from './faults.ts'
import { Intake } from './intake.ts'
import { answerManagement } from './management.ts'
import type { EventHub } from './namespace.ts'
import { acceptRequests, ReplyLink, type Request, type Response } from './requests.ts'
import type { AttachRequest, Session } from './session.ts'
import { startingPoint } from './start.ts'
import { type AccessPolicy, checkToken } from './token.ts'

/** What links lead to. */
export interface Broker {
  /** By name, whatever its case. */
  hubNamed(name: string): EventHub<Delivery> | undefined
  readonly policy: AccessPolicy
  readonly faults: Faults
  readonly now: () => number
}

/** A link that a peer asks for. */
interface Asked {
  readonly broker: Broker
  readonly connection: Connection
  readonly session: Session
  readonly request: AttachRequest
  /** The address at the hub's end. */
  readonly path: string
}

/** Bytes of a message, a batch included. */
const messageLimit = 1024 * 1024

/** Connects a link with what its address names, or refuses it. */
export function attach(broker: Broker, connection: Connection, session: Session, request: AttachRequest): void {
  const path = pathOf(request.peerReceives ? request.source : request.target)
  const refusal = connect({ broker, connection, session, request, path })
  if (refusal !== undefined) session.refuse(request, refusal)
}

function connect(asked: Asked): Condition | undefined {
  const { broker, connection, request, path } = asked
  if (path === '$cbs') return attachNode(asked, question => putToken(broker, connection, question))
  if (connection.authorizedUntil <= Date.now()) return unauthorized(request.peerReceives ? 'Listen' : 'Send', path)
  if (path.endsWith('$management')) {
    return attachNode(asked, question => answerManagement(question, name => broker.hubNamed(name), broker.now()))
  }
  return request.peerReceives ? attachReceiver(asked) : attachPublisher(asked)
}

function attachNode(
  { connection, session, request }: Asked,
  answer: (question: Request) => Response,
): Condition | undefined {
  if (request.peerReceives) {
    const link = new ReplyLink(session, request, connection)
    link.open()
  } else {
    acceptRequests(session, request, connection.replies, answer)
  }
  return undefined
}

function putToken(broker: Broker, connection: Connection, { properties, body }: Request): Response {
  const verdict = checkToken(String(properties.type), String(body), broker.policy, Date.now())
  if (!verdict.ok) return { status: 401, description: verdict.description, condition: 'amqp:unauthorized-access' }
  const [hub = ''] = pathOf(String(properties.name)).split('/')
  if (hub !== '' && hub !== '$management' && broker.hubNamed(hub) === undefined) {
    return { status: 404, ...entityNotFound(hub) }
  }
  connection.authorizedUntil = verdict.expires
  return { status: 202, description: 'Accepted' }
}

function attachReceiver(asked: Asked): Condition | undefined {
  const { broker, connection, session, request, path } = asked
  const [, name = '', group = '', id = ''] = /^([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/([^/]+)$/i.exec(path) ?? []
  const hub = broker.hubNamed(name)
  if (hub === undefined) return entityNotFound(path)
  const consumerGroup = hub.groupNamed(group)
  if (consumerGroup === undefined) return entityNotFound(path)
  const partition = hub.partition(id)
  if ('condition' in partition) return partition
  const place = { hub: hub.name, consumerGroup, partition: id }
  const fault = broker.faults.attachOf(place)
  if (fault !== undefined) return fault === 'stall' ? undefined : fault
  const position = startingPoint(request.filter, partition)
  if (typeof position !== 'number') return position
  const receivers = hub.receivers(consumerGroup, id)
  const delivery = new Delivery({
    ...{ session, request, connection, partition, position, place },
    ...{ faults: broker.faults, now: broker.now, receivers },
    epoch: (request.properties['com.microsoft:epoch'] ?? undefined) as Epoch,
    tracksLast: request.desiredCapabilities.includes('com.microsoft:enable-receiver-runtime-metric'),
  })
  const refusal = receivers.admit(delivery)
  if (refusal === undefined) delivery.open(messageLimit)
  return refusal
}

function attachPublisher({ broker, session, request, path }: Asked): Condition | undefined {
  const [, name = '', id] = /^([^/]+)(?:\/Partitions\/([^/]+))?$/i.exec(path) ?? []
  const hub = broker.hubNamed(name)
  if (hub === undefined) return entityNotFound(path)
  const fixed = id === undefined ? undefined : hub.partition(id)
  if (fixed !== undefined && 'condition' in fixed) return fixed
  const intake = new Intake(session, request, messageLimit, (message, format) => {
    try {
      const events = publications(message, format)
      const target = fixed ?? hub.route(events[0]?.partitionKey)
      target.append(events)
      return undefined
    } catch {
      return undecodable()
    }
  })
  intake.open()
  return undefined
}

/** Some clients give whole addresses. */
function pathOf(address: string): string {
  return address.replace(/^\w+:\/\/[^/]*/, '').replace(/^\/+|\/+$/g, '')
}
