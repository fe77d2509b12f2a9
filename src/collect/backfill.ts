import type { Collector } from './collector.ts'
import { encode } from './graph/progress.ts'
import { Seen } from './graph/seen.ts'
import { type Instant, instantAt } from './instant.ts'
import { type CollectorSettings, createCollector, cursorName } from './kinds.ts'
import { type PastWindow, SlicedCollector, type SliceStates } from './slices.ts'
import { longestGap } from './vulnerability/changes.ts'
import { writeState } from './vulnerability/state.ts'

/** Milliseconds that a backfill of vulnerabilities may look back: it takes its time, and must not fall into the gap. */
export const longestChanges = longestGap - 3_600_000

/** What a source of the configuration reads, over a window of the past and once. Throws as `createCollector` does. */
export function createBackfillCollector(settings: CollectorSettings, window: PastWindow): Collector {
  return settings.kind === 'vulnerabilities'
    ? new SlicedCollector(createCollector(following(settings)), window, changesBetween)
    : new SlicedCollector(createCollector(withoutOverlap(settings)), window, updatesBetween)
}

/** Another window is another backfill, with a cursor of its own. */
export function backfillName(name: string, settings: CollectorSettings, { since, until }: PastWindow): string {
  const days = [since, until].map(time => new Date(time).toISOString().replaceAll(/[:.]/g, '-'))
  return `${cursorName(name, settings)}-backfill/${days.join('_')}`
}

type GraphSettings = Exclude<CollectorSettings, { kind: 'vulnerabilities' }>

/** What was updated before a slice belongs to the slice before it. */
function withoutOverlap(settings: GraphSettings): CollectorSettings {
  return { ...settings, options: { ...settings.options, overlap: 0 } } as CollectorSettings
}

function updatesBetween(since: number, until: number): ReturnType<SliceStates> {
  // The last moment that the service can write before the slice ends.
  const last = instantAt(until - 1).replace(/0{4}Z$/, '9999Z')
  return { from: stateAt(instantAt(since)), until: stateAt(last) }
}

function stateAt(cursor: Instant): string {
  return encode({ cursor, seen: new Seen() })
}

/** Snapshots are of now; the past is told by changes. */
function following(settings: Extract<CollectorSettings, { kind: 'vulnerabilities' }>): CollectorSettings {
  return { ...settings, options: { ...settings.options, mode: 'delta' } }
}

/** As if there was a snapshot just now, so that only changes are read. */
function changesBetween(since: number): ReturnType<SliceStates> {
  return { from: writeState({ changes: { since: new Date(since).toISOString() }, complete: { time: Date.now() } }) }
}
