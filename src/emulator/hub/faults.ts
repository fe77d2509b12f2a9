import { type Condition, detachForced, serverBusy } from './conditions.ts'

/** What a receiver reads. */
export interface Place {
  readonly hub: string
  readonly consumerGroup: string
  readonly partition: string
}

/** What a fault befalls; a part that is left out means all. */
export type Where = Partial<Place>

/** Ends a fault. */
export type Heal = () => void

/** What faults act on. */
interface Victims {
  connections(): Iterable<{ destroy(): void; freeze(): void }>
  receivers(): Iterable<{ readonly place: Place; disconnect(reason: Condition): void }>
  /** Has everything that waited try again. */
  wake(): void
}

interface Rule {
  readonly where: Where
  readonly attach: Condition | 'stall' | undefined
  /** Milliseconds; infinite for silence. */
  readonly delay: number
}

/** Scripted misbehaviour. Faults that last are ended by the function they return, or all together by `heal`. */
export class Faults {
  readonly #victims: Victims
  readonly #rules = new Set<Rule>()

  constructor(victims: Victims) {
    this.#victims = victims
  }

  /** Cuts every connection now, without a word. Clients may connect again. */
  dropConnections(): void {
    for (const connection of this.#victims.connections()) connection.destroy()
  }

  /** Lets every connection hang from now on, as behind a dead peer: nothing is read, written or closed any more. */
  freezeConnections(): void {
    for (const connection of this.#victims.connections()) connection.freeze()
  }

  /** Detaches receivers now, with an error (the service's `amqp:link:detach-forced` by default). */
  dropLinks(where: Where = {}, reason: Condition = detachForced()): void {
    for (const receiver of this.#victims.receivers()) if (covers(where, receiver.place)) receiver.disconnect(reason)
  }

  /** Refuses new receivers with an error (`com.microsoft:server-busy` by default). */
  refuseReceivers(where: Where = {}, reason: Condition = serverBusy()): Heal {
    return this.#add({ where, attach: reason, delay: 0 })
  }

  /** Leaves the attach requests of new receivers unanswered. */
  stallReceivers(where: Where = {}): Heal {
    return this.#add({ where, attach: 'stall', delay: 0 })
  }

  /** Sends no events, while links and credit stay as they are: the silent partition. */
  silence(where: Where = {}): Heal {
    return this.delay(Number.POSITIVE_INFINITY, where)
  }

  /** Waits this many milliseconds before each event. */
  delay(ms: number, where: Where = {}): Heal {
    return this.#add({ where, attach: undefined, delay: ms })
  }

  heal(): void {
    this.#rules.clear()
    this.#victims.wake()
  }

  /** How a new receiver is met; undefined: as usual. */
  attachOf(place: Place): Condition | 'stall' | undefined {
    return this.#of(place).find(rule => rule.attach !== undefined)?.attach
  }

  delayOf(place: Place): number {
    return this.#rules.size === 0 ? 0 : Math.max(0, ...this.#of(place).map(rule => rule.delay))
  }

  #of(place: Place): Rule[] {
    return [...this.#rules].filter(rule => covers(rule.where, place))
  }

  #add(rule: Rule): Heal {
    this.#rules.add(rule)
    return () => {
      this.#rules.delete(rule)
      this.#victims.wake()
    }
  }
}

function covers(where: Where, place: Place): boolean {
  return (Object.keys(where) as (keyof Place)[]).every(key => where[key] === undefined || where[key] === place[key])
}
