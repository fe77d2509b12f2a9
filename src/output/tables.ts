import { subset } from '../core/chunk.ts'
import type { Chunk } from '../core/types.ts'

/**
 * The documents of a chunk that an output wants: of its tables, and current states only if it can replace them. Patterns are table names with `*` for any run of characters; one that
 * starts with `!` takes tables out again. Names are compared as they are written.
 */
export class TableFilter {
  readonly #include: readonly string[]
  readonly #exclude: readonly string[]
  readonly #all: boolean

  readonly #current: boolean

  constructor(patterns: readonly string[], current = false) {
    this.#current = current
    this.#include = patterns.filter(pattern => !pattern.startsWith('!'))
    this.#exclude = patterns.filter(pattern => pattern.startsWith('!')).map(pattern => pattern.slice(1))
    this.#all = patterns.length === 1 && patterns[0] === '*'
  }

  wants(table: string): boolean {
    return this.#include.some(pattern => fits(table, pattern)) && !this.#exclude.some(pattern => fits(table, pattern))
  }

  keep(chunk: Chunk): Chunk {
    const { versions } = chunk
    const takesAll = this.#current || versions === undefined
    if (this.#all && takesAll) return chunk
    const wanted = chunk.tables.map(table => this.wants(table))
    if (wanted.every(Boolean) && takesAll) return chunk
    const indexes: number[] = []
    for (let index = 0; index < chunk.table.length; index++) {
      if (wanted[chunk.table[index]!] && (takesAll || versions![index] === 0)) indexes.push(index)
    }
    return subset(chunk, indexes)
  }
}

/**
 * Whether a name fits a pattern: its first part at the start, its last at the end, the others in between, each as early
 * as possible. No regular expression: names come from records, and one of a megabyte must not stall anything.
 */
function fits(name: string, pattern: string): boolean {
  const [first, ...rest] = pattern.split('*')
  const last = rest.pop()
  if (last === undefined) return name === pattern
  const end = name.length - last.length
  let at = first!.length
  if (!name.startsWith(first!) || !name.endsWith(last)) return false
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return at <= end
}
