import { Command } from 'commander'
import { cursorName } from '../collect/kinds.ts'
import { type CollectorSource, isEventHub, loadConfig } from '../config.ts'
import { type PartitionProgress, showProgress } from '../consumer/show.ts'
import { lookAtCursor } from '../storage/cursor-look.ts'
import type { CheckpointsOptions } from '../storage/options.ts'
import { configurationAt } from './configuration.ts'
import { print } from './terminal.ts'

interface ShowOptions {
  readonly config?: string
  readonly json?: boolean
}

export function checkpointsCommand(): Command {
  const show = new Command('show')
    .description('Show checkpoint, owner and lag of every partition')
    .option('-c, --config <file>', 'configuration file (default: ./xdrelay.yaml, else environment variables)')
    .option('--json', 'one JSON array instead of a table')
    .action(showCheckpoints)
  return new Command('checkpoints').description('Look at the progress kept in the checkpoint store').addCommand(show)
}

/** A source of an API has no partitions; its state is in the JSON only, as it may be long. */
interface CollectorProgress
  extends Record<Exclude<keyof PartitionProgress, 'source' | 'sequenceNumber' | 'modified'>, null> {
  readonly source: string
  readonly sequenceNumber: number | null
  readonly modified: string | null
  readonly state: string | null
}

type Row = PartitionProgress | CollectorProgress

async function showCheckpoints({ config: path, json = false }: ShowOptions): Promise<void> {
  const { sources, checkpoints } = await loadConfig(configurationAt(path))
  const shown = await Promise.all(
    sources.map(
      (source): Promise<Row[]> =>
        isEventHub(source)
          ? showProgress(source.name, source.options, checkpoints)
          : showCollector(source, checkpoints).then(row => [row]),
    ),
  )
  const rows = shown.flat()
  if (json) return print(JSON.stringify(rows, null, 2))
  for (const line of table(rows)) print(line)
}

async function showCollector(source: CollectorSource, checkpoints: CheckpointsOptions): Promise<CollectorProgress> {
  const found = await lookAtCursor(checkpoints, cursorName(source.name, source))
  return {
    source: source.name,
    partition: null,
    sequenceNumber: found?.cursor.sequenceNumber ?? null,
    offset: null,
    modified: found ? new Date(found.modified).toISOString() : null,
    owner: null,
    lastEnqueued: null,
    lag: null,
    state: found?.cursor.offset ?? null,
  }
}

const columns: readonly [title: string, value: (row: Row) => string | number | null][] = [
  ['SOURCE', row => row.source],
  ['PARTITION', row => row.partition],
  ['CHECKPOINT', row => row.sequenceNumber],
  ['OFFSET', row => row.offset],
  ['MODIFIED', row => row.modified],
  ['OWNER', row => row.owner],
  ['LAST ENQUEUED', row => row.lastEnqueued],
  ['LAG', row => row.lag],
]

function table(rows: readonly Row[]): string[] {
  const lines = [
    columns.map(([title]) => title),
    ...rows.map(row => columns.map(([, value]) => `${value(row) ?? '-'}`)),
  ]
  const widths = columns.map((_column, index) => Math.max(...lines.map(line => line[index]!.length)))
  return lines.map(line =>
    line
      .map((cell, index) => cell.padEnd(widths[index]!))
      .join('  ')
      .trimEnd(),
  )
}
