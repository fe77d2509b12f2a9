import { Command } from 'commander'
import { isEventHub, loadConfig } from '../config.ts'
import { type PartitionProgress, showProgress } from '../consumer/show.ts'
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

async function showCheckpoints({ config: path, json = false }: ShowOptions): Promise<void> {
  const config = await loadConfig({ ...(path !== undefined && { path }), env: process.env, cwd: process.cwd() })
  const shown = await Promise.all(
    config.sources.filter(isEventHub).map(({ name, options }) => showProgress(name, options, config.checkpoints)),
  )
  const rows = shown.flat()
  if (json) return print(JSON.stringify(rows, null, 2))
  for (const line of table(rows)) print(line)
}

const columns: readonly [title: string, value: (row: PartitionProgress) => string | number | null][] = [
  ['SOURCE', row => row.source],
  ['PARTITION', row => row.partition],
  ['CHECKPOINT', row => row.sequenceNumber],
  ['OFFSET', row => row.offset],
  ['MODIFIED', row => row.modified],
  ['OWNER', row => row.owner],
  ['LAST ENQUEUED', row => row.lastEnqueued],
  ['LAG', row => row.lag],
]

function table(rows: readonly PartitionProgress[]): string[] {
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
