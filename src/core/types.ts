/**
 * The types that cross folders. A stage knows these and nothing of the other stages.
 *
 * One batch of bytes becomes one chunk of documents; a promise per chunk and lane is the only
 * bookkeeping on the hot path, so nothing here exists once per record but numbers in typed arrays.
 */

/** What documents are about, and which data stream they belong to. */
export type Dataset = 'event' | 'alert' | 'incident' | 'vulnerability'

/**
 * The stream a batch came from: one partition of one event hub, seen through one consumer group; or a collection of an
 * API, whose texts are empty but for `source`.
 */
export interface Origin {
  /** The source's name in the configuration. */
  readonly source: string
  /** Absent: `event`. Bodies of events are `{"records": [...]}`, those of the others `{"value": [...]}`. */
  readonly dataset?: Dataset
  /** Wanted besides: for each item a document of its own that a later version replaces. */
  readonly current?: true
  /** Fully qualified namespace, lower case, without port. */
  readonly namespace: string
  readonly eventHub: string
  readonly consumerGroup: string
  readonly partitionId: string
}

/** One message as it came. */
export interface Message {
  /** The bytes of the body; a body that is not a data section arrives here as text or JSON, see `bodyType`. */
  readonly body: Uint8Array
  /**
   * Where the body lies, if nothing else lies there and nobody but the pipeline holds it, which then gives it back to
   * the system as soon as the message is settled.
   */
  readonly memory?: ArrayBuffer
  /** Which AMQP section carried the body, when it was not the usual data section. */
  readonly bodyType?: 'value' | 'sequence'
  readonly sequenceNumber: number
  readonly offset: string
  /** Milliseconds since the epoch, by the hub's clock. */
  readonly enqueuedTime: number
  /** When it reached this process; absent for what is mapped without being delivered. */
  readonly receivedTime?: number
}

/** Progress within a stream: everything up to and including this message. */
export interface Cursor {
  readonly sequenceNumber: number
  readonly offset: string
}

/**
 * Neighbouring messages of one stream, oldest first. Once all of it is settled, `cursor` may be stored. Without any
 * messages it only moves the cursor.
 */
export interface SourceBatch {
  /** Names the stream in the ledger, in logs and in metrics: `source/partition`, or the source where there are none. */
  readonly stream: string
  readonly origin: Origin
  readonly messages: readonly Message[]
  readonly cursor: Cursor
  /** Sum of the body sizes. */
  readonly bytes: number
}

/** Where a source hands its batches to. */
export interface Sink {
  /** Resolves once there is room for the next batch of this stream. Never rejects: a source has no use for the error. */
  take(batch: SourceBatch): Promise<void>
  /** The stream belongs to another replica now: what is unsettled of it must not move its checkpoint any more. */
  lost(stream: string): void
}

/** What became of a checkpoint write. `stale`: a newer one is there, or the stream is no longer ours. */
export type CheckpointOutcome = 'written' | 'stale'

/**
 * An input. The runtime promises: `open`, then `start`, then `stop`, then `close`, each once; `checkpoint` any time
 * between `start` and `close`. The source promises: batches of a stream come in order and one at a time; after `stop`
 * has settled no further batch comes, but streams stay owned until `close`, so that a drain can still write checkpoints.
 */
export interface Source {
  readonly name: string
  /** Codes of what keeps it from reading, or from storing how far it is, at the moment. */
  readonly troubles: readonly string[]
  /** Proves that the source can be reached with these credentials; throws an `XdrelayError` within seconds if not. */
  open(signal: AbortSignal): Promise<void>
  start(sink: Sink): Promise<void>
  /** Never moves a checkpoint backwards and never writes one for a stream that another replica owns. */
  checkpoint(stream: string, cursor: Cursor): Promise<CheckpointOutcome>
  stop(): Promise<void>
  close(): Promise<void>
}

/** Where a stream was left: by the required outputs together, and by each optional output that lags behind them. */
export interface Positions {
  readonly checkpoint: Cursor | undefined
  readonly lanes: ReadonlyMap<string, Cursor>
}

/**
 * A source that reads again what an output lacks. Taken up anew, a stream starts at the lowest of its positions,
 * so a batch may hold messages that some outputs have already; the pipeline leaves those out by `positions`.
 */
export interface RewindableSource extends Source {
  positions(stream: string): Promise<Positions>
  saveLanePosition(output: string, stream: string, cursor: Cursor): Promise<CheckpointOutcome>
  clearLanePosition(output: string, stream: string): Promise<void>
  /**
   * Accepts nothing more, awaits `settled`, then takes up all streams again; resolves when it reads again.
   * When `settled` rejects, the restart is called off: reading goes on as if nothing had happened, and the error is thrown.
   */
  restart(settled: () => Promise<void>): Promise<void>
}

/**
 * The documents of one source batch, already serialised. Columnar: document i is
 * `lines[ends[i - 1] .. ends[i])`, a JSON object and a line feed.
 */
