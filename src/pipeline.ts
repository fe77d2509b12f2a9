import { aborted } from './core/bound.ts'
import { type Budget, costOf, Growth } from './core/budget.ts'
import { after } from './core/chunk.ts'
import type { DriftRegister } from './core/drift.ts'
import { classify, messageOf, XdrelayError } from './core/errors.ts'
import { free, memoryOf } from './core/free.ts'
import type { Log } from './core/log.ts'
import type { Metrics } from './core/metrics.ts'
import { restartTogether } from './core/restart.ts'
import { Tally } from './core/tally.ts'
import type {
  Chunk,
  DeadLetter,
  Output,
  Reject,
  RewindableSource,
  SourceBatch,
  Transform,
  Transformed,
} from './core/types.ts'
import { Feed } from './output/feed.ts'
import type { Lane } from './output/lane.ts'
import { Progress, type Settlers } from './state/progress.ts'

export interface PipelineParts {
  readonly sources: readonly RewindableSource[]
  readonly transform: Transform
  readonly lanes: readonly { readonly lane: Lane; readonly output: Output; readonly required: boolean }[]
  readonly deadLetter: DeadLetter
  readonly budget: Budget
  /** Ends every wait of the lanes and the dead letter; the pipeline fires it when it closes. */
  readonly ended: AbortController
  /** Milliseconds: between checkpoint writes, for the drain at stop, and of a catch-up of an optional output. */
  readonly checkpointInterval: number
  readonly drainLimit: number
  readonly catchUpSlice: number
  /** Told when all sources read, and when they are asked to end. */
  readonly reading: (yes: boolean) => void
  readonly drift: DriftRegister
  readonly log: Log
  readonly metrics: Metrics
}

/**
 * Reads until `stop`, then drains: nothing more is received, what is under way is settled, checkpoints are written,
 * ownership is released. `abort` gives up at once; whatever is unsettled is read again next time.
 * Throws `drain_incomplete` when the drain was cut short.
 */
export async function runPipeline(parts: PipelineParts, stop: AbortSignal, abort: AbortSignal): Promise<void> {
  const pipeline = new Pipeline(parts, stop, abort)
  try {
    await pipeline.open()
    await pipeline.flow()
    await pipeline.drain()
  } finally {
    await pipeline.close()
  }
}

/** Milliseconds that the last checkpoints may take in any case, however long settling took. */
const leastToStore = 2000

class Pipeline {
  readonly #parts: PipelineParts
  readonly #stop: AbortSignal
  readonly #abort: AbortSignal
  readonly #progress: Progress
  readonly #required: readonly Lane[]
  readonly #feeds: readonly Feed[]
  /** Per stream: the batches before the next one have been handed to the lanes. Keeps the order within a stream. */
  #tails = new Map<string, Promise<void>>()
  #started: RewindableSource[] = []
  #catchingUp: Promise<void> | undefined
  readonly #failed = new AbortController()
  /** An abort, or a defect. */
  readonly #over: AbortSignal
  readonly #draining = new AbortController()
  /** Nothing more is let in. */
  readonly #shut: AbortSignal
  /** Batches that wait for room. */
  readonly #entering = new Set<Promise<void>>()
  readonly #growth = new Growth()
  readonly #tally: Tally

