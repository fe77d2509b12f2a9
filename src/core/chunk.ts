import type { Chunk } from './types.ts'

/** The bytes of document `index`, line feed included; a view, not a copy. */
export function documentBytes(chunk: Chunk, index: number): Uint8Array {
  return chunk.lines.subarray(index === 0 ? 0 : chunk.ends[index - 1], chunk.ends[index])
}

/** A chunk of the chosen documents only, in ascending order. Copies their bytes: for filters and retries, not the hot path. */
export function subset(chunk: Chunk, indexes: readonly number[]): Chunk {
  if (indexes.length === chunk.ids.length) return chunk
  const parts = indexes.map(index => documentBytes(chunk, index))
  const lines = Buffer.concat(parts)
  const ends = new Uint32Array(indexes.length)
  parts.reduce((end, part, position) => {
    ends[position] = end + part.length
    return end + part.length
  }, 0)
  const further = Uint8Array.from(indexes, index => Number(isFurther(chunk, index)))
  return {
    ...chunk,
    lines,
    ends,
    ids: indexes.map(index => chunk.ids[index]!),
    table: Uint16Array.from(indexes, index => chunk.table[index]!),
    message: Uint32Array.from(indexes, index => chunk.message[index]!),
    record: Uint32Array.from(indexes, index => chunk.record[index]!),
    ...((chunk.further ?? further.includes(1)) && { further }),
    ...(chunk.versions && { versions: Float64Array.from(indexes, index => chunk.versions![index]!) }),
  }
}

/** Whether a document before this one stands for the same record. */
export function isFurther({ message, record, further }: Chunk, index: number): boolean {
  if (further) return further[index] === 1
  return index > 0 && message[index] === message[index - 1] && record[index] === record[index - 1]
}

/** The documents of messages after `reached`; the whole chunk, uncopied, in the usual case that all are. */
export function after(chunk: Chunk, reached: number): Chunk {
  if (chunk.messages.every(message => message.sequenceNumber > reached)) return chunk
  const indexes = chunk.ids.map((_id, index) => index)
  return subset(
    chunk,
    indexes.filter(index => chunk.messages[chunk.message[index]!]!.sequenceNumber > reached),
  )
}

/** The name of the table of document `index`. */
export function tableOf(chunk: Chunk, index: number): string {
  return chunk.tables[chunk.table[index]!]!
}
