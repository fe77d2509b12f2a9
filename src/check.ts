import { type Access, accessOf } from './collect/access/access.ts'
import { type CollectorSettings, cursorName, datasets, wantsCurrent } from './collect/kinds.ts'
import { type CollectorKind, probeCollector } from './collect/probe.ts'
import { type Config, isCollector, isEventHub } from './config.ts'
import { hubAddress, storeAddress, storePrefix } from './consumer/client.ts'
import type { EventHubOptions } from './consumer/options.ts'
import { type HubSurvey, surveyHub } from './consumer/probe.ts'
import { classify, type ErrorName, XdrelayError } from './core/errors.ts'
import { redact } from './core/secret.ts'
import type { Dataset } from './core/types.ts'
import { checkDeadLetter } from './output/dead-letter.ts'
import { kinds, type OutputConfig } from './output/kinds.ts'
import type { OutputDeps, OutputKind } from './output/policy.ts'
import { cursorBlob } from './storage/blob-cursors.ts'
import { Blobs } from './storage/blobs.ts'
import { lookAtDirectory } from './storage/directory-cursors.ts'
import { probeCheckpoints } from './storage/probe.ts'

/** What was found of one part of a configuration. */
export interface CheckedPart {
  /** `source xdr`, `checkpoints`, `output siem` or `dead letter`. */
  readonly name: string
  readonly ok: boolean
  /** What was found, or why it cannot be used: one line, without secrets. */
  readonly detail: string
  readonly code?: string
  /** What to do about it. */
  readonly next?: string
  /** Milliseconds it took. */
  readonly ms: number
}

export interface CheckDeps extends OutputDeps {
  /** The id of this process. */
  readonly pid: number
}

export interface CheckReport {
  /** Whether every part is. */
  readonly ok: boolean
  readonly parts: readonly CheckedPart[]
}

export async function checkReport(checked: readonly Promise<CheckedPart>[]): Promise<CheckReport> {
  const parts = await Promise.all(checked)
  return { ok: parts.every(({ ok }) => ok), parts }
}

/**
 * Reaches every part of the configuration as a run would, all at once, and no further: nothing is delivered, nobody
 * loses a partition, no checkpoint moves. One promise for each part, in the order of the configuration; none
 * rejects, and all have resolved when `limit` aborts.
 */
export function checkParts(config: Config, deps: CheckDeps, limit: AbortSignal): Promise<CheckedPart>[] {
  return [
    ...config.sources.map(source =>
      isEventHub(source)
        ? look(`source ${source.name}`, 'hub_unreachable', limit, () => checkHub(source.options, limit))
        : look(`source ${source.name}`, 'api_unreachable', limit, async () =>
            probeCollector(source.kind, accessOf(source.options), limit),
          ),
    ),
    look('checkpoints', 'storage_unreachable', limit, () => checkCheckpoints(config, deps, limit)),
    ...config.outputs.map(output =>
      look(`output ${output.name}`, 'output_unreachable', limit, () => checkOutput(output, config, deps, limit)),
    ),
    look('dead letter', 'cannot_write', limit, () => checkDeadLetter(config.deadLetter)),
  ]
}

/** The same for an app registration by itself: one promise for each kind of source that it is meant for. */
export function checkApp(access: Access, kinds: readonly CollectorKind[], limit: AbortSignal): Promise<CheckedPart>[] {
  return kinds.map(kind => look(`source ${kind}`, 'api_unreachable', limit, () => probeCollector(kind, access, limit)))
}

/** `late` is the error of a part that does not answer in time: not every client ends its waits when it is asked to. */
async function look(name: string, late: ErrorName, limit: AbortSignal, reach: () => Promise<string>) {
  const started = performance.now()
  const over = Promise.withResolvers<never>()
  const end = () => over.reject(new XdrelayError(late, 'no answer within the time for the check'))
  limit.addEventListener('abort', end, { once: true })
  try {
    return { name, ok: true, detail: oneLine(await Promise.race([over.promise, reach()])), ms: since(started) }
  } catch (error) {
    const { message, code, next } = classify(error)
    return { name, ok: false, detail: oneLine(message), code, next, ms: since(started) }
  } finally {
    limit.removeEventListener('abort', end)
  }
}

async function checkHub(options: EventHubOptions, limit: AbortSignal): Promise<string> {
  const { namespace, eventHub } = hubAddress(options)
  const { partitions, messages, reading } = await surveyHub(options, limit)
  return `event hub ${eventHub} of ${namespace}: partitions ${partitions}, messages ${messages}, consumer group ${options.consumerGroup} ${readings[reading]}`
}

const readings: Record<HubSurvey['reading'], string> = {
  'one message': '(one message read)',
  'nothing there': '(nothing to read)',
  taken: '(others are reading)',
}

async function checkCheckpoints({ checkpoints, sources }: Config, { pid }: CheckDeps, limit: AbortSignal) {
  const collectors = sources.filter(isCollector).map(source => cursorName(source.name, source))
  if (checkpoints.directory !== undefined) return lookAtDirectory(checkpoints.directory, collectors, pid)
  const { container, createContainer } = checkpoints
  // A look makes no container.
  const blobs = new Blobs({ ...checkpoints, createContainer: false }, { attempts: 1 })
  try {
    const hubs = sources.filter(isEventHub).map(({ options }) => `${storePrefix(storeAddress(options))}checkpoint/`)
    const listings = await Promise.all([...hubs, ...collectors.map(cursorBlob)].map(prefix => blobs.list(prefix)))
    await probeCheckpoints(checkpoints, limit, false)
    return `container ${container}: checkpoints ${listings.reduce((sum, { entries }) => sum + entries.length, 0)}`
  } catch (error) {
    if (!createContainer || classify(error).kind !== 'container_not_found') throw error
    return `container ${container} is missing; the first run creates it`
  }
}

async function checkOutput(
  { name, kind, options }: OutputConfig,
  { sources }: Config,
  deps: OutputDeps,
  limit: AbortSignal,
) {
  const { create }: OutputKind = kinds[kind]
  const output = create(name, options as never, deps)
  try {
    await output.open(limit)
    const collectors = sources.filter(isCollector)
    const written = [...(sources.some(isEventHub) ? ['event' as const] : []), ...collectors.map(datasetOf)]
    const current = collectors.filter(wantsCurrent).map(datasetOf)
    return await output.check(limit, [...new Set(written)], [...new Set(current)])
  } finally {
    await output.close()
  }
}

function datasetOf({ kind }: CollectorSettings): Dataset {
  return datasets[kind]
}

function oneLine(text: string): string {
  return redact(text).replaceAll(/\s+/g, ' ').trim()
}

function since(started: number): number {
  return Math.round(performance.now() - started)
}
