import { setTimeout as sleep } from 'node:timers/promises'
import { bound } from '../core/bound.ts'
import { classify } from '../core/errors.ts'
import { memoryOf } from '../core/free.ts'
import type { Metrics } from '../core/metrics.ts'
import type { Troubles } from '../core/troubles.ts'
import type { Cursor, Origin, SourceBatch } from '../core/types.ts'
import type { CursorHold } from '../storage/cursors.ts'
import type { Collector, Page } from './collector.ts'
import { Course } from './course.ts'

/** Milliseconds until a pass that failed is tried again: doubled with each failure, up to `every` or the highest. */
const firstRetry = 5000
const longestRetry = 300_000

export interface PollerDeps {
  readonly name: string
  readonly collector: Collector
  /** Milliseconds from the beginning of one pass to that of the next. */
  readonly every: number
  /** Whether the current state of each item is wanted besides its versions. */
  readonly current: boolean
  /** When the next pass is due, in monotonic milliseconds; kept when reading begins anew. */
  readonly schedule: { next: number }
  /** Makes a batch once it may be handed on, and hands it on; rejects when `over` aborts before. */
  readonly hand: (make: () => SourceBatch | undefined, over: AbortSignal) => Promise<void>
  readonly troubles: Troubles
  readonly metrics: Metrics
}

/** Makes pass after pass, from the stored positions on, until `over` aborts. Never throws for what the service did. */
export async function poll(deps: PollerDeps, hold: CursorHold, over: AbortSignal): Promise<void> {
  let course: Course | undefined
  for (let failures = 0; !over.aborted; ) {
    try {
      course ??= new Course(await hold.read())
      const isBehind = course.until !== undefined
      // What others have already is read at once, and brings no further request for what is new.
      if (!isBehind) await pause(deps.schedule.next - performance.now(), over)
      if (over.aborted) return
      const startedAt = performance.now()
      await pass(deps, course, over)
      failures = 0
      if (!isBehind) deps.schedule.next = startedAt + deps.every
      succeeded(deps, isBehind)
    } catch (error) {
      if (over.aborted) return
      failed(deps, error)
      await pause(Math.min(deps.every, longestRetry, firstRetry * 2 ** failures), over)
      failures += 1
    }
  }
}

async function pass(deps: PollerDeps, course: Course, over: AbortSignal): Promise<void> {
  const { collector, hand } = deps
  const ended = new AbortController()
  const pages = collector.pass(course.from, AbortSignal.any([over, ended.signal]), course.until)
  try {
    for (;;) {
      const { done, value: page } = await bound(pages.next(), over)
      if (done) break
      await handOn(deps, course, page, over)
    }
  } finally {
    // Not awaited: a collector that does not end its wait must not hold up the loss of the right to poll.
    ended.abort()
    pages.return().catch(() => {})
  }
  await hand(() => emptyBatch(originOf(deps), course.arrive()), over)
}

async function handOn(deps: PollerDeps, course: Course, page: Page, over: AbortSignal): Promise<void> {
  const { hand, metrics, name } = deps
  const origin = originOf(deps)
  const { items, state } = page
  await hand(() => emptyBatch(origin, course.setOut(items === 0 ? state : '')), over)
  if (items > 0) await hand(() => batchOf(origin, course.advance(state), page), over)
  else if (state !== course.from) await hand(() => emptyBatch(origin, course.advance(state)), over)
  metrics.collectorItems.inc({ source: name }, items)
}

/** An API has no partitions and what goes with them. */
function originOf({ name, collector, current }: PollerDeps): Origin {
  return {
    source: name,
    dataset: collector.dataset,
    ...(current && { current }),
    namespace: '',
    eventHub: '',
    consumerGroup: '',
    partitionId: '',
  }
}

function batchOf(origin: Origin, cursor: Cursor, { body, time }: Page): SourceBatch {
  const memory = memoryOf(body)
  const message = { ...cursor, body, ...(memory && { memory }), enqueuedTime: time, receivedTime: Date.now() }
  return { stream: origin.source, origin, messages: [message], cursor, bytes: body.byteLength }
}

/** It only moves the cursor. */
function emptyBatch(origin: Origin, cursor: Cursor | undefined): SourceBatch | undefined {
  return cursor && { stream: origin.source, origin, messages: [], cursor, bytes: 0 }
}

function succeeded({ name, metrics, troubles }: PollerDeps, isBehind: boolean): void {
  troubles.over(name)
  metrics.collectorPasses.inc({ source: name, result: 'ok' })
  // What others have already says nothing about how new the data is.
  if (!isBehind) metrics.collectorLastPass.set({ source: name }, Math.floor(Date.now() / 1000))
}

function failed({ name, metrics, troubles }: PollerDeps, error: unknown): void {
  const { message, code } = classify(error)
  metrics.collectorPasses.inc({ source: name, result: 'failed' })
  troubles.report(name, message, code)
}

async function pause(milliseconds: number, over: AbortSignal): Promise<void> {
  if (milliseconds > 0) await sleep(milliseconds, undefined, { signal: over }).catch(() => {})
}
