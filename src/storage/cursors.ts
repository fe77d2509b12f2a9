import { XdrelayError } from '../core/errors.ts'
import type { CheckpointOutcome, Cursor, Positions } from '../core/types.ts'
import { formatPositions, parsePositions } from './positions-text.ts'

/** Where a source that is polled keeps its positions, and who of several replicas may poll it. */
export interface CursorStore {
  /** For people: where that is. */
  readonly place: string
  /** Proves that positions can be kept there; throws `storage_*`, `container_not_found` or `cannot_write` if not. */
  prove(signal: AbortSignal): Promise<void>
  /** Gives the right to poll to one at a time; undefined while another has it. Throws like `prove`. */
  acquire(signal: AbortSignal): Promise<CursorHold | undefined>
}

/** The right to poll a source, from when it was given to when it is lost or released. */
export interface CursorHold {
  /** Aborts when the right is lost. */
  readonly lost: AbortSignal
  /** Whether it still holds, by the clock too: a process that slept hears of a loss late. */
  readonly isHeld: boolean
  read(): Promise<Positions>
  /** Never moves it backwards, and never without the right: then it is `stale`. */
  checkpoint(cursor: Cursor): Promise<CheckpointOutcome>
  saveLane(output: string, cursor: Cursor): Promise<CheckpointOutcome>
  clearLane(output: string): Promise<CheckpointOutcome>
  /** Gives the right back, so that another has it at once. Never throws. */
  release(): Promise<void>
}

/** One text that whoever has the right may change. */
export interface HeldText {
  /** Of a right that is lost it may be another's text. */
  read(): Promise<string | undefined>
  /** Replaces what was read or written last. `conflict`: it is another text by now; `lost`: so is the right. */
  write(text: string): Promise<'written' | 'conflict' | 'lost'>
}

/** The positions in a text: one change at a time, each a whole new text, so that they always belong together. */
export class HeldPositions {
  readonly #text: HeldText
  /** For people: what the text is in. */
  readonly #name: string
  /** As read or written last; undefined when it has to be read (again). */
  #known: Positions | undefined
  #turn: Promise<unknown> = Promise.resolve()

  constructor(text: HeldText, name: string) {
    this.#text = text
    this.#name = name
  }

  read(): Promise<Positions> {
    return this.#inTurn(() => this.#read())
  }

  checkpoint(cursor: Cursor): Promise<CheckpointOutcome> {
    return this.#change(({ checkpoint, lanes }) => move(checkpoint, cursor, () => ({ checkpoint: cursor, lanes })))
  }

  saveLane(output: string, cursor: Cursor): Promise<CheckpointOutcome> {
    return this.#change(({ checkpoint, lanes }) =>
      move(lanes.get(output), cursor, () => ({ checkpoint, lanes: new Map([...lanes, [output, cursor]]) })),
    )
  }

  clearLane(output: string): Promise<CheckpointOutcome> {
    return this.#change(({ checkpoint, lanes }) =>
      lanes.has(output) ? { checkpoint, lanes: new Map([...lanes].filter(([name]) => name !== output)) } : 'written',
    )
  }

  /** Resolves when no change is under way. */
  async settled(): Promise<void> {
    await this.#turn
  }

  #change(change: (before: Positions) => Positions | CheckpointOutcome): Promise<CheckpointOutcome> {
    return this.#inTurn(async () => {
      for (let attempt = 0; attempt < 5; attempt++) {
        const after = change(await this.#read())
        if (typeof after === 'string') return after
        // Until the answer is there, nobody knows which of the two texts stands.
        this.#known = undefined
        const outcome = await this.#text.write(formatPositions(after))
        if (outcome === 'lost') return 'stale'
        if (outcome === 'written') this.#known = after
        if (outcome === 'written') return 'written'
      }
      throw new XdrelayError('positions_contended', `${this.#name} was changed by others five times in a row`)
    })
  }

  async #read(): Promise<Positions> {
    this.#known ??= parsePositions(await this.#text.read(), this.#name)
    return this.#known
  }

  #inTurn<Result>(task: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(task)
    this.#turn = turn.catch(() => {})
    return turn
  }
}

function move(before: Cursor | undefined, to: Cursor, moved: () => Positions): Positions | CheckpointOutcome {
  if (before === undefined || before.sequenceNumber < to.sequenceNumber) return moved()
  // The same again is a write that was repeated because its first answer got lost.
  return before.sequenceNumber === to.sequenceNumber ? 'written' : 'stale'
}
