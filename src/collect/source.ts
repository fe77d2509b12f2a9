import { setTimeout as sleep } from 'node:timers/promises'
import { bound } from '../core/bound.ts'
import { classify, type XdrelayError } from '../core/errors.ts'
import { Gate } from '../core/gate.ts'
import type { Log } from '../core/log.ts'
import type { Metrics } from '../core/metrics.ts'
import { Troubles } from '../core/troubles.ts'
import type { CheckpointOutcome, Cursor, Positions, RewindableSource, Sink, SourceBatch } from '../core/types.ts'
import type { CursorHold, CursorStore } from '../storage/cursors.ts'
import type { Collector } from './collector.ts'
import { poll } from './poller.ts'

export interface CollectorSourceDeps {
  /** The source's name in the configuration; its only stream is called the same. */
  readonly name: string
  readonly collector: Collector
  /** Milliseconds from the beginning of one pass to that of the next. */
  readonly every: number
  /** Whether the current state of each item is wanted besides its versions. */
  readonly current?: boolean
  readonly store: CursorStore
  readonly log: Log
  readonly metrics: Metrics
  /** Called when polling cannot be brought back to life. */
  readonly fatal: (error: XdrelayError) => void
  /** Told the collector's state up to which everything is settled, each time that this is stored. */
  readonly settled?: (state: string) => void
  /** Milliseconds between looks whether the right to poll is free. */
  readonly look?: number
}

/** Polls a collection, one replica at a time; the others stand by. */
export function createCollectorSource(deps: CollectorSourceDeps): RewindableSource {
  return new CollectorSource(deps)
}

class CollectorSource implements RewindableSource {
  readonly name: string
  readonly #deps: CollectorSourceDeps
  readonly #troubles: Troubles
  readonly #gate = new Gate()
  readonly #stopped = new AbortController()
  /** Fires when reading has to begin anew at the stored positions. */
  #rewind = new AbortController()
  readonly #schedule = { next: 0 }
  /** The right to poll, also for a while after it is lost. */
  #hold: CursorHold | undefined
  #sink: Sink | undefined

  constructor(deps: CollectorSourceDeps) {
    this.name = deps.name
    this.#deps = deps
    this.#troubles = new Troubles(deps.log)
  }

  get troubles(): readonly string[] {
    return this.#troubles.codes(() => true)
  }

  /**
   * Wrong credentials, missing permissions and a store that cannot be used end the start. A service that is away does
   * not: passes are tried again anyway, and the other sources shall not stand still with it.
   */
  async open(signal: AbortSignal): Promise<void> {
    const { collector, store, log, name } = this.#deps
    const [stored, probed] = await Promise.allSettled([store.prove(signal), collector.probe(signal)])
    if (stored.status === 'rejected') throw stored.reason
    if (probed.status === 'rejected') this.#judge(classify(probed.reason))
    log.info(`${name}: its cursor is in ${store.place}`, { 'event.action': 'cursor_place' })
  }

  #judge(error: XdrelayError): void {
    if (!isOutage(error)) throw error
    this.#troubles.report(this.name, error.message, error.code)
  }

  async start(sink: Sink): Promise<void> {
    this.#sink = sink
    this.#deps.metrics.collectorActive.set({ source: this.name }, 0)
    this.#run(sink).catch(error => this.#deps.fatal(classify(error)))
  }

  /** After this no batch is handed on; the right to poll is kept. */
  async stop(): Promise<void> {
    this.#stopped.abort()
  }

  async close(): Promise<void> {
    await this.stop()
    this.#deps.metrics.collectorActive.set({ source: this.name }, 0)
    await this.#hold?.release()
  }

  async checkpoint(_stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const outcome = await this.#counted(this.#hold?.checkpoint(cursor))
    if (outcome === 'written') this.#deps.settled?.(cursor.offset)
    return outcome
  }

  async positions(): Promise<Positions> {
    return (await this.#hold?.read()) ?? { checkpoint: undefined, lanes: new Map() }
  }

  async saveLanePosition(output: string, _stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    return this.#counted(this.#hold?.saveLane(output, cursor))
  }

  async clearLanePosition(output: string): Promise<void> {
    await this.#counted(this.#hold?.clearLane(output))
  }

  async restart(settled: () => Promise<void>): Promise<void> {
    this.#gate.shut()
    try {
      await settled()
      this.#rewind.abort()
      this.#rewind = new AbortController()
    } finally {
      this.#gate.open()
    }
  }

  async #run(sink: Sink): Promise<void> {
    const { name, log, metrics } = this.#deps
    const active = metrics.collectorActive.labels(name)
    for (let hold = await this.#acquire(); hold; hold = await this.#acquire()) {
      this.#hold = hold
      active.set(1)
      log.info(`${name}: polling`, { 'event.action': 'poll_begin' })
      const over = AbortSignal.any([hold.lost, this.#stopped.signal])
      while (!over.aborted) await this.#poll(hold, AbortSignal.any([over, this.#rewind.signal]))
      if (this.#stopped.signal.aborted) return
      active.set(0)
      log.warn(`${name}: another replica may poll now`, { 'event.action': 'poll_lost' })
      sink.lost(name)
    }
  }

  /** Waits until the right to poll is free; undefined when it is stopped before. */
  async #acquire(): Promise<CursorHold | undefined> {
    const { name, store, log, look = 5000 } = this.#deps
    const { signal } = this.#stopped
    for (let isWaiting = false; !signal.aborted; await sleep(look, undefined, { signal }).catch(() => {})) {
      try {
        const hold = await store.acquire(signal)
        if (hold && !signal.aborted) return hold
        await hold?.release()
        if (!isWaiting && !signal.aborted)
          log.info(`${name}: another replica polls; standing by`, { 'event.action': 'poll_standby' })
        isWaiting = true
      } catch (error) {
        const { message, code } = classify(error)
        this.#troubles.report(name, message, code)
      }
    }
    return undefined
  }

  #poll(hold: CursorHold, over: AbortSignal): Promise<void> {
    const { name, collector, every, current = false, metrics } = this.#deps
    const hand = async (make: () => SourceBatch | undefined) => {
      while (!this.#gate.isOpen) await bound(this.#gate.pass(), over)
      // By the clock too: this process may have slept while another took over.
      if (!hold.isHeld || over.aborted) throw new Error('no longer to be handed on')
      const batch = make()
      if (batch === undefined) return
      // Against the sink's promise, a batch that is not taken would leave a hole.
      await this.#sink!.take(batch).catch(error => this.#deps.fatal(classify(error)))
    }
    const deps = { name, collector, every, current, schedule: this.#schedule, metrics, hand, troubles: this.#troubles }
    return poll(deps, hold, over)
  }

  /** Outcomes are counted by those who get them; what fails has none. */
  async #counted(write: Promise<CheckpointOutcome> | undefined): Promise<CheckpointOutcome> {
    write?.catch(() => this.#deps.metrics.checkpointWrites.inc({ result: 'failed' }))
    return (await write) ?? 'stale'
  }
}

/** What passes by itself, in the words of the table: unavailable. */
function isOutage({ exit }: XdrelayError): boolean {
  return exit === 69
}
