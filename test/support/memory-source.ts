import type {
  CheckpointOutcome,
  Cursor,
  Message,
  Positions,
  RewindableSource,
  Sink,
  SourceBatch,
} from '../../src/core/types.ts'

/** What a hub and its checkpoint store keep; survives the sources that read it, as the real ones survive a process. */
export class MemoryHub {
  readonly messages = new Map<string, Message[]>()
  readonly checkpoints = new Map<string, Cursor>()
  readonly lanes = new Map<string, Map<string, Cursor>>()
  /** What is wrong with a checkpoint that is about to be stored, if anything; kept in `wrongs`. */
  judge: (stream: string, cursor: Cursor) => string | undefined = () => undefined
  readonly wrongs: string[] = []

  append(partition: string, body: string): Cursor {
    const list = this.messages.get(partition) ?? []
    this.messages.set(partition, list)
    const cursor = { sequenceNumber: list.length, offset: String(list.length * 100) }
    list.push({ ...cursor, body: Buffer.from(body), enqueuedTime: 0 })
    return cursor
  }
}

/** Reads a `MemoryHub` under the same contract as the real source: in order, one batch of a stream at a time. */
export class MemorySource implements RewindableSource {
  readonly name = 'mem'
  readonly troubles = []
  /** Messages a batch; each stream has at most one batch with the sink. */
  readonly #perBatch: number
  readonly #hub: MemoryHub
  #sink: Sink | undefined
  #reading = new AbortController()
  #loops: Promise<void>[] = []
  #closed = false

  constructor(hub: MemoryHub, perBatch = 2) {
    this.#hub = hub
    this.#perBatch = perBatch
  }

  async open(): Promise<void> {}

  async start(sink: Sink): Promise<void> {
    this.#sink = sink
    this.#reading = new AbortController()
    this.#loops = [...this.#hub.messages.keys()].map(partition => this.#read(partition, this.#reading.signal))
  }

  async stop(): Promise<void> {
    this.#reading.abort()
    await Promise.all(this.#loops)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.stop()
  }

  async checkpoint(stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const partition = stream.slice(stream.indexOf('/') + 1)
    if (cursor.sequenceNumber <= (this.#hub.checkpoints.get(partition)?.sequenceNumber ?? -1)) return 'stale'
    const wrong = this.#hub.judge(stream, cursor)
    if (wrong !== undefined) this.#hub.wrongs.push(wrong)
    this.#hub.checkpoints.set(partition, cursor)
    return 'written'
  }

  /** Answers only after more batches have come, as a real store does. */
  async positions(stream: string): Promise<Positions> {
    await new Promise(resolve => setTimeout(resolve, 5))
    const partition = stream.slice(stream.indexOf('/') + 1)
    return { checkpoint: this.#hub.checkpoints.get(partition), lanes: new Map(this.#hub.lanes.get(partition)) }
  }

  async saveLanePosition(output: string, stream: string, cursor: Cursor): Promise<CheckpointOutcome> {
    const partition = stream.slice(stream.indexOf('/') + 1)
    const lanes = this.#hub.lanes.get(partition) ?? new Map<string, Cursor>()
    this.#hub.lanes.set(partition, lanes.set(output, cursor))
    return 'written'
  }

  async clearLanePosition(output: string, stream: string): Promise<void> {
    this.#hub.lanes.get(stream.slice(stream.indexOf('/') + 1))?.delete(output)
  }

  async restart(settled: () => Promise<void>): Promise<void> {
    await this.stop()
    try {
      await settled()
    } finally {
      if (!this.#closed) await this.start(this.#sink!)
    }
  }

  async #read(partition: string, signal: AbortSignal): Promise<void> {
    const messages = this.#hub.messages.get(partition)!
    const stored = [this.#hub.checkpoints.get(partition), ...(this.#hub.lanes.get(partition)?.values() ?? [])]
    let next = Math.min(...stored.map(cursor => (cursor?.sequenceNumber ?? -1) + 1))
    while (!signal.aborted) {
      const batch = messages.slice(next, next + this.#perBatch)
      if (batch.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
      else await this.#sink!.take(batchOf(partition, batch))
      // A take that the stop overtook has been handed over all the same.
      next += batch.length
    }
  }
}

/** Stops and restarts as the source of an event hub does: without waiting for a batch that waits for room. */
export class UnwaitingSource extends MemorySource {
  override async stop(): Promise<void> {
    void super.stop()
  }
}

export function batchOf(partition: string, messages: readonly Message[]): SourceBatch {
  const { sequenceNumber, offset } = messages.at(-1)!
  return {
    stream: `mem/${partition}`,
    origin: { source: 'mem', namespace: 'memory', eventHub: 'hub', consumerGroup: '$Default', partitionId: partition },
    messages,
    cursor: { sequenceNumber, offset },
    bytes: messages.reduce((sum, message) => sum + message.body.length, 0),
  }
}
