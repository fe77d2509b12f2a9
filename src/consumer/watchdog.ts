import { XdrelayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { HubQuestions } from './client.ts'
import type { EventHubOptions } from './options.ts'
import type { Partition, RestartReason } from './partition.ts'

export interface WatchdogDeps {
  readonly options: EventHubOptions
  readonly partitions: () => Iterable<Partition>
  /** Milliseconds since the SDK's balancer last came by, and whether it did so since it was last subscribed anew. */
  readonly balancer: () => { readonly idle: number; readonly cameBy: boolean }
  /** Subscribes anew, because of some partitions or of all; resolves when that is done. */
  readonly restart: (reason: RestartReason, partitions?: readonly Partition[]) => Promise<void>
  /** The hub said where a partition ends. */
  readonly observed: (partition: Partition) => void
  /** The hub did not answer a question. */
  readonly failed: (error: unknown) => void
  /** Reading cannot be brought back to life. */
  readonly fatal: (error: XdrelayError) => void
  readonly log: Log
}

/** Restarts of a partition without a single message in between, until it is given up. */
const patience = 3

/**
 * Looks after what the SDK leaves lying: a partition that gets nothing although the hub has more (hazard H8), and a
 * balancer that sleeps out its own retries, 90 seconds that no option shortens, while the hub is long back. It acts only
 * when the hub answers: while the hub is away nothing is stalled, and nobody is to blame.
 */
export class Watchdog {
  readonly #deps: WatchdogDeps
  #questions: HubQuestions | undefined
  #timer: NodeJS.Timeout | undefined
  #asked = 0
  /** Restarts since the balancer last came by. Each gets twice the time of the one before: the hub may be far away. */
  #inVain = 0

  constructor(deps: WatchdogDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#asked = performance.now()
    this.#schedule()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    void this.#questions?.close()
    this.#questions = undefined
  }

  get #tick(): number {
    return Math.max(20, Math.min(2000, this.#deps.options.stallAfter / 10))
  }

  #schedule(): void {
    const timer = setTimeout(async () => {
      await this.#look().catch(error => this.#deps.failed(error))
      if (this.#timer === timer) this.#schedule()
    }, this.#tick)
    this.#timer = timer
  }

  async #look(): Promise<void> {
    const { options, partitions, balancer, restart } = this.#deps
    if (performance.now() - this.#asked > options.stallAfter / 3) await this.#askAll()
    const { idle, cameBy } = balancer()
    if (cameBy) this.#inVain = 0
    const longest = Math.max(4000, 2 * options.ownership.renew) * 2 ** Math.min(this.#inVain, 4)
    if (idle > longest && (await this.#hubAnswers())) {
      this.#inVain++
      return restart('balancer')
    }
    // A tick early: the limit is how long a partition may stand still, the action included.
    const stalled = [...partitions()].filter(partition => partition.stalledFor(options.stallAfter - this.#tick))
    if (stalled.length === 0 || !(await this.#hubAnswers())) return
    const hopeless = stalled.find(partition => partition.stalls >= patience)
    if (hopeless) return this.#giveUp(hopeless)
    for (const partition of stalled) partition.stalls += 1
    return restart('stalled', stalled)
  }

  /** Where each partition ends: the SDK tells that only together with messages. Slowly, the service counts these calls. */
  async #askAll(): Promise<void> {
    this.#asked = performance.now()
    const earliest = this.#deps.options.start === 'earliest'
    for (const partition of this.#deps.partitions()) {
      const state = await this.#ask(questions => questions.partition(partition.origin.partitionId))
      if (!state) return
      partition.observe(state, earliest)
      this.#deps.observed(partition)
    }
  }

  async #hubAnswers(): Promise<boolean> {
    return (await this.#ask(questions => questions.partitionIds())) !== undefined
  }

  /** Undefined when the hub does not answer; the next question then uses a new connection. */
  async #ask<Answer>(question: (questions: HubQuestions) => Promise<Answer>): Promise<Answer | undefined> {
    if (!this.#timer) return undefined
    try {
      this.#questions ??= new HubQuestions(this.#deps.options)
      return await question(this.#questions)
    } catch (error) {
      // The SDK would report the same by its own connection, but a wrong key only after 90 seconds (hazard G).
      if (this.#timer) this.#deps.failed(error)
      void this.#questions?.close()
      this.#questions = undefined
      return undefined
    }
  }

  #giveUp({ stream }: Partition): void {
    const text = `${stream} gets no messages although the event hub has newer ones, after ${patience} new connections`
    this.#deps.log.error(text, { 'event.action': 'source_stalled' })
    this.#deps.fatal(new XdrelayError('source_stalled', text))
  }
}
