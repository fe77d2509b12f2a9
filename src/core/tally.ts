import { isColumnOfNewTable } from './drift.ts'
import type { Metrics } from './metrics.ts'
import type { CheckpointOutcome, Chunk, Cursor, Drift, Reject, SourceBatch } from './types.ts'

/** Table names come from records: neither a flood of made-up ones nor whole texts may become time series. */
const mostTables = 200
const plainName = /^\w{1,100}$/

/** What the pipeline counts, batch by batch. What becomes of documents is counted by their lanes. */
export class Tally {
  readonly #metrics: Metrics
  readonly #tables = new Set<string>()

  constructor(metrics: Metrics) {
    this.#metrics = metrics
  }

  messages({ origin, messages, bytes }: SourceBatch): void {
    const labels = { source: origin.source, partition: origin.partitionId }
    this.#metrics.messagesReceived.inc(labels, messages.length)
    this.#metrics.bytesReceived.inc(labels, bytes)
  }

  records(chunk: Chunk, rejects: readonly Reject[]): void {
    const { recordsReceived } = this.#metrics
    const counts = new Uint32Array(chunk.tables.length)
    for (const table of chunk.table) counts[table]! += 1
    for (const [index, table] of chunk.tables.entries())
      recordsReceived.inc({ table: this.#label(table) }, counts[index]!)
    if (rejects.length > 0) recordsReceived.inc({ table: 'none' }, rejects.length)
  }

  /** Once they are in the dead letter. */
  rejected(rejects: readonly Reject[]): void {
    for (const { reason } of rejects) this.#metrics.recordsRejected.inc({ reason })
  }

  /** The columns of a new table are no drift of their own. */
  drift(drift: readonly Drift[]): void {
    for (const found of drift) {
      const { table, kind, count } = found
      if (!isColumnOfNewTable(found)) this.#metrics.drift.inc({ table: this.#label(table), kind }, count)
    }
  }

  unsettled(stream: string, messages: number): void {
    this.#metrics.unsettledMessages.set(labelsOf(stream), messages)
  }

  checkpoint(stream: string, { sequenceNumber }: Cursor, outcome: CheckpointOutcome): void {
    this.#metrics.checkpointWrites.inc({ result: outcome })
    if (outcome === 'written') this.#metrics.checkpointSequence.set(labelsOf(stream), sequenceNumber)
  }

  #label(table: string): string {
    if (this.#tables.has(table)) return table
    if (this.#tables.size >= mostTables || !plainName.test(table)) return 'other'
    this.#tables.add(table)
    return table
  }
}

/** The stream of a source without partitions is called as the source is. */
function labelsOf(stream: string): { source: string; partition: string } {
  if (!stream.includes('/')) return { source: stream, partition: '' }
  const slash = stream.lastIndexOf('/')
  return { source: stream.slice(0, slash), partition: stream.slice(slash + 1) }
}
