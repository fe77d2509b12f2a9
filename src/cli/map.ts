import { Command } from 'commander'
import type { Reject } from '../core/types.ts'
import { createBatchTransform } from '../transform/batch.ts'
import { batches, mapOptions } from './map/batches.ts'
import type { InputForm } from './map/body.ts'
import { formOptions } from './map/options.ts'
import { note } from './terminal.ts'

interface MapOptions extends InputForm {
  readonly strict?: true
  readonly preserveOriginalEvent?: true
  readonly preserveDuplicateCustomFields?: true
  readonly json?: true
}

interface Summary {
  documents: number
  rejected: number
  readonly reasons: Record<string, number>
}

/** Maps records without connecting to anything: documents to standard output, rejects and a count to standard error. */
export function mapCommand(): Command {
  const command = new Command('map')
    .description(
      'Map Defender records to documents, offline: a message, a list of records, a record, or one of these a line',
    )
    .argument('[file]', 'what to map; - is standard input', '-')
    .option('--strict', 'reject columns that do not fit their schema, and exit 65 when anything was rejected')
    .option('--preserve-original-event', 'keep the exact text of every record in event.original')
    .option('--preserve-duplicate-custom-fields', 'keep vendor copies of what an ECS field holds already')
    .option('--json', 'print the count as one JSON object')
    .action(map)
  for (const option of formOptions()) command.addOption(option)
  return command
}

async function map(file: string, options: MapOptions): Promise<void> {
  const summary: Summary = { documents: 0, rejected: 0, reasons: {} }
  const transform = createBatchTransform({
    ...mapOptions,
    strict: options.strict ?? false,
    preserveDuplicateCustomFields: options.preserveDuplicateCustomFields ?? false,
    preserveOriginalEvent: options.preserveOriginalEvent ?? false,
  })
  for await (const batch of batches(file, options)) {
    const { chunk, rejects } = transform(batch)
    for (const reject of rejects) report(reject, summary)
    summary.documents += chunk.ids.length
    await write(chunk.lines)
  }
  const reasons = Object.entries(summary.reasons).map(([reason, count]) => `${reason} ${count}`)
  const rejected = summary.rejected === 0 ? '0 rejected' : `${summary.rejected} rejected (${reasons.join(', ')})`
  note(options.json ? JSON.stringify(summary) : `${summary.documents} documents, ${rejected}`)
  if (options.strict && summary.rejected > 0) process.exitCode = 65
}

function report({ reason, pointer, detail, recordIndex, message }: Reject, summary: Summary): void {
  summary.rejected++
  summary.reasons[reason] = (summary.reasons[reason] ?? 0) + 1
  note(JSON.stringify({ reason, pointer, detail, record_index: recordIndex, line: message.sequenceNumber }))
}

function write(lines: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  process.stdout.write(lines, () => resolve())
  return promise
}
