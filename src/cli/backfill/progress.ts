import type { PastWindow } from '../../collect/slices.ts'
import type { Metrics } from '../../core/metrics.ts'
import { note } from '../terminal.ts'

export interface Progress {
  /** Whose counters are shown. */
  watch(metrics: Metrics): void
  /** All before is settled: milliseconds since the epoch. */
  reached(time: number): void
  /** Shows how it stands for the last time. */
  end(): Promise<void>
}

interface ProgressOptions {
  readonly what: string
  readonly window: PastWindow
  /** Where it goes on: milliseconds since the epoch. */
  readonly begun: number
  /** A bar that is drawn again and again; otherwise a line at times. */
  readonly terminal: boolean
}

const width = 20

export function startProgress({ what, window, begun, terminal }: ProgressOptions): Progress {
  const started = Date.now()
  let metrics: Metrics | undefined
  let at = begun
  const show = async (isLast: boolean) => {
    const items = (await metrics?.collectorItems.get())?.values.reduce((sum, { value }) => sum + value, 0) ?? 0
    const line = lineOf(what, { window, begun, at, items, seconds: (Date.now() - started) / 1000 })
    if (terminal) process.stderr.write(`\r\u001b[K${line}${isLast ? '\n' : ''}`)
    else note(line)
  }
  const timer = setInterval(() => void show(false), terminal ? 500 : 10_000)
  return {
    watch(counted) {
      metrics = counted
    },
    reached(time) {
      at = Math.max(at, time)
    },
    async end() {
      clearInterval(timer)
      await show(true)
    },
  }
}

interface Standing {
  readonly window: PastWindow
  readonly begun: number
  readonly at: number
  /** Of this run. */
  readonly items: number
  readonly seconds: number
}

/** `alerts [#########-----------] 48 %  1234 items, 212/s, 02:41 left` */
function lineOf(what: string, { window, begun, at, items, seconds }: Standing): string {
  const { since, until } = window
  const share = Math.min(1, (at - since) / (until - since))
  const bar = '#'.repeat(Math.floor(share * width)).padEnd(width, '-')
  const rate = seconds > 0 ? Math.round(items / seconds) : 0
  const left = at > begun && at < until ? `, ${clock((seconds * (until - at)) / (at - begun))} left` : ''
  return `${what} [${bar}] ${Math.floor(share * 100)} %  ${items} items, ${rate}/s${left}`
}

function clock(seconds: number): string {
  const whole = Math.round(seconds)
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return (parts[0] === 0 ? parts.slice(1) : parts).map(part => String(part).padStart(2, '0')).join(':')
}
