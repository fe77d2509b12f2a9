import { type Budget, costOf, Growth } from './core/budget.ts'
import { subset } from './core/chunk.ts'
import type { DriftRegister } from './core/drift.ts'
import { classify, messageOf, XdrelayError } from './core/errors.ts'
import { free, memoryOf } from './core/free.ts'
import type { Log } from './core/log.ts'
import type { Metrics } from './core/metrics.ts'
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
  const pipeline = new Pipeline(parts, abort)
  try {
    await pipeline.open()
    await pipeline.flow(stop)
    await pipeline.drain()
  } finally {
    await pipeline.close()
  }
}

class Pipeline {
  readonly #parts: PipelineParts
  readonly #abort: AbortSignal
  readonly #progress: Progress
  readonly #required: readonly Lane[]
  readonly #feeds: readonly Feed[]
  /** Per stream: the batches before the next one have been handed to the lanes. Keeps the order within a stream. */
  #tails = new Map<string, Promise<void>>()
  #started: RewindableSource[] = []
  #catchingUp: Promise<void> | undefined
  readonly #failed = new AbortController()
  /** Nothing more is let in: an abort, or a defect. */
  readonly #over: AbortSignal
  readonly #growth = new Growth()
  readonly #tally: Tally

  constructor(parts: PipelineParts, abort: AbortSignal) {
    this.#parts = parts
    this.#abort = abort
    this.#over = AbortSignal.any([abort, this.#failed.signal])
    this.#tally = new Tally(parts.metrics)
    this.#required = parts.lanes.filter(each => each.required).map(each => each.lane)
    const optional = parts.lanes.filter(each => !each.required).map(each => each.lane)
    const share = parts.budget.limit / (2 * Math.max(1, optional.length))
    this.#feeds = optional.map(lane => new Feed(lane, { share, slice: parts.catchUpSlice }))
    this.#progress = new Progress({
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

  async flow(stop: AbortSignal): Promise<void> {
    if (stop.aborted || this.#abort.aborted) return
    for (const source of this.#parts.sources) {
      this.#started.push(source)
      await source.start({ take: batch => this.#take(source, batch), lost: stream => this.#lost(stream) })
    }
    const catchUps = setInterval(() => void this.#catchUp(), 1000)
    this.#parts.reading(true)
    await aborted(AbortSignal.any([stop, this.#over]))
    this.#parts.reading(false)
    clearInterval(catchUps)
    await this.#catchingUp
    if (!this.#abort.aborted) this.#failed.signal.throwIfAborted()
  }

  async drain(): Promise<void> {
    const { lanes, drainLimit, log } = this.#parts
    if (this.#abort.aborted) throw incomplete(this.#progress.unsettled())
    log.info('stopping: receiving no more, settling what is under way', { 'event.action': 'drain' })
    await Promise.all(this.#started.map(source => source.stop()))
    for (const { lane } of lanes) lane.drain()
    const limit = AbortSignal.any([this.#abort, AbortSignal.timeout(drainLimit)])
    // An optional output that is well gets what it holds; one that is down keeps its position and is not waited for.
    const healthy = this.#feeds.filter(({ lane }) => lane.state === 'up').map(({ lane }) => lane.idle())
    await Promise.race([this.#settled().then(() => Promise.all(healthy)), aborted(limit)])
    const stored = await this.#progress.flush()
    if (this.#progress.unsettled() > 0 || !stored) throw incomplete(this.#progress.unsettled())
  }

  async close(): Promise<void> {
    const { transform, lanes, deadLetter, ended } = this.#parts
    this.#progress.close()
    await Promise.allSettled(this.#started.map(source => source.close()))
    ended.abort()
    await Promise.allSettled(lanes.map(({ lane }) => lane.idle()))
    await Promise.allSettled([transform.close(), deadLetter.close(), ...lanes.map(({ output }) => output.close())])
  }

  /** The budget is the only brake: a batch is granted its bytes, and from there on nothing makes its source wait. */
  async #take(source: RewindableSource, batch: SourceBatch): Promise<void> {
    const { budget } = this.#parts
    const granted = costOf(batch) + this.#growth.documents(batch.bytes)
    await budget.take(granted, this.#over)
    if (this.#over.aborted) return budget.give(granted)
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
    const required = [dead, ...this.#required.map(lane => lane.submit(fresh))]
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
    void Promise.allSettled(all).then(() => budget.give(bytes))
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
    this.#catchingUp = this.#restartAll(feeds)
      .catch(error => this.#parts.log.warn(`catch-up of ${names} put off: ${messageOf(error)}`))
      .then(() => {
        this.#catchingUp = undefined
      })
  }

  /** All sources stand still at once before an output gets everything again, or it would be given a gap. */
  async #restartAll(feeds: readonly Feed[]): Promise<void> {
    const halts = this.#started.map(() => Promise.withResolvers<void>())
    const settled = Promise.all(halts.map(halt => halt.promise)).then(() => this.#settledForRestart(feeds))
    const restarts = this.#started.map((source, index) =>
      source
        .restart(() => {
          halts[index]!.resolve()
          return settled
        })
        .catch(error => {
          halts[index]!.reject(error)
          throw error
        }),
    )
    await Promise.all(restarts)
  }

  /** Between the last batch of the old reading and the first of the new: all is settled and stored, nothing overlaps. */
  async #settledForRestart(feeds: readonly Feed[]): Promise<void> {
    const limit = AbortSignal.any([this.#abort, AbortSignal.timeout(this.#parts.drainLimit)])
    await Promise.race([this.#settled(), aborted(limit)])
    const stored = await this.#progress.flush()
    if (this.#progress.unsettled() > 0 || !stored) throw incomplete(this.#progress.unsettled())
    this.#progress.forgetAll()
    this.#tails.clear()
    for (const feed of feeds) feed.catchUp()
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#tails.values())
    await this.#progress.drained()
  }

  #showUnsettled(stream: string): void {
    this.#tally.unsettled(stream, this.#progress.unsettled(stream))
  }
}

/** The documents of messages after `reached`; the whole chunk, uncopied, in the usual case that all are. */
function after(chunk: Chunk, reached: number): Chunk {
  if (chunk.messages.every(message => message.sequenceNumber > reached)) return chunk
  const indexes = chunk.ids.map((_id, index) => index)
  return subset(
    chunk,
    indexes.filter(index => chunk.messages[chunk.message[index]!]!.sequenceNumber > reached),
  )
}

/** Nobody looks at settled documents again, nor at bodies that are nobody else's. */
function forget({ messages }: SourceBatch, { lines }: Chunk): void {
  free(memoryOf(lines))
  for (const { memory } of messages) free(memory)
}

function incomplete(unsettled: number): XdrelayError {
  return new XdrelayError('drain_incomplete', `stopped with ${unsettled} messages unsettled`, { facts: { unsettled } })
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
}
