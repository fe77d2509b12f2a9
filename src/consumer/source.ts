import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { classify, messageOf, XdrelayError } from '../core/errors.ts'
import { Gate } from '../core/gate.ts'
import type { Log } from '../core/log.ts'
import type { Metrics } from '../core/metrics.ts'
import { Troubles } from '../core/troubles.ts'
import type { CheckpointOutcome, Cursor, Positions, RewindableSource, Sink } from '../core/types.ts'
import { Blobs } from '../storage/blobs.ts'
import type { CheckpointsOptions } from '../storage/options.ts'
import { PrefetchAllowance } from './allowance.ts'
import { BalancerStore } from './checkpoint-store.ts'
import { hubAddress, type Reading, storeAddress, storePrefix, subscribe } from './client.ts'
import { firstStart } from './first-start.ts'
import { hubFailure, isAbort, isBeyondTheEnd, isTakenByAnother } from './hub-failure.ts'
import type { EventHubOptions } from './options.ts'
import { OwnedPartitions, partitionOf } from './owned.ts'
import { Ownership } from './ownership.ts'
import type { Partition, RestartReason } from './partition.ts'
import { PositionStore } from './positions.ts'
import { probe } from './probe.ts'
import { Reader } from './reader.ts'
import { Watchdog } from './watchdog.ts'

export interface EventHubSourceDeps {
  /** The source's name in the configuration. */
  readonly name: string
  readonly options: EventHubOptions
  readonly checkpoints: CheckpointsOptions
  /** Bytes that may wait in the SDK's queues, over all partitions. */
  readonly prefetchBytes: number
  readonly log: Log
  readonly metrics: Metrics
  /** Called when reading cannot be brought back to life. */
  readonly fatal: (error: XdrelayError) => void
}

/** Milliseconds that closing a subscription, and giving ownership back, may take at most. */
const closeLimit = 5000

/** Reads an event hub through a consumer group, together with other replicas. */
export function createEventHubSource(deps: EventHubSourceDeps): RewindableSource {
  return new EventHubSource(deps)
}

