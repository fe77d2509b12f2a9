import type { Chunk, Delivery, Refusal } from '../core/types.ts'

/** What became of the documents of one chunk of a write; indexes are within the chunk, ascending. */
export interface Share {
  readonly delivered: number
  readonly retry: readonly number[]
  readonly refused: readonly Refusal[]
}

/**
 * Splits a delivery, which counts over all chunks of a write, into one share per chunk. Every document ends in exactly
 * one place, whatever the lists say twice: a document that is also to be retried is not refused.
 */
export function shares(chunks: readonly Chunk[], delivery: Delivery): Share[] {
  if (delivery.retry.length === 0 && delivery.rejected.length === 0) {
    return chunks.map(chunk => ({ delivered: chunk.ids.length, retry: [], refused: [] }))
  }
  const retried = new Set(delivery.retry)
  const refused = new Map(delivery.rejected.map(refusal => [refusal.index, refusal.detail]))
  let start = 0
  return chunks.map(chunk => {
    const share = shareOf(chunk.ids.length, start, retried, refused)
    start += chunk.ids.length
    return share
  })
}

function shareOf(count: number, start: number, retried: Set<number>, refused: Map<number, string>): Share {
  const retry: number[] = []
  const refusals: Refusal[] = []
  for (let index = 0; index < count; index++) {
    const detail = refused.get(start + index)
    if (retried.has(start + index)) retry.push(index)
    else if (detail !== undefined) refusals.push({ index, detail })
  }
  return { delivered: count - retry.length - refusals.length, retry, refused: refusals }
}
