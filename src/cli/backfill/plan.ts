import { longestChanges } from '../../collect/backfill.ts'
import type { PastWindow } from '../../collect/slices.ts'
import { type CollectorSource, type Config, isCollector } from '../../config.ts'
import { XdrelayError } from '../../core/errors.ts'
import type { OutputConfig } from '../../output/kinds.ts'
import { asConfigured } from '../arguments.ts'

export const kindsOf = {
  alerts: 'graph_alerts',
  incidents: 'graph_incidents',
  vulnerabilities: 'vulnerabilities',
} as const satisfies Record<string, CollectorSource['kind']>

export type What = keyof typeof kindsOf

export interface BackfillOptions {
  readonly since: string
  readonly until?: string
  readonly slice?: string
  readonly source?: string
  readonly config?: string
}

export interface BackfillPlan {
  readonly what: What
  readonly source: CollectorSource
  readonly window: PastWindow
  /** With that source alone, and with nothing that a running instance needs for itself. */
  readonly config: Config
}

const usualSlice = 6 * 3_600_000

/** Throws `usage`. `now` in milliseconds. */
export function planOf(what: What, options: BackfillOptions, config: Config, now: number): BackfillPlan {
  const source = sourceOf(what, options.source, config)
  return { what, source, window: windowOf(what, options, now), config: beside(config, source) }
}

/** The same window again, whatever the time. */
export function commandOf({ what, source, window }: BackfillPlan, { config, slice }: BackfillOptions): string {
  const until = what === 'vulnerabilities' ? [] : ['--until', iso(window.until)]
  const more = [
    ...(config === undefined ? [] : ['--config', config]),
    ...(slice === undefined ? [] : ['--slice', slice]),
  ]
  return ['xdrelay backfill', what, '--since', iso(window.since), ...until, '--source', source.name, ...more].join(' ')
}

function sourceOf(what: What, name: string | undefined, { sources }: Config): CollectorSource {
  const fitting = sources.filter(isCollector).filter(({ kind }) => kind === kindsOf[what])
  const found = name === undefined ? fitting : fitting.filter(source => source.name === name)
  if (found.length === 1) return found[0]!
  const names = fitting.map(source => source.name).join(', ') || 'none'
  const text =
    found.length === 0
      ? `no source of kind ${kindsOf[what]}${name === undefined ? '' : ` is called ${name}`}`
      : 'several sources of this kind: choose one with --source'
  throw new XdrelayError('usage', `${text} (in the configuration: ${names})`)
}

function windowOf(what: What, { since: from, until: to, slice: size }: BackfillOptions, now: number): PastWindow {
  const since = moment('--since', from, now)
  if (what === 'vulnerabilities') {
    if (to !== undefined || size !== undefined)
      throw new XdrelayError(
        'usage',
        'vulnerabilities: the API tells all changes up to now; leave out --until and --slice',
      )
    if (now - since > longestChanges)
      throw new XdrelayError('usage', '--since: the API tells changes of vulnerabilities of the last 14 days only')
    // As far as the API tells: known by its beginning alone, so that the same command goes on with it.
    return { since, until: since + longestChanges, slice: longestChanges }
  }
  const until = to === undefined ? now : moment('--until', to, now)
  if (until > now) throw new XdrelayError('usage', '--until lies in the future')
  if (since >= until) throw new XdrelayError('usage', '--since must be before --until')
  return { since, until, slice: size === undefined ? usualSlice : duration('--slice', size) }
}

/** No item is older: Defender is younger. */
const earliest = Date.UTC(2000)
const day = 24 * 3_600_000

/** A time, or how long ago. */
function moment(option: string, text: string, now: number): number {
  const time = timeOf(option, text, now)
  if (time >= earliest && time <= now + day) return time
  throw new XdrelayError('usage', `${option}: ${JSON.stringify(text)} is not between ${iso(earliest)} and tomorrow`)
}

function timeOf(option: string, text: string, now: number): number {
  if (/^\d+(\.\d+)?(ms|s|m|h|d)$/.test(text)) return now - duration(option, text)
  const found = asConfigured(text, { type: 'string', format: 'start' })
  if ('value' in found && found.value instanceof Date) return found.value.getTime()
  throw new XdrelayError('usage', `${option}: give a time such as 2026-01-31T00:00:00Z, or how long ago, such as 7d`)
}

function duration(option: string, text: string): number {
  const found = asConfigured(text, { type: 'integer', format: 'duration', minimum: 60_000 })
  if ('value' in found) return found.value as number
  throw new XdrelayError('usage', `${option}: ${JSON.stringify(text)} ${found.message}. ${found.fix}`)
}

/** Milliseconds: its end and its progress are seen by what is stored. */
const mostInterval = 1000

/** A running instance writes to its files and listens at its address. */
function beside(config: Config, source: CollectorSource): Config {
  const checkpoints = { ...config.checkpoints, interval: Math.min(config.checkpoints.interval, mostInterval) }
  return { ...config, sources: [source], checkpoints, admin: null, outputs: config.outputs.map(ownFiles) }
}

function ownFiles(output: OutputConfig): OutputConfig {
  if (output.kind !== 'file') return output
  const path = String(output.options.path).replace(/(\.[^./]*)?$/, (extension = '') => `.backfill${extension}`)
  return { ...output, options: { ...output.options, path } }
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
