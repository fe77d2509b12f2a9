import { Receiver, ReceiverEvents } from 'rhea-promise'
import type { Share } from './allowance.ts'
import { releaseFrame } from './frames.ts'

export interface CreditRule {
  /** The SDK's `prefetchCount`. */
  readonly prefetch: number
  readonly share: () => Share
  /** Told the bytes that wait in the SDK's queues of all links, whenever they change. */
  readonly waiting: (bytes: number) => void
}

/** By the name of the replica, which the SDK writes into the target of its links. */
const replicas = new Map<string, LinksOfReplica>()
const patched = Symbol.for('xdrelay.credit')

/**
 * Hazard A: with each empty receive the SDK adds credit for a full prefetch without subtracting what is outstanding, so
 * a quiet partition gathers thousands of credits and the next burst lands in memory all at once. Here a link is topped
 * up instead, and only to what its share permits; where messages turn out larger than the credit was meant for, credit
 * is taken back. The prototype is changed once per process.
 */
export function limitCredit(replica: string, rule: CreditRule): () => void {
  patchOnce()
  replicas.set(replica, new LinksOfReplica(rule))
  return () => {
    replicas.delete(replica)
    rule.waiting(0)
  }
}

function patchOnce(): void {
  const prototype = Receiver.prototype as Receiver & { [patched]?: true }
  if (prototype[patched]) return
  prototype[patched] = true
  const add = prototype.addCredit
  prototype.addCredit = function (this: Receiver, credit: number) {
    const granted = replicas.get(this.target?.address ?? '')?.grant(this, credit) ?? credit
    if (granted > 0) add.call(this, granted)
  }
}

class LinksOfReplica {
  readonly #rule: CreditRule
  readonly #queues = new Map<Receiver, Queue>()

  constructor(rule: CreditRule) {
    this.#rule = rule
  }

  /** How much of the credit that the SDK wants to add is given. */
  grant(link: Receiver, asked: number): number {
    const { prefetch, share } = this.#rule
    // The SDK asks for its prefetch minus what is queued, so the difference tells how much is queued.
    const queued = Math.max(0, prefetch - asked)
    const queue = this.#queues.get(link) ?? this.#watch(link)
    queue.keep(queued)
    this.#tell()
    if (queue.lent) inner(link).credit = 0
    queue.lent = false
    return Math.max(1, Math.min(share().messages, prefetch) - queued) - link.credit
  }

  #watch(link: Receiver): Queue {
    const partition = link.source?.address
    for (const earlier of this.#queues.keys()) if (earlier.source?.address === partition) this.#queues.delete(earlier)
    const queue = new Queue()
    this.#queues.set(link, queue)
    link.on(ReceiverEvents.message, ({ message, delivery }) => {
      releaseFrame(delivery)
      const size = sizeOf(message?.body)
      queue.add(size)
      this.#tell()
      const room = Math.max(1, Math.floor((this.#rule.share().bytes - queue.bytes) / Math.max(1, size)))
      if (room < link.credit) lowerCredit(link, room)
      if (link.credit > 0) return
      // What was on the wire already comes beyond the lowered credit, of which rhea would complain.
      inner(link).credit = 1
      queue.lent = true
    })
    return queue
  }

  #tell(): void {
    let bytes = 0
    // With its link the SDK lets go of what waits.
    for (const [link, queue] of this.#queues) if (link.isOpen()) bytes += queue.bytes
    this.#rule.waiting(bytes)
  }
}

/** The sizes of the messages of a link that the SDK has not handed on, oldest first. */
class Queue {
  readonly #sizes: number[] = []
  bytes = 0
  /** The link's one credit is known here only; the hub has none. */
  lent = false

  add(size: number): void {
    this.#sizes.push(size)
    this.bytes += size
  }

  /** Only the newest are left. */
  keep(messages: number): void {
    for (const size of this.#sizes.splice(0, Math.max(0, this.#sizes.length - messages))) this.bytes -= size
  }
}

/** AMQP lets a receiver lower its credit; rhea has no method for it. */
function lowerCredit(link: Receiver, credit: number): void {
  const { connection } = Object.assign(inner(link), { credit, issue_flow: true })
  connection._register()
}

function inner(link: Receiver): RheaLink {
  return (link as unknown as { _link: RheaLink })._link
}

interface RheaLink {
  credit: number
  issue_flow: boolean
  readonly connection: { _register(): void }
}

function sizeOf(body: unknown): number {
  const content = (body as { content?: unknown } | undefined)?.content ?? body
  return content instanceof Uint8Array ? content.byteLength : 0
}
