import type { App } from '../../app.ts'
import { collections } from './collections.ts'

export interface View {
  end(): Promise<void>
}

interface Totals {
  readonly received: number
  readonly bytes: number
  readonly dead: number
  readonly lag: number
  readonly outputs: ReadonlyMap<string, number>
  readonly tables: ReadonlyMap<string, number>
}

/** Shows what flows: redrawn twice a second on a terminal, else a line every two seconds. */
export function startView(app: App, terminal: boolean, print: (line: string) => void): View {
  const started = Date.now()
  let before: Totals | undefined
  let drawn = 0
  const every = terminal ? 500 : 2000
  const show = async () => {
    const now = await totalsOf(app)
    const seconds = every / 1000
    const lines = terminal
      ? screen(app, now, before, seconds, (Date.now() - started) / 1000)
      : [line(now, before, seconds)]
    print((terminal && drawn > 0 ? `\u001b[${drawn}A\u001b[J` : '') + lines.join('\n'))
    drawn = lines.length
    before = now
  }
  const timer = setInterval(() => void show(), every)
  return {
    async end() {
      clearInterval(timer)
      await show()
    },
  }
}

function line(now: Totals, before: Totals | undefined, seconds: number): string {
  const outputs = [...now.outputs].map(([name, count]) => `${name} ${count}`).join(', ')
  return `${now.received} records received (${rate(now.received, before?.received, seconds)}/s), delivered: ${outputs}, dead letters ${now.dead}`
}

function screen(app: App, now: Totals, before: Totals | undefined, seconds: number, uptime: number): string[] {
  const outputs = app.lanes.map(lane => {
    const count = now.outputs.get(lane.name) ?? 0
    return `  ${lane.name.padEnd(28)}${String(count).padStart(10)}${rate(count, before?.outputs.get(lane.name), seconds).padStart(10)}/s  ${lane.state}`
  })
  const tables = [...now.tables].sort((a, b) => b[1] - a[1]).slice(0, 12)
  return [
    `xdrelay demo, ${Math.round(uptime)} s   Ctrl-C ends it and reconciles`,
    '',
    `  received                    ${String(now.received).padStart(10)}${rate(now.received, before?.received, seconds).padStart(10)}/s  ${megabytes(now.bytes)}`,
    `  waiting in the hub, messages${String(now.lag).padStart(10)}`,
    `  dead letters                ${String(now.dead).padStart(10)}`,
    '',
    ...outputs,
    '',
    ...tables.map(
      ([table, count]) =>
        `  ${table.padEnd(28)}${String(count).padStart(10)}${rate(count, before?.tables.get(table), seconds).padStart(10)}/s`,
    ),
  ]
}

async function totalsOf({ metrics }: App): Promise<Totals> {
  const [received, bytes, settled, rejected, lag] = await Promise.all([
    metrics.recordsReceived.get(),
    metrics.bytesReceived.get(),
    metrics.recordsSettled.get(),
    metrics.deadLetters.get(),
    metrics.partitionLag.get(),
  ])
  const delivered = settled.values.filter(
    ({ labels }) => labels.result === 'delivered' || labels.result === 'duplicate',
  )
  return {
    received: sum(received.values),
    bytes: sum(bytes.values),
    dead: sum(rejected.values),
    lag: sum(lag.values),
    outputs: grouped(delivered, ({ labels }) => String(labels.output)),
    tables: grouped(received.values, ({ labels }) => String(labels.table)),
  }
}

/** Records received from the hub so far, broken ones included. */
export async function receivedBy({ metrics }: App): Promise<number> {
  const { values } = await metrics.recordsReceived.get()
  return sum(values.filter(({ labels }) => !others.has(String(labels.table))))
}

/** What comes from the APIs. */
const others: ReadonlySet<string> = new Set(collections)

interface Sample {
  readonly value: number
  readonly labels: Partial<Record<string, string | number>>
}

function sum(samples: readonly Sample[]): number {
  return samples.reduce((total, { value }) => total + value, 0)
}

function grouped(samples: readonly Sample[], key: (sample: Sample) => string): Map<string, number> {
  const groups = new Map<string, number>()
  for (const sample of samples) groups.set(key(sample), (groups.get(key(sample)) ?? 0) + sample.value)
  return groups
}

function rate(now: number, before: number | undefined, seconds: number): string {
  return String(Math.round((now - (before ?? 0)) / seconds))
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
