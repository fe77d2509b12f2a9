import type { RejectedPart, Result } from './job.ts'
import { JsonWriter } from './json-writer.ts'

const usualSize = 4 << 20
/** Shared by all collectors of this thread, as only one is ever under way: fresh memory for every batch costs more than the final copy. */
let scratch = new JsonWriter(usualSize)

interface Mark {
  readonly documents: number
  readonly rejects: number
  readonly end: number
}

/** Collects the documents of one job: JSON lines in one buffer, and columns about them. */
export class Lines {
  readonly rejects: RejectedPart[] = []
  readonly #ends: number[] = []
  readonly #ids: string[] = []
  readonly #tables = new Map<string, number>()
  readonly #table: number[] = []
  readonly #message: number[] = []
  readonly #record: number[] = []
  /** Where the last document ends. */
  #end = 0
  /** By document; most have none. */
  readonly #versions = new Map<number, number>()

  /** Where the next document is to be written. */
  begin(): JsonWriter {
    scratch.at = this.#end
    return scratch
  }

  /** What was written since `begin` is a document: JSON without a line feed. */
  add(id: string, table: string, message: number, record: number): void {
    scratch.byte(0x0a)
    this.#end = scratch.at
    this.#ends.push(scratch.at)
    this.#ids.push(id)
    this.#table.push(this.#numberOf(table))
    this.#message.push(message)
    this.#record.push(record)
  }

  /** What `backTo` needs to take back all that is added from here on; tables may stay. */
  mark(): Mark {
    return { documents: this.#ids.length, rejects: this.rejects.length, end: this.#end }
  }

  backTo({ documents, rejects, end }: Mark): void {
    for (const column of [this.#ends, this.#ids, this.#table, this.#message, this.#record]) column.length = documents
    this.rejects.length = rejects
    this.#end = end
  }

  /** The document added last stands for the current state of an item: microseconds since the epoch. */
  versionOfLast(version: number): void {
    this.#versions.set(this.#ids.length - 1, version)
  }

  result(): Omit<Result, 'drift'> {
    const lines = Buffer.allocUnsafeSlow(this.#end)
    lines.set(scratch.bytes.subarray(0, this.#end))
    if (scratch.bytes.length > 4 * usualSize) scratch = new JsonWriter(usualSize)
    return {
      lines,
      ends: Uint32Array.from(this.#ends),
      ids: this.#ids,
      tables: [...this.#tables.keys()],
      table: Uint16Array.from(this.#table),
      message: Uint32Array.from(this.#message),
      record: Uint32Array.from(this.#record),
      rejects: this.rejects,
      ...(this.#versions.size > 0 && {
        versions: Float64Array.from(this.#ids, (_id, n) => this.#versions.get(n) ?? 0),
      }),
    }
  }

  /** Table numbers have 16 bits. More tables than that in one batch are an attack: the surplus shares one name. */
  #numberOf(table: string): number {
    const known = this.#tables.get(table)
    if (known !== undefined) return known
    if (this.#tables.size >= 0xffff) return this.#numberOfRest()
    this.#tables.set(table, this.#tables.size)
    return this.#tables.size - 1
  }

  #numberOfRest(): number {
    const rest = this.#tables.get('unknown') ?? this.#tables.size
    this.#tables.set('unknown', rest)
    return rest
  }
}