export interface Chunk {
  readonly stream: string
  readonly origin: Origin
  readonly messages: readonly Message[]
  readonly cursor: Cursor
  readonly lines: Uint8Array
  readonly ends: Uint32Array
  /** Deterministic document ids; safe in file names and URLs. */
  readonly ids: readonly string[]
  /** Names of the tables in this chunk, as they came (no category prefix); not safe as a path or a label. */
  readonly tables: readonly string[]
  /** For each document: index into `tables`. */
  readonly table: Uint16Array
  /** For each document: index into `messages`. */
  readonly message: Uint32Array
  /** For each document: its place in the message's `records` array as received, gaps included. */
  readonly record: Uint32Array
  /**
   * For each document that stands for the current state of an item: its version, in microseconds since the epoch. Where
   * the target holds the item in a higher version, that one stays. 0 for all other documents; absent where all are.
   */
  readonly versions?: Float64Array
  /**
   * For each document whether one before it stands for the same record, as a part of an incident does; where that one may
   * have been left out. Absent where `record` tells.
   */
  readonly further?: Uint8Array
}

/** Why a record or a whole message cannot go on. A closed set: dashboards and scripts branch on it. */
export type RejectReason =
  | 'invalid_json' // the body is not JSON
  | 'bad_encoding' // the body is not UTF-8
  | 'bad_envelope' // no `records` array, or a record without category or properties
  | 'too_deep' // nested beyond the limit
  | 'too_large' // beyond a configured limit of bytes or keys
  | 'invalid' // strict mode: a column does not fit the table's schema
  | 'refused' // an output will never take this document
  | 'worker_crash' // the record ended the worker that transformed it, twice

/** A record (or a whole message) that cannot go on, with its bytes as they came. Data, not an error. */
export interface Reject {
  readonly reason: RejectReason
  /** One sentence for people: what was found and where. */
  readonly detail: string
  /** JSON pointer into the message's body; empty for the whole. */
  readonly pointer: string
  readonly origin: Origin
  readonly message: Message
  /** Place in `records`; null when the whole message is rejected. */
  readonly recordIndex: number | null
  readonly bytes: Uint8Array
  /** The output that refused it; absent when no output will see it. */
  readonly output?: string
  /** Its table, where it came so far that it has one; as it came. */
  readonly table?: string
}

/** What a value looks like. Of values that no schema knows nothing else is kept: they may be personal data. */
export type Form =
  | 'empty' // null or ""
  | 'text'
  | 'digits' // text of a whole number
  | 'date' // text
  | 'ip' // text
  | 'boolean'
  | 'integer' // of 64 bits
  | 'number'
  | Structure
  | `${Structure} as text`

export type Structure =
  | 'object'
  | 'empty object'
  | 'list of texts'
  | 'list of scalars'
  | 'list of objects'
  | 'mixed list'
  | 'empty list'

/**
 * A column, table or type that the schemas do not know. Nothing is lost by it; it is counted and reported.
 * A new table has an entry that counts its records, and one for each of its columns.
 */
export interface Drift {
  readonly kind: 'new_table' | 'new_column' | 'type_change'
  readonly table: string
  /** Empty for the table itself; `envelope.x` for a key beside the properties. */
  readonly column: string
  /** For a type change: what the schema expects, otherwise empty. */
  readonly expected: string
  /** Path of the field that keeps the values now; empty while there was none to keep. */
  readonly field: string
  readonly count: number
  /** How often each form was found. */
  readonly forms: Readonly<Partial<Record<Form, number>>>
}

export interface Transformed {
  readonly chunk: Chunk
  readonly rejects: readonly Reject[]
  readonly drift: readonly Drift[]
}

/** Bytes in, documents out. Never throws for content: what cannot go on is a reject. */
export interface Transform {
  run(batch: SourceBatch): Promise<Transformed>
  close(): Promise<void>
}

/**
 * What became of a write, by index over the documents of all its chunks in order:
 * whatever is in neither `rejected` nor `retry` is in the target for good.
 */
export interface Delivery {
  readonly rejected: readonly Refusal[]
  readonly retry: readonly number[]
  /** How many of the delivered were in the target already. */
  readonly duplicates: number
  /** How many of the delivered the target put aside (Elasticsearch's failure store). */
  readonly failureStore?: number
  /** Milliseconds the target asked to wait before a retry. */
  readonly retryAfter?: number
  /** Set when the target as a whole cannot take documents now (down, unauthorised, disk full): one sentence for the operator. */
  readonly outage?: string
}

export interface Refusal {
  readonly index: number
  readonly detail: string
}

/**
 * A target. The runtime promises: `open` comes first and once, `close` last and once, after every write has ended;
 * a write may overlap others only up to the kind's `concurrency`. The output promises: `write` settles and never
 * throws for what the target did (that is a `Delivery`), keeps no chunk after it settled, changes none; a document
 * counts as delivered only when it would survive a crash of this process and a restart of the target.
 * Queueing, batching, retrying, dead letters and logging failures belong to the lane in front of it.
 */
export interface Output {
  open(signal: AbortSignal): Promise<void>
  write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery>
  close(): Promise<void>
}

/** Where rejects go. Resolves when they are on disk for good; never drops, waits while there is no room. */
export interface DeadLetter {
  open(): Promise<void>
  write(rejects: readonly Reject[], signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
