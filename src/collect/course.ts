import type { Cursor, Positions } from '../core/types.ts'

/**
 * Sequence numbers from one page to the next. The room between them is for pages that are read again for an output
 * that lags: numbered just above that output's position, they are new to it and known to all others.
 */
export const stride = 1_000_000

/** Where reading goes from the stored positions on: from the lowest up to each of the others, then on without end. */
export class Course {
  #at: Cursor | undefined
  /** Positions ahead that others have reached already, lowest first. */
  readonly #ahead: Cursor[] = []
  /** For a first start: no number up to this one is free. */
  readonly #taken: number
  /** For a first start: where an earlier one began of which nothing is settled. */
  readonly #began: string | undefined

  constructor({ checkpoint, lanes }: Positions) {
    const lagging = [...lanes.values()].sort((left, right) => left.sequenceNumber - right.sequenceNumber)
    this.#taken = lagging.at(-1)?.sequenceNumber ?? 0
    this.#began = lagging[0]?.offset
    if (checkpoint === undefined) return
    const behind = lagging.filter(({ sequenceNumber }) => sequenceNumber < checkpoint.sequenceNumber)
    const places = new Map([...behind, checkpoint].map(cursor => [cursor.sequenceNumber, cursor]))
    const [lowest, ...others] = places.values()
    this.#at = lowest
    this.#ahead = others
  }

  /** The state to read from; undefined for the collector's own beginning. */
  get from(): string | undefined {
    // Empty where a first start could not say where it began.
    return (this.#at?.offset ?? this.#began) || undefined
  }

  /** The state to read up to, when others have the rest. */
  get until(): string | undefined {
    return this.#ahead[0]?.offset
  }

  /**
   * A first start sets out, at this state if it tells one. Outputs that take nothing yet lag from there on; without
   * such a mark they would begin later, at a look-back from another time. Undefined when it is under way already.
   */
  setOut(state: string): Cursor | undefined {
    if (this.#at !== undefined) return undefined
    this.#at = { sequenceNumber: after(this.#taken), offset: this.#began ?? state }
    return this.#at
  }

  /** A page that leads to this state. */
  advance(state: string): Cursor {
    const { sequenceNumber } = this.#at!
    this.#at = { sequenceNumber: this.#ahead.length > 0 ? sequenceNumber + 1 : after(sequenceNumber), offset: state }
    return this.#at
  }

  /** All is read up to the next position; undefined when there is none ahead. */
  arrive(): Cursor | undefined {
    const place = this.#ahead.shift()
    if (place !== undefined) this.#at = place
    return place
  }
}

function after(sequenceNumber: number): number {
  return (Math.floor(sequenceNumber / stride) + 1) * stride
}
