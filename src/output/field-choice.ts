import type { FieldOptions } from './fields.ts'

/** They hold a record's text, or values of any column: no path says whose. */
const wholeRecords = ['event.original', 'xdrelay.kept']

/** What becomes of a field, or of a text within one. */
export type Fate = 'keep' | 'hash' | 'drop'

/** Bytes of memory, roughly, for paths that were met. Keys come from records, so there may be any number of them. */
const mostRemembered = 8 << 20
const fieldCost = 500

/** The chosen fields, as a tree of the paths that documents have. */
export class FieldChoice {
  readonly #drop: Patterns
  readonly #hash: Patterns
  #root!: Field
  #remembered = Number.POSITIVE_INFINITY

  constructor({ drop = [], hash = [] }: Pick<FieldOptions, 'drop' | 'hash'>) {
    this.#drop = new Patterns([...wholeRecords, ...drop])
    this.#hash = new Patterns(hash)
  }

  /** The field that all paths start from. To be asked for anew for each document. */
  root(): Field {
    if (this.#remembered > mostRemembered) {
      this.#remembered = 0
      this.#root = new Field('keep', this.#drop.start(), this.#hash.start())
    }
    return this.#root
  }

  /** What becomes of a path such as `user.name`. */
  fate(path: string): Fate {
    const root = this.root()
    return this.#make(root, path, '').fate
  }

  /** The field `key` of `parent`; `key` is written as in JSON, without its quotes, and each byte a character. */
  child(parent: Field, key: string): Field {
    const known = parent.children.get(key)
    if (known !== undefined) return known
    const text = Buffer.from(key, 'latin1').toString()
    const name = text.includes('\\') ? (JSON.parse(`"${text}"`) as string) : text
    const field = this.#make(parent, name, parent === this.#root ? '' : '.')
    parent.children.set(key, field)
    this.#remembered += key.length + fieldCost
    return field
  }

  #make(parent: Field, name: string, separator: string): Field {
    const drop = this.#drop.follow(parent.drop, separator + name)
    const hash = this.#hash.follow(parent.hash, separator + name)
    const hashed = hash.fits || parent.fate === 'hash'
    return new Field(drop.fits ? 'drop' : hashed ? 'hash' : 'keep', drop.reached, hash.reached)
  }
}

export class Field {
  readonly fate: Fate
  readonly drop: Reached
  readonly hash: Reached
  /** By key as written in JSON. */
  readonly children = new Map<string, Field>()

  constructor(fate: Fate, drop: Reached, hash: Reached) {
    this.fate = fate
    this.drop = drop
    this.hash = hash
  }

  /** Nothing in it can be chosen any more. */
  get isPlain(): boolean {
    return this.fate === 'keep' && this.drop.size === 0 && this.hash.size === 0
  }
}

/** Places within the patterns that a path has led to. */
type Reached = ReadonlySet<number>

const end = '\0'

/**
 * Follows a path through all patterns at once, a character at a time: however long a path is and however many dots and
 * stars there are, the work for a character stays the same.
 */
class Patterns {
  /** All patterns, each with its end. */
  readonly #text: string

  constructor(patterns: readonly string[]) {
    this.#text = patterns.map(pattern => pattern + end).join('')
  }

  start(): Reached {
    const reached = new Set<number>()
    for (let at = 0; at < this.#text.length; at++) {
      if (at === 0 || this.#text[at - 1] === end) this.#reach(at, reached)
    }
    return reached
  }

  /** `fits`: a pattern ends where the path ends, or at a dot within: then it chose something that holds the rest. */
  follow(from: Reached, path: string): { fits: boolean; reached: Reached } {
    let reached = from
    let fits = false
    for (let index = 0; index < path.length && reached.size > 0; index++) {
      if (path[index] === '.') fits ||= this.#ends(reached)
      reached = this.#step(reached, path[index]!)
    }
    return { fits: fits || this.#ends(reached), reached }
  }

  #step(reached: Reached, character: string): Reached {
    const next = new Set<number>()
    for (const at of reached) {
      const wanted = this.#text[at]
      if (wanted === '*') this.#reach(at, next)
      else if (wanted === character && character !== end) this.#reach(at + 1, next)
    }
    return next
  }

  /** A star may stand for nothing. */
  #reach(at: number, reached: Set<number>): void {
    let next = at
    while (this.#text[next] === '*') reached.add(next++)
    reached.add(next)
  }

  #ends(reached: Reached): boolean {
    for (const at of reached) if (this.#text[at] === end) return true
    return false
  }
}