  constructor(parts: PipelineParts, stop: AbortSignal, abort: AbortSignal) {
    this.#parts = parts
    this.#stop = stop
    this.#abort = abort
    this.#over = AbortSignal.any([abort, this.#failed.signal])
    this.#shut = AbortSignal.any([this.#over, this.#draining.signal])
    this.#tally = new Tally(parts.metrics)
    this.#required = parts.lanes.filter(each => each.required).map(each => each.lane)
    const optional = parts.lanes.filter(each => !each.required).map(each => each.lane)
    const share = parts.budget.limit / (2 * Math.max(1, optional.length))
    this.#feeds = optional.map(lane => new Feed(lane, { share, slice: parts.catchUpSlice }))
    this.#progress = new Progress({
      required: this.#required.map(lane => lane.name),
      optional: optional.map(lane => lane.name),
      interval: parts.checkpointInterval,
      log: parts.log,
      abort,
      stored: (stream, cursor, outcome) => this.#tally.checkpoint(stream, cursor, outcome),
    })
  }

  /** Outputs that are down are an outage, not a start error; a dead letter or a source that cannot work is. */
  async open(): Promise<void> {
    const { sources, lanes, deadLetter } = this.#parts
    await deadLetter.open()
    await Promise.all(lanes.map(({ output }) => output.open(this.#abort)))
    await Promise.all(sources.map(source => source.open(this.#abort)))
  }

  async flow(): Promise<void> {
    if (this.#stop.aborted || this.#abort.aborted) return
    for (const source of this.#parts.sources) {
      this.#started.push(source)
      await source.start({ take: batch => this.#take(source, batch), lost: stream => this.#lost(stream) })
    }
    const catchUps = setInterval(() => void this.#catchUp(), 1000)
    this.#parts.reading(true)
    await aborted(AbortSignal.any([this.#stop, this.#over]))
    this.#parts.reading(false)
    clearInterval(catchUps)
    if (!this.#abort.aborted) this.#failed.signal.throwIfAborted()
  }

  async drain(): Promise<void> {
    const { lanes, drainLimit, log } = this.#parts
    if (this.#abort.aborted) throw incomplete(this.#progress.unsettled())
    log.info('stopping: receiving no more, settling what is under way', { 'event.action': 'drain' })
    const ends = performance.now() + drainLimit
    const stops = this.#started.map(source => source.stop())
    // What still waits for room is read again next time.
    this.#draining.abort()
    await Promise.all(stops)
    await this.#catchingUp
    for (const { lane } of lanes) lane.drain()
    const limit = this.#within(ends)
    // An optional output that is well gets what it holds; one that is down keeps its position and is not waited for.
    const healthy = this.#feeds.filter(({ lane }) => lane.state === 'up').map(({ lane }) => lane.idle())
    await Promise.race([this.#settled().then(() => Promise.all(healthy)), aborted(limit)])
    await this.#store(this.#within(Math.max(ends, performance.now() + leastToStore)))
  }

  async close(): Promise<void> {
    const { transform, lanes, deadLetter, ended } = this.#parts
    this.#progress.close()
    await Promise.allSettled(this.#started.map(source => source.close()))
    await this.#catchingUp
    ended.abort()
    await Promise.allSettled(lanes.map(({ lane }) => lane.idle()))
    await Promise.allSettled([transform.close(), deadLetter.close(), ...lanes.map(({ output }) => output.close())])
  }

  /** The budget is the only brake: a batch is granted its bytes, and from there on nothing makes its source wait. */
  async #take(source: RewindableSource, batch: SourceBatch): Promise<void> {
    const { budget } = this.#parts
    const granted = costOf(batch) + this.#growth.documents(batch.bytes)
    const entry = budget.take(granted, this.#shut)
    this.#entering.add(entry)
    await entry
    this.#entering.delete(entry)
    if (this.#shut.aborted) return budget.give(granted)
    this.#tally.messages(batch)
    const settlers = this.#progress.track(batch)
    this.#showUnsettled(batch.stream)
    const transformed = this.#parts.transform.run(batch).then(result => this.#measure(batch, result, granted))
    const before = this.#tails.get(batch.stream) ?? Promise.resolve()
    const opened = this.#progress.open(source, batch)
    const tail = Promise.all([transformed, before, opened]).then(([result]) => this.#spread(batch, result, settlers))
    // The batch stays unsettled and is read again; unless we abort it is a defect, and going on would leave a hole.
    this.#tails.set(
      batch.stream,
      tail.catch(error => this.#failed.abort(classify(error))),
    )
  }

  /** Puts the true size of the documents in the place of the estimate, and learns from it. */
  #measure(batch: SourceBatch, result: Transformed, granted: number): Transformed {
    const bytes = costOf(batch) + result.chunk.lines.length
    if (bytes > granted) this.#parts.budget.add(bytes - granted)
    else this.#parts.budget.give(granted - bytes)
    this.#growth.learn(batch.bytes, result.chunk.lines.length)
    return result
  }

  /** Hands one transformed batch to the dead letter and to every lane; settles it when they are done with it. */
  async #spread(batch: SourceBatch, { chunk, rejects, drift }: Transformed, settlers: Settlers): Promise<void> {
    const { budget } = this.#parts
    this.#tally.drift(drift)
    this.#parts.drift.add(drift)
    const reached = this.#progress.reached(batch.stream)
    const news = rejects.filter(reject => reject.message.sequenceNumber > reached)
    const fresh = after(chunk, reached)
    this.#tally.records(fresh, news)
    const dead = this.#bury(news)
    const required = [
      dead,
      ...this.#required.map(lane => lane.submit(after(chunk, this.#progress.reached(batch.stream, lane.name)))),
    ]
    // An abort rejects these; then the batch stays unsettled, which is all that an abort asks for.
    Promise.all(required)
      .then(settlers.required, () => {})
      .then(() => this.#showUnsettled(batch.stream))
    const optional: Promise<void>[] = []
    const bytes = costOf(batch) + chunk.lines.length
    for (const feed of this.#feeds) {
      const offered = await feed.offer(
        after(chunk, this.#progress.reached(batch.stream, feed.lane.name)),
        bytes,
        batch.cursor.sequenceNumber <= reached,
      )
      if (!offered) continue
      const settle = settlers.optional(feed.lane.name)
      optional.push(Promise.all([dead, offered.settled]).then(settle, () => {}))
    }
    const all = [...required, ...optional]
    // After an abort a write may be under way still, with these bytes.
    Promise.all(all).then(
      () => forget(batch, chunk),
      () => {},
    )
    const parked = Promise.allSettled(required).then(() => budget.park(bytes))
    void Promise.allSettled([parked, ...all]).then(() => budget.giveParked(bytes))
  }

  async #bury(rejects: readonly Reject[]): Promise<void> {
    if (rejects.length === 0) return
    await this.#parts.deadLetter.write(rejects, this.#parts.ended.signal)
    this.#tally.rejected(rejects)
  }

  #lost(stream: string): void {
    this.#progress.forget(stream)
    this.#tails.delete(stream)
    this.#showUnsettled(stream)
  }

  /** Reads again what an optional output missed, once its lane is empty and the required outputs are well. */
  #catchUp(): void {
    const feeds = this.#feeds.filter(feed => feed.wantsCatchUp)
    if (feeds.length === 0 || this.#catchingUp || this.#required.some(lane => lane.state !== 'up')) return
    const names = feeds.map(feed => feed.lane.name).join(', ')
    this.#parts.log.info(`${names} is up again: reading what it missed`, { 'event.action': 'catch_up' })
    // All stand still at once before an output gets everything again, or it would be given a gap.
    this.#catchingUp = restartTogether(this.#started, () => this.#settledForRestart(feeds))
      .catch(error => this.#parts.log.warn(`catch-up of ${names} put off: ${messageOf(error)}`))
      .then(() => {
        this.#catchingUp = undefined
      })
  }

  /** Between the last batch of the old reading and the first of the new: all is settled and stored, nothing overlaps. */
  async #settledForRestart(feeds: readonly Feed[]): Promise<void> {
    const limit = AbortSignal.any([this.#within(performance.now() + this.#parts.drainLimit), this.#over, this.#stop])
    await Promise.race([this.#settled(), aborted(limit)])
    if (this.#entering.size > 0) throw new XdrelayError('drain_incomplete', 'no room for what has been read')
    await this.#store(limit)
    this.#progress.forgetAll()
    this.#tails.clear()
    for (const feed of feeds) feed.catchUp()
  }

  /** Writes checkpoints, and throws where anything is unsettled or not stored in time. */
  async #store(limit: AbortSignal): Promise<void> {
    const stored = await Promise.race([this.#progress.flush(), aborted(limit)])
    if (this.#progress.unsettled() > 0) throw incomplete(this.#progress.unsettled())
    if (!stored) throw new XdrelayError('drain_incomplete', 'stopped before the last checkpoints were stored')
  }

  #within(end: number): AbortSignal {
    return AbortSignal.any([this.#abort, AbortSignal.timeout(Math.max(0, Math.ceil(end - performance.now())))])
  }

  /** While all sources stand still. */
  async #settled(): Promise<void> {
    await Promise.all(this.#entering)
    await Promise.all(this.#tails.values())
    await this.#progress.drained()
  }

  #showUnsettled(stream: string): void {
    this.#tally.unsettled(stream, this.#progress.unsettled(stream))
  }
}

/** Nobody looks at settled documents again, nor at bodies that are nobody else's. */
function forget({ messages }: SourceBatch, { lines }: Chunk): void {
  free(memoryOf(lines))
  for (const { memory } of messages) free(memory)
}

function incomplete(unsettled: number): XdrelayError {
  return new XdrelayError('drain_incomplete', `stopped with ${unsettled} messages unsettled`, { facts: { unsettled } })
}
