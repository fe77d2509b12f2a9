import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Drift, RejectReason } from './types.ts'
import { version } from './version.ts'

/** Everything that is counted. Built once in `app.ts` and handed to the parts that count. */
export type Metrics = ReturnType<typeof registered>

/** How a record ended at an output. `received` of the source = the sum of these + what is in flight, always. */
export type SettledAs = 'delivered' | 'duplicate' | 'failure_store' | 'dead_letter' | 'filtered'

interface WatchedSource {
  readonly name: string
  readonly troubles: readonly string[]
}

/** With samples of 0 where the labels are known: to Prometheus, a sample that begins at 1 is no increase. */
export function createMetrics(): Metrics {
  const metrics = registered()
  for (const reason of namesOf(reasons)) {
    metrics.deadLetters.inc({ reason }, 0)
    // Those of an output come after the records were counted.
    if (reason !== 'refused') metrics.recordsRejected.inc({ reason }, 0)
  }
  // Which tables will drift is not known; with these, the sum over them has a sample.
  for (const kind of namesOf(driftKinds)) metrics.drift.inc({ table: 'other', kind }, 0)
  return metrics
}

/** The samples of 0 of one configured output. */
export function countOutput({ recordsSettled, outputRetries }: Metrics, output: string): void {
  outputRetries.inc({ output }, 0)
  for (const result of namesOf(results)) recordsSettled.inc({ output, result }, 0)
}

// Maps, so that a name that is added to the type and not here is an error.
const reasons: Record<RejectReason, true> = {
  invalid_json: true,
  bad_encoding: true,
  bad_envelope: true,
  too_deep: true,
  too_large: true,
  invalid: true,
  refused: true,
  worker_crash: true,
}
const driftKinds: Record<Drift['kind'], true> = { new_table: true, new_column: true, type_change: true }
const results: Record<SettledAs, true> = {
  delivered: true,
  duplicate: true,
  failure_store: true,
  dead_letter: true,
  filtered: true,
}

function namesOf<Name extends string>(names: Record<Name, true>): Name[] {
  return Object.keys(names) as Name[]
}

function registered() {
  const registry = new Registry()
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Counter<Label>({ name: `xdrelay_${name}`, help, labelNames, registers: [registry] })
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]) =>
    new Gauge<Label>({ name: `xdrelay_${name}`, help, labelNames, registers: [registry] })
  const watched: WatchedSource[] = []
  gauge('build_info', 'Always 1; its label is the version that runs.', ['version']).set({ version }, 1)
  new Gauge({
    name: 'xdrelay_source_state',
    help: '0 while the source reads, 1 while something keeps it from reading or from storing how far it is.',
    labelNames: ['source'],
    registers: [registry],
    // Looked at whenever the metrics are read.
    collect() {
      for (const { name, troubles } of watched) this.set({ source: name }, troubles.length > 0 ? 1 : 0)
    },
  })
  return {
    registry,
    watchSources: (sources: readonly WatchedSource[]) => void watched.push(...sources),
    messagesReceived: counter('source_messages_received_total', 'Messages received.', ['source', 'partition']),
    bytesReceived: counter('source_bytes_received_total', 'Bytes of message bodies received.', ['source', 'partition']),
    recordsReceived: counter('records_received_total', 'Records received, broken ones included.', ['table']),
    recordsRejected: counter('records_rejected_total', 'Records and whole messages dead-lettered before any output.', [
      'reason',
    ]),
    recordsSettled: counter('records_settled_total', 'Records that ended, by output and how.', ['output', 'result']),
    drift: counter('schema_drift_total', 'Tables, columns and types that the schemas do not know.', ['table', 'kind']),
    partitionOwned: gauge('partition_owned', '1 while this replica reads the partition.', ['source', 'partition']),
    partitionLag: gauge('partition_lag_messages', 'Messages in the hub behind the checkpoint.', [
      'source',
      'partition',
    ]),
    unsettledMessages: gauge('partition_unsettled_messages', 'Messages received but not settled.', [
      'source',
      'partition',
    ]),
    checkpointSequence: gauge(
      'partition_checkpoint_sequence_number',
      'Sequence number of the checkpoint that this replica stored last.',
      ['source', 'partition'],
    ),
    checkpointWrites: counter('checkpoint_writes_total', 'Checkpoint writes by result.', ['result']),
    partitionRestarts: counter('partition_restarts_total', 'Receivers that were made anew.', [
      'source',
      'partition',
      'reason',
    ]),
    sequenceGaps: counter(
      'sequence_gap_events_total',
      'Messages missing between a checkpoint and the first message read after it.',
      ['source', 'partition'],
    ),
    collectorActive: gauge('collector_active', '1 while this replica polls the source, 0 while it stands by.', [
      'source',
    ]),
    collectorPasses: counter('collector_passes_total', 'Passes over a collection, by how they ended.', [
      'source',
      'result',
    ]),
    collectorItems: counter('collector_items_total', 'Items received.', ['source']),
    collectorLastPass: gauge(
      'collector_last_pass_timestamp_seconds',
      'When the last pass that succeeded ended, in seconds since the epoch.',
      ['source'],
    ),
    outputRequests: counter('output_requests_total', 'Writes to the output.', ['output', 'result']),
    outputRetries: counter('output_retries_total', 'Documents written again.', ['output']),
    outputInFlight: gauge('output_in_flight_bytes', 'Bytes queued and being written.', ['output']),
    outputState: gauge('output_state', '0 up, 1 retrying, 2 down.', ['output']),
    outputOutOfSpace: gauge('output_out_of_space', '1 while the disk of the output has no room.', ['output']),
    outputOpenFiles: gauge('output_open_files', 'Files that the output has open.', ['output']),
    outputOpenFilesLimit: gauge('output_open_files_limit', 'Most files that the output may have open.', ['output']),
    deadLetters: counter('dead_letter_records_total', 'Dead letters written.', ['reason']),
    deadLetterBytes: gauge('dead_letter_bytes', 'Bytes in the dead letter.', []),
    deadLetterLimit: gauge('dead_letter_limit_bytes', 'Bytes that the dead letter may have.', []),
    deadLetterState: gauge('dead_letter_state', '0 up, 2 down.', []),
    deadLetterOutOfSpace: gauge('dead_letter_out_of_space', '1 while the dead letter has no room.', []),
    budgetBytes: gauge('memory_budget_bytes', 'Limit of bytes in flight.', []),
    budgetReserve: gauge('memory_reserved_bytes', 'Part of the budget for messages that wait in the SDK.', []),
    budgetPrefetched: gauge('memory_prefetched_bytes', 'Bytes of messages that wait in the SDK.', ['source']),
    budgetUsed: gauge('memory_used_bytes', 'Bytes in flight.', []),
  }
}

/** Adds what prom-client knows of the process: `process_*` and `nodejs_*`. Once for a registry; it observes from then on. */
export function addProcessMetrics({ registry }: Metrics): void {
  collectDefaultMetrics({ register: registry })
}
