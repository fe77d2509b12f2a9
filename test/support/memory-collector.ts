import type { Collector, Page } from '../../src/collect/collector.ts'
import type { XdrelayError } from '../../src/core/errors.ts'
import type { SourceBatch } from '../../src/core/types.ts'

/** What a service holds: items that only become more. Outlives the collectors that read it. */
export class MemoryCollection {
  readonly items: string[] = []
  /** Where a first start looks back to. */
  since = 0
  /** Thrown instead of the next page, until it is taken away. */
  failure: XdrelayError | undefined
  /** Never answers, whatever signal aborts. */
  hangs = false
  /** Passes as they were asked for: `from-until`. */
  readonly passes: string[] = []
  running = 0
  mostRunning = 0

  add(count: number): void {
    for (let index = 0; index < count; index++) this.items.push(`item ${this.items.length}`)
  }
}

export function collectionOf(count: number): MemoryCollection {
  const collection = new MemoryCollection()
  collection.add(count)
  return collection
}

/** A state is the number of items before it. */
export class MemoryCollector implements Collector {
  readonly dataset = 'alert'
  readonly #collection: MemoryCollection
  readonly #perPage: number
  readonly #delay: number

  constructor(collection: MemoryCollection, perPage = 2, delay = 0) {
    this.#collection = collection
    this.#perPage = perPage
    this.#delay = delay
  }

  async probe(): Promise<string> {
    if (this.#collection.failure) throw this.#collection.failure
    return `${this.#collection.items.length} items`
  }

  async *pass(from: string | undefined, signal: AbortSignal, until?: string): AsyncGenerator<Page, void> {
    const collection = this.#collection
    collection.passes.push(`${from ?? ''}-${until ?? ''}`)
    collection.mostRunning = Math.max(collection.mostRunning, ++collection.running)
    try {
      let at = Number(from ?? collection.since)
      if (from === undefined) yield page([], at)
      for (;;) {
        if (collection.failure) throw collection.failure
        if (collection.hangs) await new Promise(() => {})
        if (this.#delay > 0) await new Promise(resolve => setTimeout(resolve, this.#delay))
        signal.throwIfAborted()
        const items = collection.items.slice(
          at,
          Math.min(at + this.#perPage, Number(until ?? Number.POSITIVE_INFINITY)),
        )
        at += items.length
        if (items.length === 0) return yield page([], at)
        yield page(items, at)
      }
    } finally {
      collection.running -= 1
    }
  }
}

function page(items: readonly string[], at: number): Page {
  return { body: Buffer.from(JSON.stringify({ value: items })), items: items.length, time: at, state: String(at) }
}

export function itemsOf({ messages }: Pick<SourceBatch, 'messages'>): string[] {
  return messages.flatMap(({ body }) => JSON.parse(Buffer.from(body).toString()).value as string[])
}
