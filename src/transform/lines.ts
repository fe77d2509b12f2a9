import type { RejectedPart, Result } from './job.ts'

const usualSize = 4 << 20
/** Shared by all collectors of this thread, as only one is ever under way: fresh memory for every batch costs more than the final copy. */
let scratch = Buffer.allocUnsafeSlow(usualSize)

/** Collects the documents of one job: JSON lines in one buffer, and columns about them. */
export class Lines {
  readonly rejects: RejectedPart[] = []
  #written = 0
  readonly #ends: number[] = []
  readonly #ids: string[] = []
  readonly #tables = new Map<string, number>()
  readonly #table: number[] = []
  readonly #message: number[] = []
  readonly #record: number[] = []
  /** By document; most have none. */
  readonly #versions = new Map<number, number>()

  /** `json` has no line feed. */
  add(json: string, id: string, table: string, message: number, record: number): void {
    this.#reserve(json.length * 3 + 1)
    this.#written += scratch.write(json, this.#written)
    scratch[this.#written++] = 0x0a
    this.#ends.push(this.#written)
    this.#ids.push(id)
    this.#table.push(this.#numberOf(table))
    this.#message.push(message)
    this.#record.push(record)
  }

  /** The document added last stands for the current state of an item: microseconds since the epoch. */
  versionOfLast(version: number): void {
    this.#versions.set(this.#ids.length - 1, version)
  }

  result(): Omit<Result, 'drift'> {
    const lines = new Uint8Array(scratch.subarray(0, this.#written))
    if (scratch.length > 4 * usualSize) scratch = Buffer.allocUnsafeSlow(usualSize)
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

  #reserve(bytes: number): void {
    if (this.#written + bytes <= scratch.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, this.#written + bytes))
    scratch.copy(larger, 0, 0, this.#written)
    scratch = larger
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
