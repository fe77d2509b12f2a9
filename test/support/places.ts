import { NdjsonTail } from './ndjson-tail.ts'

/** The places (partition, sequence number, record) that stand in the output files of one or more folders. */
export class Places {
  /** Lines read so far, repeated places included. */
  lines = 0
  readonly #tails: readonly NdjsonTail[]
  readonly #places = new Map<string, Map<number, Set<number>>>()
  #reading: Promise<void> = Promise.resolve()

  constructor(...folders: string[]) {
    this.#tails = folders.map(folder => new NdjsonTail(folder))
  }

  /** Reads what has been written since the last time. */
  refresh(): Promise<void> {
    this.#reading = this.#reading.then(async () => {
      for (const tail of this.#tails) await tail.read(line => this.#add(line))
    })
    return this.#reading
  }

  get size(): number {
    return [...this.#places.keys()].reduce((sum, partition) => sum + this.upTo(partition, Number.POSITIVE_INFINITY), 0)
  }

  /** Distinct records of a partition's messages up to a sequence number. */
  upTo(partition: string, sequenceNumber: number): number {
    const messages = this.#places.get(partition) ?? new Map<number, Set<number>>()
    return [...messages].reduce((sum, [sequence, set]) => sum + (sequence <= sequenceNumber ? set.size : 0), 0)
  }

  #add(line: string): void {
    this.lines += 1
    const { azure } = JSON.parse(line) as Placed
    const messages = this.#places.get(azure.partition_id) ?? new Map<number, Set<number>>()
    this.#places.set(azure.partition_id, messages)
    const set = messages.get(azure.sequence_number) ?? new Set<number>()
    messages.set(azure.sequence_number, set.add(azure.record_index))
  }
}

interface Placed {
  readonly azure: { readonly partition_id: string; readonly sequence_number: number; readonly record_index: number }
}
