import { amqp, encode, section } from './codec.ts'
import type { Condition, Epoch } from './conditions.ts'
import type { Faults, Place } from './faults.ts'
import type { Partition } from './partition.ts'
import type { Contender, Receivers } from './receivers.ts'
import type { Outlet, Sending } from './requests.ts'
import type { AttachRequest, Link, LinkFlow, Session } from './session.ts'

export interface DeliveryOptions {
  readonly session: Session
  readonly request: AttachRequest
  readonly partition: Partition
  /** Sequence number of the first event to send. */
  readonly position: number
  readonly place: Place
  readonly epoch: Epoch
  /** The peer asked to be told with every event how far the partition has got. */
  readonly tracksLast: boolean
  readonly connection: Sending
  readonly receivers: Receivers<Delivery>
  readonly faults: Faults
  readonly now: () => number
}

const none = Buffer.alloc(0)

/** The link that carries a partition's events to one receiver, as far as its credit goes. */
export class Delivery implements Link, Outlet, Contender {
  readonly place: Place
  readonly epoch: Epoch
  readonly connection: string
  readonly name: string
  readonly #options: DeliveryOptions
  readonly #handle: number
  readonly #wake = () => this.#options.connection.wake()
  #position: number
  #sent = 0
  #credit = 0
  #draining = false
  #pause: NodeJS.Timeout | undefined
  /** The delay before the next event is over. */
  #waited = false

  constructor(options: DeliveryOptions) {
    this.place = options.place
    this.epoch = options.epoch
    this.connection = options.connection.id
    this.name = options.request.name
    this.#options = options
    this.#handle = options.request.handle
    this.#position = options.position
  }

  /** Answers the attach request; events flow from the first credit on. */
  open(maxMessageSize: number): void {
    this.#options.session.accept(this.#options.request, this, maxMessageSize)
    this.#options.connection.outlets.add(this)
    this.#options.partition.listeners.add(this.#wake)
  }

  disconnect(reason: Condition): void {
    this.#options.session.detach(this.#handle, reason)
  }

  sendNext(): boolean {
    if (this.#credit <= 0 || this.#pause !== undefined) return false
    const event = this.#options.partition.read(this.#position)
    if (event === undefined) this.#drained()
    if (event === undefined || this.#held()) return false
    const head = this.#options.tracksLast ? Buffer.concat([this.#progress(), event.head]) : event.head
    if (!this.#options.session.send(this.#handle, head, event.tail)) return false
    this.#position = event.sequenceNumber + 1
    this.#sent = (this.#sent + 1) >>> 0
    this.#credit--
    return true
  }

  flow({ deliveryCount, credit, drain, echo }: LinkFlow): void {
    this.#credit = (deliveryCount + credit - this.#sent) | 0
    this.#draining = drain
    if (echo && !drain) this.#options.session.flow(this.#handle, this.#sent, this.#credit)
  }

  closed(): void {
    clearTimeout(this.#pause)
    this.#options.connection.outlets.delete(this)
    this.#options.partition.listeners.delete(this.#wake)
    this.#options.receivers.remove(this)
  }

  /** A drain is over once there is nothing to send: the rest of the credit is given back. */
  #drained(): void {
    if (!this.#draining) return
    this.#sent = (this.#sent + this.#credit) >>> 0
    this.#credit = 0
    this.#draining = false
    this.#options.session.flow(this.#handle, this.#sent, 0, true)
  }

  /** True while a fault keeps events back; a delay ends by itself. */
  #held(): boolean {
    const delay = this.#options.faults.delayOf(this.place)
    if (delay === 0 || this.#waited) {
      this.#waited = false
      return false
    }
    if (Number.isFinite(delay)) {
      this.#pause = setTimeout(() => {
        this.#pause = undefined
        this.#waited = true
        this.#wake()
      }, delay)
    }
    return true
  }

  #progress(): Buffer {
    const { last } = this.#options.partition
    if (last === undefined) return none
    const annotations = {
      last_enqueued_sequence_number: amqp.long(last.sequenceNumber),
      last_enqueued_offset: amqp.string(String(last.offset)),
      last_enqueued_time_utc: amqp.timestamp(last.enqueuedTime),
      runtime_info_retrieval_time_utc: amqp.timestamp(this.#options.now()),
    }
    return encode([amqp.described(section.deliveryAnnotations, amqp.symbolicMap(annotations))])
  }
}