class EventHubSource implements RewindableSource {
  readonly name: string
  readonly #deps: EventHubSourceDeps
  /** The service takes no more than 64 characters. */
  readonly #replica = `${hostname().slice(0, 50)}-${randomBytes(4).toString('hex')}`
  readonly #ownership: Ownership
  readonly #positions: PositionStore
  readonly #store: BalancerStore
  readonly #watchdog: Watchdog
  readonly #troubles: Troubles
  readonly #allowance: PrefetchAllowance
  readonly #gate = new Gate()
  readonly #owned: OwnedPartitions
  #turns = new Map<string, Promise<void>>()
  #sink: Sink | undefined
  #reading: { readonly reader: Reader; readonly subscription: Reading } | undefined
  /** Subscribing anew happens one at a time. */
  #change: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(deps: EventHubSourceDeps) {
    const { name, options, checkpoints, log, metrics, fatal } = deps
    this.name = name
    this.#deps = deps
    this.#allowance = new PrefetchAllowance(deps.prefetchBytes)
    const origin = { source: name, ...hubAddress(options), consumerGroup: options.consumerGroup }
    this.#owned = new OwnedPartitions({ origin, allowance: this.#allowance, metrics, log })
    const address = storeAddress(options)
    const blobs = new Blobs(checkpoints)
    const isRead = (partitionId: string) => this.#owned.get(partitionId)?.pump !== undefined
    const { renew, expiry } = options.ownership
    const lost = (partitionId: string) => this.#lost(partitionId)
    const unrenewed = (partitionId: string, error: unknown) =>
      this.#troubles.report(
        `the ownership of ${this.#subject(partitionId)}`,
        `cannot be renewed: ${messageOf(error)}`,
        classify(error).code,
      )
    const owner = this.#replica
    this.#ownership = new Ownership({ blobs, address, owner, renew, expiry, isRead, lost, unrenewed, log })
    this.#positions = new PositionStore(blobs, storePrefix(address), this.#replica, id => this.#ownership.confirm(id))
    this.#store = new BalancerStore({
      ownership: this.#ownership,
      positions: this.#positions,
      isRead,
      answered: () => this.#troubles.over(this.name),
      resume: partitionId => this.#owned.get(partitionId)?.handedOn,
      begin: (partitionId, from) => this.#owned.begin(partitionId, from),
      startsOver: partitionId => this.#owned.get(partitionId)?.startsOver ?? false,
      firstStart: partitionId => firstStart(options, this.#positions, partitionId),
      unreadable: (partitionId, error) => {
        this.#troubles.report(this.#subject(partitionId), `is not read: ${messageOf(error)}`, classify(error).code)
      },
    })
    this.#watchdog = new Watchdog({
      options,
      partitions: () => this.#owned,
      balancer: () => this.#store,
      restart: (reason, because) => this.#resubscribe(reason, because),
      observed: partition => this.#owned.showLag(partition),
      failed: error => this.#failed('', error),
      fatal,
      log,
    })
    this.#troubles = new Troubles(log)
  }

  get troubles(): readonly string[] {
    return this.#troubles.codes(subject => subject === this.name || this.#owned.find(subject) !== undefined)
  }

  async open(signal: AbortSignal): Promise<void> {
    const { partitions } = await probe(this.#deps.options, this.#deps.checkpoints, signal)
    this.#allowance.expected = partitions
  }

  async start(sink: Sink): Promise<void> {
    this.#sink = sink
    this.#ownership.start()
    this.#subscribe()
    this.#watchdog.start()
  }

  /** After this no batch is handed on; ownership is kept, handlers wait at the gate (hazard F). */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#ownership.closed = true
    this.#watchdog.stop()
    this.#gate.shut()
  }

  async close(): Promise<void> {
    await this.stop()
    await this.#change
    await this.#unsubscribe()
    this.#owned.hideAll()
    await this.#ownership.release(closeLimit)
  }

  async checkpoint(stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const partition = this.#owned.find(stream)
    if (!partition) return 'stale'
    const outcome = await this.#counted(this.#positions.checkpoint(partition.origin.partitionId, cursor))
    if (outcome === 'written') {
      partition.checkpoint = cursor
      this.#owned.showLag(partition)
    }
    return outcome
  }

  positions(stream: string): Promise<Positions> {
    return this.#positions.read(partitionOf(stream))
  }

  async saveLanePosition(output: string, stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const id = partitionOf(stream)
    return this.#owned.find(stream) ? this.#counted(this.#positions.saveLane(output, id, cursor)) : 'stale'
  }

  /** Outcomes are counted by those who get them; what fails has none. */
  async #counted(write: Promise<CheckpointOutcome>): Promise<CheckpointOutcome> {
    write.catch(() => this.#deps.metrics.checkpointWrites.inc({ result: 'failed' }))
    return write
  }

  async clearLanePosition(output: string, stream: string): Promise<void> {
    if (this.#owned.find(stream)) await this.#positions.clearLane(output, partitionOf(stream))
  }

  async restart(settled: () => Promise<void>): Promise<void> {
    this.#gate.shut()
    try {
      await settled()
      for (const partition of this.#owned) partition.rewind()
      await this.#resubscribe('rewind')
    } finally {
      if (!this.#stopped) this.#gate.open()
    }
    await this.#untilRead()
  }

  #subscribe(): void {
    const { name, options, metrics, log } = this.#deps
    const reader = new Reader({
      sink: this.#sink!,
      gate: this.#gate,
      metrics,
      log,
      observe: (messages, bytes) => this.#allowance.observe(messages, bytes),
      partition: partitionId => this.#owned.get(partitionId),
      isDoubtful: ({ origin }) => this.#ownership.isDoubtful(origin.partitionId),
      settleDoubt: ({ origin }) => this.#ownership.settleDoubt(origin.partitionId),
      failed: (partitionId, error) => this.#failed(partitionId, error),
      replaced: (partition, sequenceNumber) =>
        this.#startOver(
          partition,
          `behind the checkpoint comes sequence number ${sequenceNumber}, which is a lower one`,
        ),
      wellAgain: partitionId => this.#troubles.over(this.#subject(partitionId)),
      turns: this.#turns,
    })
    const waiting = (bytes: number) => metrics.budgetPrefetched.set({ source: name }, bytes)
    const subscription = subscribe({
      options,
      store: this.#store,
      handlers: reader,
      replica: this.#replica,
      credit: { share: () => this.#allowance.share, waiting },
    })
    this.#reading = { reader, subscription }
    this.#store.subscribed()
  }

  async #unsubscribe(): Promise<void> {
    const reading = this.#reading
    this.#reading = undefined
    reading?.reader.end()
    await reading?.subscription.close(closeLimit)
    for (const partition of this.#owned) partition.pump = undefined
  }

  /** Ownership stays, so that no other replica takes the partitions meanwhile; the new subscription takes them up at once. */
  #resubscribe(reason: RestartReason, because: readonly Partition[] = [...this.#owned]): Promise<void> {
    const { log, name } = this.#deps
    const change = this.#change.then(async () => {
      if (this.#stopped) return
      log.info(`${name}: subscribing anew (${reason})`, { 'event.action': 'source_restart' })
      for (const partition of this.#owned) partition.restart = because.includes(partition) ? reason : 'neighbour'
      await this.#unsubscribe()
      if (!this.#stopped) this.#subscribe()
    })
    // Whoever asked for the change reports that it failed.
    this.#change = change.catch(() => {})
    return change
  }

  /** Waits until every partition that is owned is read again; not for ever, since others may take some. */
  async #untilRead(): Promise<void> {
    const until = performance.now() + this.#deps.options.ownership.expiry
    const isIdle = (partition: Partition) => partition.pump === undefined
    while (!this.#stopped && performance.now() < until && [...this.#owned].some(isIdle))
      await new Promise(resolve => setTimeout(resolve, 20))
  }

  #lost(partitionId: string): void {
    const partition = this.#owned.lose(partitionId)
    this.#positions.forget(partitionId)
    // While a batch is being taken, the reader says it when that is over.
    if (partition && !partition.blocked) this.#sink?.lost(partition.stream)
  }

  #failed(partitionId: string, error: unknown): void {
    if (isAbort(error)) return
    const partition = this.#owned.get(partitionId)
    if (isTakenByAnother(error)) void this.#takenByAnother(partitionId)
    else if (partition && isBeyondTheEnd(error))
      this.#startOver(
        partition,
        `the checkpoint lies behind the newest message (${hubFailure(error, this.#deps.options).message})`,
      )
    else this.#report(partitionId, hubFailure(error, this.#deps.options))
  }

  #report(partitionId: string, { message, code }: XdrelayError): void {
    this.#troubles.report(this.#subject(partitionId), message, code)
  }

  /** Usual when replicas come and go; a reader that does not take part in sharing is a mistake worth a word (A12, A16). */
  async #takenByAnother(partitionId: string): Promise<void> {
    const isOurs = await this.#ownership.confirm(partitionId).catch(() => false)
    if (!isOurs) return
    const text = `a reader outside of xdrelay has taken the partition; consumer group \`${this.#deps.options.consumerGroup}\` must belong to xdrelay alone`
    this.#report(partitionId, new XdrelayError('hub_failed', text))
  }

  /**
   * The stored position is of other messages than those of the hub, which was made anew or failed over. All of its messages
   * are read (B9); said loudly, since what the old hub still had is gone.
   */
  #startOver(partition: Partition, because: string): void {
    this.#deps.log.error(
      `${partition.stream}: ${because}: the event hub must have been made anew; reading it from the start`,
      { 'event.action': 'hub_replaced' },
    )
    partition.startOver()
    this.#sink?.lost(partition.stream)
  }

  #subject(partitionId: string): string {
    return partitionId === '' ? this.name : `${this.name}/${partitionId}`
  }
}
