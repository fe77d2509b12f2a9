import type { Chunk } from '../core/types.ts'

/** What goes to which file in one write. */
export class FileParts {
  readonly #byPath = new Map<string, Uint8Array[]>()
  readonly #resolve: (table: string) => string
  /** A path is made once per write and table, not once per chunk. */
  readonly #byTable = new Map<string, Uint8Array[]>()

  constructor(resolve: (table: string) => string) {
    this.#resolve = resolve
  }

  /** Nothing is said of files that get nothing: a chunk may name tables that it has no documents of. */
  get byPath(): Map<string, Uint8Array[]> {
    return new Map([...this.#byPath].filter(([, parts]) => parts.length > 0))
  }

  /** Adds the chunk's lines to the files they go to: in one piece where all go to one, by runs of a file otherwise. */
  add({ tables, table, ends, lines }: Chunk): void {
    const files = tables.map(name => this.#partsOf(name))
    const last = ends.length - 1
    const single = files.every(file => file === files[0])
    let start = 0
    for (let index = single ? Math.max(0, last) : 0; index <= last; index++) {
      const file = files[table[index]!]!
      if (index < last && file === files[table[index + 1]!]) continue
      file.push(lines.subarray(start, ends[index]))
      start = ends[index]!
    }
  }

  #partsOf(table: string): Uint8Array[] {
    const known = this.#byTable.get(table)
    if (known) return known
    const path = this.#resolve(table)
    const parts = this.#byPath.get(path) ?? []
    this.#byPath.set(path, parts)
    this.#byTable.set(table, parts)
    return parts
  }
}
