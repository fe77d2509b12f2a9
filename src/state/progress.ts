import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { CheckpointOutcome, Cursor, Positions, RewindableSource, SourceBatch } from '../core/types.ts'
import { Checkpoints } from './checkpoints.ts'
import { Ledger } from './ledger.ts'

export interface ProgressDeps {
  /** Names of the outputs that hold the checkpoint. */
  readonly required: readonly string[]
  /** Names of the outputs whose progress is kept apart, because they do not. */
  readonly optional: readonly string[]
  readonly interval: number
  readonly log: Log
  readonly abort: AbortSignal
  /** Called after each checkpoint that was stored. */
  readonly stored: (stream: string, cursor: Cursor, outcome: CheckpointOutcome) => void
}

/** Where a stream stands; set when its first batch comes, dropped when the stream is lost or taken up anew. */
interface StreamState {
  readonly source: RewindableSource
  /** The stored checkpoint: every required output has all up to here. */
  checkpoint: Cursor
  /**
   * For each optional output: it has all up to here. The same for a required one that lags behind the checkpoint, since it
   * was optional when it fell behind.
   */
  readonly lanes: Map<string, Cursor>
  /** Lane positions that stand in the store, by sequence number, to write only what changed. */
  readonly saved: Map<string, number>
}

/** Settles one batch, for the required outputs together or for an optional one. */
export interface Settlers {
  required(): void
  optional(output: string): () => void
}

/**
 * Progress of every stream: one ledger for the required outputs together, one for each optional output.
 * The checkpoint moves with the required ones. Before it passes an optional output that lags, that output's own
 * position is stored, so that neither a crash nor an outage makes it lose what it has not taken yet.
 */
export class Progress {
  #streams = new Map<string, StreamState>()
  #openings = new Map<string, Promise<void>>()
  readonly #required: Ledger
  readonly #optional: ReadonlyMap<string, Ledger>
  readonly #checkpoints: Checkpoints
  readonly #deps: ProgressDeps

