import { isFurther } from '../core/chunk.ts'
import type { Chunk } from '../core/types.ts'
import { ReceivedRecords } from './received.ts'

const lineFeed = 0x0a
const carriageReturn = 0x0d
const blank = 0x20

/**
 * Each document's record as it was received, on one line. JSON has line breaks between its tokens only, never within a
 * text, so each becomes a blank and all other bytes stay. The lines together are never larger than the bodies of their
 * messages, which are in memory, and counted, until the batch is settled.
 */
export function rawChunk(chunk: Chunk): Chunk {
  const received = new ReceivedRecords(chunk)
  // An incident has a document for each of its alerts, and is received once: only the first of them has a line.
  const records = chunk.ids.map((_id, index) => (isFurther(chunk, index) ? none : received.bytes(index)))
  const lines = Buffer.allocUnsafeSlow(
    records.reduce((sum, record) => sum + (record === none ? 0 : record.length + 1), 0),
  )
  const ends = new Uint32Array(records.length)
  let end = 0
  for (const [index, record] of records.entries()) {
    if (record !== none) {
      lines.set(record, end)
      joinLines(lines.subarray(end, end + record.length))
      end += record.length
      lines[end++] = lineFeed
    }
    ends[index] = end
  }
  return { ...chunk, lines, ends }
}

const none = new Uint8Array(0)

function joinLines(record: Buffer): void {
  for (const lineBreak of [lineFeed, carriageReturn]) {
    for (let at = record.indexOf(lineBreak); at !== -1; at = record.indexOf(lineBreak, at + 1)) record[at] = blank
  }
}
