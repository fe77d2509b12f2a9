import type { RejectedPart, Result } from './job.ts'
import type { JsonWriter } from './json-writer.ts'
import { outAt, outBytes } from './kernel/layout.ts'

/** With more than this the documents move out of the kernel's memory, which never gets smaller again. */
const mostInMemory = outBytes * 0.75

interface Mark {
  readonly documents: number
  readonly rejects: number
  readonly bytes: number
}

/** Collects the documents of one job: JSON lines in one buffer, and columns about them. */
export class Lines {
  readonly rejects: RejectedPart[] = []
  readonly #out: JsonWriter
  readonly #ends: number[] = []
  readonly #ids: string[] = []
  readonly #tables = new Map<string, number>()
  readonly #table: number[] = []
  readonly #message: number[] = []
  readonly #record: number[] = []
  /** Documents that moved out, and how many bytes they are. */
  readonly #pieces: Buffer[] = []
  #moved = 0
  /** Where the last of the other documents ends. */
  #end = outAt
  /** By document; most have none. */
  readonly #versions = new Map<number, number>()

  /** One job is under way at a time, so all that is written belongs to it. */
  constructor(out: JsonWriter) {
    this.#out = out
  }

  /** The next document is about to be written. */
  begin(): void {
    if (this.#end - outAt > mostInMemory) this.#moveOut()
    this.#out.at = this.#end
  }

  /** What was written since `begin` is a document: JSON without a line feed. */
  add(id: string, table: string, message: number, record: number): void {
    this.#out.byte(0x0a)
    this.#end = this.#out.at
    this.#ends.push(this.#bytes)
    this.#ids.push(id)
    this.#table.push(this.#numberOf(table))
    this.#message.push(message)
    this.#record.push(record)
  }

  /** What `backTo` needs to take back all that is added from here on; tables may stay. */
  mark(): Mark {
    return { documents: this.#ids.length, rejects: this.rejects.length, bytes: this.#bytes }
  }

  backTo({ documents, rejects, bytes }: Mark): void {
    for (const column of [this.#ends, this.#ids, this.#table, this.#message, this.#record]) column.length = documents
    this.rejects.length = rejects
    while (bytes < this.#moved) this.#moveBack()
    this.#end = outAt + bytes - this.#moved
  }

  /** The document added last stands for the current state of an item: microseconds since the epoch. */
  versionOfLast(version: number): void {
    this.#versions.set(this.#ids.length - 1, version)
  }

  result(): Omit<Result, 'drift'> {
    const lines = Buffer.allocUnsafeSlow(this.#bytes)
    let at = 0
    for (const piece of [...this.#pieces, this.#inMemory]) {
      lines.set(piece, at)
      at += piece.length
    }
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

  /** Of all documents. */
  get #bytes(): number {
    return this.#moved + this.#end - outAt
  }

  get #inMemory(): Buffer {
    return this.#out.kernel.bytes.subarray(outAt, this.#end)
  }

  #moveOut(): void {
    const piece = Buffer.from(this.#inMemory)
    this.#pieces.push(piece)
    this.#moved += piece.length
    this.#end = outAt
  }

  /** The piece that moved out last is in memory again; whatever else was there is taken back. */
  #moveBack(): void {
    const piece = this.#pieces.pop()!
    this.#moved -= piece.length
    this.#out.kernel.bytes.set(piece, outAt)
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
