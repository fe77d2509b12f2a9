import { type Condition, type Epoch, epochRequired, lowerEpoch, stolen, tooManyReceivers } from './conditions.ts'

/** A receiver as the rules see it. */
export interface Contender {
  readonly epoch: Epoch
  /** Detaches it from the hub's side. */
  disconnect(reason: Condition): void
}

const withoutEpochLimit = 5

/**
 * Who reads one partition through one consumer group: either one receiver with an epoch, which any later one with the
 * same or a higher epoch takes over, or up to five without.
 */
export class Receivers<T extends Contender> {
  readonly #present = new Set<T>()

  /** Admits the receiver and disconnects those that have to yield, or says why not. */
  admit(receiver: T): Condition | undefined {
    const { epoch } = receiver
    const owner = [...this.#present].map(present => present.epoch).find(level => level !== undefined)
    if (epoch === undefined) {
      if (owner !== undefined) return epochRequired(owner)
      if (this.#present.size >= withoutEpochLimit) return tooManyReceivers(withoutEpochLimit)
    } else {
      if (owner !== undefined && epoch < owner) return lowerEpoch(owner, epoch)
      for (const other of this.#present) {
        other.disconnect(other.epoch === undefined ? epochRequired(epoch) : stolen(epoch, other.epoch))
      }
      this.#present.clear()
    }
    this.#present.add(receiver)
    return undefined
  }

  remove(receiver: T): void {
    this.#present.delete(receiver)
  }

  [Symbol.iterator](): IterableIterator<T> {
    return [...this.#present].values()
  }
}