  constructor(deps: ProgressDeps) {
    this.#deps = deps
    this.#checkpoints = new Checkpoints({
      interval: deps.interval,
      log: deps.log,
      write: (stream, cursor) => this.#store(stream, cursor),
    })
    this.#required = new Ledger((stream, cursor) => this.#committed(stream, cursor))
    this.#optional = new Map(
      deps.optional.map(name => [name, new Ledger((stream, cursor) => this.#laneCommitted(name, stream, cursor))]),
    )
  }

  /**
   * Learns where the stream was left, unless it is known already. Waits while the store cannot be asked. Only the first
   * batch may tell where a stream without a checkpoint begins, so later ones wait for its answer.
   */
  open(source: RewindableSource, batch: SourceBatch): Promise<void> {
    const known = this.#openings.get(batch.stream)
    if (known) return known
    const opening: Promise<void> = this.#ask(source, batch.stream).then(positions => {
      // Lost while it was asked for: the answer is of another time.
      const isCurrent = this.#openings.get(batch.stream) === opening
      if (positions && isCurrent) this.#learn(source, batch, positions)
    })
    this.#openings.set(batch.stream, opening)
    return opening
  }

  #learn(source: RewindableSource, batch: SourceBatch, positions: Positions): void {
    const [first] = batch.messages
    // A stream without a checkpoint has been delivered up to just before its first message; a batch without any says
    // itself where the stream begins.
    const before: Cursor = first ? { sequenceNumber: first.sequenceNumber - 1, offset: '-1' } : batch.cursor
    const checkpoint = positions.checkpoint ?? before
    const { required, optional } = this.#deps
    const saved = [...positions.lanes].filter(([name]) => required.includes(name) || optional.includes(name))
    this.#streams.set(batch.stream, {
      source,
      checkpoint,
      lanes: new Map([...optional.map(name => [name, checkpoint] as const), ...saved]),
      saved: new Map(saved.map(([name, cursor]) => [name, cursor.sequenceNumber])),
    })
    for (const name of positions.lanes.keys())
      if (!saved.some(([known]) => known === name)) this.#drop(name, source, batch)
  }

  /** Kept, the position of an output that is gone would be read from again with each start. */
  #drop(output: string, source: RewindableSource, { stream }: SourceBatch): void {
    const { log } = this.#deps
    log.warn(`${stream}: there is no output \`${output}\` any more; what it lacked is not kept for it`, {
      'event.action': 'position_dropped',
    })
    source
      .clearLanePosition(output, stream)
      .catch(error => log.warn(`${stream}: the position of \`${output}\` cannot be removed: ${messageOf(error)}`))
  }

  track(batch: SourceBatch): Settlers {
    const required = this.#required.track(batch.stream, batch.cursor, batch.messages.length)
    return {
      required,
      optional: output => this.#optional.get(output)!.track(batch.stream, batch.cursor, batch.messages.length),
    }
  }

  /** The sequence number up to which an output (the required ones together by `undefined`) has the stream already. */
  reached(stream: string, output?: string): number {
    const state = this.#streams.get(stream)
    const lane = output === undefined ? undefined : state?.lanes.get(output)
    return (lane ?? state?.checkpoint)?.sequenceNumber ?? Number.NEGATIVE_INFINITY
  }

  unsettled(stream?: string): number {
    return this.#required.unsettled(stream)
  }

  /** Drops what is known of a stream: another replica has it, or it is taken up anew. */
  forget(stream: string): void {
    this.#openings.delete(stream)
    this.#streams.delete(stream)
    this.#checkpoints.forget(stream)
    for (const ledger of [this.#required, ...this.#optional.values()]) ledger.forget(stream)
  }

  forgetAll(): void {
    for (const stream of [...this.#openings.keys()]) this.forget(stream)
  }

  drained(): Promise<void> {
    return this.#required.drained()
  }

  /** Twice, because an output may have got on while the first round was being written. */
  async flush(): Promise<boolean> {
    return (await this.#checkpoints.flush()) || this.#checkpoints.flush()
  }

  close(): void {
    this.#checkpoints.close()
  }

  #committed(stream: string, cursor: Cursor): void {
    for (const output of this.#deps.required) this.#laneCommitted(output, stream, cursor)
    this.#checkpoints.commit(stream, cursor)
  }

  #laneCommitted(output: string, stream: string, cursor: Cursor): void {
    const state = this.#streams.get(stream)
    const before = state?.lanes.get(output)
    // Not what is read again for another output that lags further behind: this one has it.
    if (!state || !before || cursor.sequenceNumber <= before.sequenceNumber) return
    state.lanes.set(output, cursor)
    // A lane that catches up moves while the checkpoint stands; its position is stored with the next round all the same.
    if (state.saved.has(output)) this.#checkpoints.touch(stream, state.checkpoint)
  }

  async #store(stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const state = this.#streams.get(stream)
    if (!state) return 'stale'
    const target = cursor.sequenceNumber > state.checkpoint.sequenceNumber ? cursor : state.checkpoint
    for (const [output, position] of state.lanes) await this.#storeLane(state, stream, output, position, target)
    if (target === state.checkpoint) return 'written'
    const outcome = await state.source.checkpoint(stream, target)
    if (outcome === 'written') state.checkpoint = target
    this.#deps.stored(stream, target, outcome)
    return outcome
  }

  async #storeLane(
    state: StreamState,
    stream: string,
    output: string,
    position: Cursor,
    checkpoint: Cursor,
  ): Promise<void> {
    const saved = state.saved.get(output)
    if (position.sequenceNumber >= checkpoint.sequenceNumber) {
      // Cleared before the checkpoint is written: a crash in between repeats a little, the other order would much more.
      if (saved !== undefined) await state.source.clearLanePosition(output, stream)
      state.saved.delete(output)
    } else if (saved !== position.sequenceNumber) {
      await state.source.saveLanePosition(output, stream, position)
      state.saved.set(output, position.sequenceNumber)
    }
  }

  async #ask(source: RewindableSource, stream: string) {
    for (let wait = 500; !this.#deps.abort.aborted; wait = Math.min(wait * 2, 10_000)) {
      try {
        return await source.positions(stream)
      } catch (error) {
        this.#deps.log.warn(`cannot read where ${stream} was left: ${messageOf(error)}`)
        await sleep(wait, undefined, { signal: this.#deps.abort }).catch(() => {})
      }
    }
    return undefined
  }
}
