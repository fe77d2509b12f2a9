import type { Chunk, Delivery } from '../core/types.ts'
import {
  type Answer,
  type BulkBody,
  bulkBody,
  type Range,
  readAnswer,
  reasonOf,
  retryAll,
  type Targets,
} from './bulk.ts'
import { leastLimit, RequestLimit } from './request-limit.ts'

export interface BulkTarget {
  readonly ask: (body: BulkBody, signal: AbortSignal) => Promise<Answer>
  readonly targetsOf: (chunk: Chunk) => Targets
}

interface Write {
  readonly chunks: readonly Chunk[]
  readonly signal: AbortSignal
}

interface Attempt {
  readonly range: Range
  readonly bytes: number
  readonly delivery: Delivery | 'split'
  /** Absent where nothing was sent. */
  readonly answer?: Answer
}

/** Writes documents by `_bulk`, in as many requests as it takes. */
export class BulkWriter {
  readonly #target: BulkTarget
  readonly #limit = new RequestLimit()
  /** What the server last said to each request, whatever was in it, until it takes one again. */
  #refusal: string | undefined

  constructor(target: BulkTarget) {
    this.#target = target
  }

  async write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
    const to = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0)
    if (to === 0) return { rejected: [], retry: [], duplicates: 0 }
    const write = { chunks, signal }
    return this.#finish(write, await this.#try(write, { from: 0, to }), true)
  }

  /** One request; none for more bytes than the server takes. */
  async #try({ chunks, signal }: Write, range: Range): Promise<Attempt> {
    const body = bulkBody(chunks, range, this.#target.targetsOf)
    const { bytes } = body
    const isSingle = range.to - range.from === 1
    if (!isSingle && bytes > this.#limit.bytes) return { range, bytes, delivery: 'split' }
    const answer = await this.#target.ask(body, signal)
    if (answer.status === 413 && !isSingle) this.#limit.refused(bytes)
    if (answer.status === 200) {
      this.#limit.taken(bytes)
      this.#refusal = undefined
    }
    return { range, bytes, answer, delivery: readAnswer(answer, range) }
  }

  /** `isWhole`: no part of a request that was refused for what may be in it. */
  async #finish(write: Write, { range, bytes, delivery, answer }: Attempt, isWhole: boolean): Promise<Delivery> {
    if (delivery !== 'split') return delivery
    if (answer === undefined) return this.#halve(write, range, isWhole)
    const refusal = reasonOf(answer)
    if (range.to - range.from > 1) {
      if (answer.status === 413) return this.#halve(write, range, isWhole)
      return this.#halve(write, range, false, isWhole ? refusal : undefined)
    }
    if (answer.status === 413 && bytes < leastLimit) {
      return retryAll(range, { outage: `${refusal}, though there are less than ${leastLimit} bytes` })
    }
    if (isWhole && refusal === this.#refusal) return retryAll(range, { outage: refusal })
    return { rejected: [{ index: range.from, detail: refusal }], retry: [], duplicates: 0 }
  }

  /**
   * Finds the documents that a request is refused for, and sends the others. Where `refusal` is what both halves meet as
   * well, it is no document's fault.
   */
  async #halve(write: Write, range: Range, isWhole: boolean, refusal?: string): Promise<Delivery> {
    const middle = (range.from + range.to) >>> 1
    const rest = { from: middle, to: range.to }
    const one = await this.#try(write, { from: range.from, to: middle })
    const other = refusal !== undefined && isRefused(one, refusal) ? await this.#try(write, rest) : undefined
    if (refusal !== undefined && other && isRefused(other, refusal)) {
      this.#refusal = refusal
      return retryAll(range, { outage: refusal })
    }
    const first = await this.#finish(write, one, isWhole)
    const isBlocked = first.outage !== undefined || first.retry.length === middle - range.from
    if (other === undefined && isBlocked) return merge(first, retryAll(rest, {}))
    return merge(first, await this.#finish(write, other ?? (await this.#try(write, rest)), isWhole))
  }
}

function isRefused({ delivery, answer }: Attempt, refusal: string): boolean {
  return delivery === 'split' && answer !== undefined && reasonOf(answer) === refusal
}

function merge(first: Delivery, second: Delivery): Delivery {
  const outage = first.outage ?? second.outage
  const retryAfter = Math.max(first.retryAfter ?? 0, second.retryAfter ?? 0)
  return {
    rejected: [...first.rejected, ...second.rejected],
    retry: [...first.retry, ...second.retry],
    duplicates: first.duplicates + second.duplicates,
    failureStore: (first.failureStore ?? 0) + (second.failureStore ?? 0),
    ...(outage !== undefined && { outage }),
    ...(retryAfter > 0 && { retryAfter }),
  }
}
