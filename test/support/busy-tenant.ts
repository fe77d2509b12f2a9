import { Random } from '../../src/emulator/generator/random.ts'
import type { Item, SecurityStore } from '../../src/emulator/microsoft/security-store.ts'

/** A version of an alert, and when it could be read. */
export interface Life {
  readonly item: Item
  /** Whether it is dated before it could be read, when others of a later date could be read already. */
  readonly isLate: boolean
  /** Milliseconds since the epoch. */
  readonly from: number
  to: number
}

export interface Busy {
  /** Alerts that are changed a second, roughly. */
  readonly perSecond: number
  /** Alerts that are changed at one and the same moment, so many times in a thousand ticks of 100 ms. */
  readonly atOnce: number
  readonly perThousand: number
  /** Milliseconds by which a change may be dated before it can be read, at most. */
  readonly lateness: number
}

const tick = 100

/** The alerts of a stand-in, which change all the time, and its own record of what was current when. */
export class BusyTenant {
  readonly #store: SecurityStore
  readonly #random: Random
  readonly #busy: Busy
  readonly #lives = new Map<string, Life>()
  readonly #ids: string[] = []

  constructor(store: SecurityStore, seed: string, busy: Busy) {
    this.#store = store
    this.#random = new Random(seed)
    this.#busy = busy
  }

  get versions(): ReadonlyMap<string, Life> {
    return this.#lives
  }

  /** Alerts that nobody has touched for hours, some of them very many at one moment. */
  fill(count: number): void {
    const random = this.#random
    const { atOnce } = this.#busy
    const start = Date.now() - 20 * 3_600_000
    for (let minute = 0; this.#ids.length < count; minute++) {
      const some = random.chance(0.05) ? atOnce : random.between(1, atOnce / 8)
      this.#add(Math.min(some, count - this.#ids.length), start + minute * 60_000)
    }
  }

  /** Gives what stops it. */
  start(): () => void {
    const timer = setInterval(() => this.#live(), tick)
    return () => clearInterval(timer)
  }

  #live(): void {
    const random = this.#random
    const { perSecond, atOnce, perThousand, lateness } = this.#busy
    const few = Math.ceil((perSecond * tick) / 1000)
    this.#update(random.between(0, few), this.#ids.length)
    // Some are changed again and again, so that nobody can see all their versions.
    this.#update(random.between(0, few), 20, random.below(lateness))
    this.#update(random.between(0, few), this.#ids.length, random.below(lateness))
    if (random.chance(perThousand / 1000)) this.#update(atOnce, this.#ids.length)
    if (random.chance(0.05)) this.#add(random.between(1, 3), Date.now())
  }

  #add(count: number, at: number): void {
    const known = this.#store.alerts.size
    this.#store.add(count, at)
    for (const item of [...this.#store.alerts.values()].slice(known)) {
      this.#ids.push(item.id)
      this.#begin(item, false)
    }
  }

  /** Of the first `among` alerts; the versions of one alert are in order, those of several are not. */
  #update(count: number, among: number, lateness = 0): void {
    const at = Date.now() - lateness
    for (let index = 0; index < count; index++) {
      const id = this.#ids[this.#random.below(among)]!
      const item = this.#store.alerts.get(id)!
      if (Date.parse(item.lastUpdateDateTime) >= at) continue
      this.#lives.get(versionOf(item))!.to = Date.now()
      this.#store.update(id, at)
      this.#begin(this.#store.alerts.get(id)!, lateness > 0)
    }
  }

  #begin(item: Item, isLate: boolean): void {
    this.#lives.set(versionOf(item), { item, isLate, from: Date.now(), to: Number.POSITIVE_INFINITY })
  }
}

export function versionOf({ id, lastUpdateDateTime }: Pick<Item, 'id' | 'lastUpdateDateTime'>): string {
  return `${id} ${lastUpdateDateTime}`
}
