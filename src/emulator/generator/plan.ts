import type { BrokenMessage } from './broken.ts'
import type { GeneratedMessage, GeneratedRecord, Generator } from './generator.ts'
import { MessagePacker } from './pack.ts'

export interface PlanOptions {
  /** How many records have to arrive in all, the sound ones beside broken ones included. */
  readonly records: number
  readonly recordsPerMessage: number
  /** How many partitions the messages are for. */
  readonly partitions: number
  /** `device`: all records of a device are in one partition, in order. */
  readonly partitionBy: 'device' | 'round-robin'
  /** Messages to mix in: one after every second good one, what remains at the end. */
  readonly broken: readonly BrokenMessage[]
}

export interface PlannedMessage extends GeneratedMessage {
  /** Number of the partition, from 0. */
  readonly partition: number
  readonly broken: boolean
}

const goodPerBroken = 2

/** The messages of a run, in the order in which they are to be sent or written. */
export function* planMessages(generator: Generator, options: PlanOptions): Iteration<PlannedMessage> {
  const broken = options.broken.values()
  let good = 0
  let partition = 0
  const mixIn = (message: BrokenMessage): PlannedMessage => ({
    body: message.body,
    records: soundRecords(message),
    tables: [],
    partition: partition++ % options.partitions,
    broken: true,
  })
  const beside = options.broken.reduce((sum, message) => sum + soundRecords(message), 0)
  const rest = { ...options, records: Math.max(0, options.records - beside) }
  for (const message of options.partitionBy === 'device' ? byDevice(generator, rest) : inTurn(generator, rest)) {
    yield message
    if (++good % goodPerBroken !== 0) continue
    const { value, done } = broken.next()
    if (!done) yield mixIn(value)
  }
  for (const message of broken) yield mixIn(message)
}

/** A torn message is dead-lettered whole. */
function soundRecords({ validRecords, salvage }: BrokenMessage): number {
  return salvage ? 0 : validRecords
}

type Iteration<T> = globalThis.Generator<T, void, undefined>

function* inTurn(generator: Generator, options: PlanOptions): Iteration<PlannedMessage> {
  let rest = options.records
  for (let index = 0; rest > 0; index++) {
    const message = generator.nextMessage(Math.min(rest, options.recordsPerMessage))
    rest -= message.records
    yield { ...message, partition: index % options.partitions, broken: false }
  }
}

function* byDevice(generator: Generator, options: PlanOptions): Iteration<PlannedMessage> {
  const heaps = Array.from({ length: options.partitions }, (_, partition) => new Heap(partition))
  for (let count = 0; count < options.records; count++) {
    const record = generator.next()
    const heap = heaps[partitionOf(record, count, options.partitions)]!
    if (!heap.add(record)) {
      yield heap.take()
      heap.add(record)
    }
    if (heap.records >= options.recordsPerMessage) yield heap.take()
  }
  for (const heap of heaps) if (heap.records > 0) yield heap.take()
}

/** Device ids are evenly spread hexadecimal digits; records without a device go round. */
function partitionOf({ deviceId }: GeneratedRecord, count: number, partitions: number): number {
  return (deviceId === undefined ? count : Number.parseInt(deviceId.slice(0, 8), 16)) % partitions
}

/** Records that wait until a message of their partition is full. */
class Heap {
  readonly #partition: number
  readonly #packer = new MessagePacker()
  #tables: string[] = []

  constructor(partition: number) {
    this.#partition = partition
  }

  get records(): number {
    return this.#packer.records
  }

  add({ text, table }: GeneratedRecord): boolean {
    if (!this.#packer.add(text)) return false
    this.#tables.push(table)
    return true
  }

  take(): PlannedMessage {
    const tables = this.#tables
    this.#tables = []
    return { records: this.records, body: this.#packer.take(), tables, partition: this.#partition, broken: false }
  }
}
