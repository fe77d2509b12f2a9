import { subset } from '../core/chunk.ts'
import type { Chunk, Delivery } from '../core/types.ts'
import { type Answer, reasonOf, retryAll, type Targets } from './bulk.ts'

export interface PresentDeps {
  /** Asks a data stream for those of the ids that it has. */
  readonly search: (stream: string, ids: readonly string[], signal: AbortSignal) => Promise<Answer>
  readonly targetsOf: (chunk: Chunk) => Targets
  readonly write: (chunks: readonly Chunk[], signal: AbortSignal) => Promise<Delivery>
}

/** As many hits as a search gives at most. */
const mostHits = 10_000

/**
 * Writes only what its data stream does not have yet, in whichever of its indices: `create` looks into the newest alone, so
 * what is sent again after a rollover would be there twice. States of items are written over and need no question.
 */
export async function writeAbsent(deps: PresentDeps, chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
  const to = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0)
  const present = await presentOf(deps, chunks, signal)
  if ('outage' in present) return retryAll({ from: 0, to }, present)
  const places: number[] = []
  let first = 0
  const absent = chunks.map(chunk => {
    const indexes = [...chunk.ids.keys()].filter(index => isState(chunk, index) || !present.has(chunk.ids[index]!))
    places.push(...indexes.map(index => first + index))
    first += chunk.ids.length
    return subset(chunk, indexes)
  })
  const { rejected, retry, duplicates, ...rest } = await deps.write(absent, signal)
  return {
    ...rest,
    rejected: rejected.map(each => ({ ...each, index: places[each.index]! })),
    retry: retry.map(index => places[index]!),
    duplicates: duplicates + to - places.length,
  }
}

/** Ids that are there, of all data streams that the chunks go to; or why that could not be found out. */
async function presentOf({ search, targetsOf }: PresentDeps, chunks: readonly Chunk[], signal: AbortSignal) {
  const wanted = new Map<string, string[]>()
  for (const chunk of chunks) {
    const { stream } = targetsOf(chunk)
    const ids = wanted.get(stream) ?? []
    wanted.set(stream, ids)
    for (const [index, id] of chunk.ids.entries()) if (!isState(chunk, index)) ids.push(id)
  }
  const present = new Set<string>()
  for (const [stream, ids] of wanted) {
    for (let from = 0; from < ids.length; from += mostHits) {
      const answer = await search(stream, ids.slice(from, from + mostHits), signal)
      const hits = hitsOf(answer)
      if (hits === undefined) return { outage: `cannot ask for what is there already: ${reasonOf(answer)}` }
      for (const id of hits) present.add(id)
    }
  }
  return present
}

function isState({ versions }: Chunk, index: number): boolean {
  return (versions?.[index] ?? 0) > 0
}

/** The question of `PresentDeps.search`. A stream that is not there has nothing; one that answers in part, no answer. */
export function presentQuery(stream: string, ids: readonly string[]) {
  return {
    path: `/${encodeURIComponent(stream)}/_search`,
    querystring: { allow_no_indices: true, ignore_unavailable: true, allow_partial_search_results: false },
    body: { size: ids.length, _source: false, track_total_hits: false, query: { ids: { values: ids } } },
  }
}

/** Undefined for an answer that does not tell. */
function hitsOf(answer: Answer): string[] | undefined {
  if (answer.status !== 200) return undefined
  const { hits } = answer.body as { hits?: { hits?: readonly { readonly _id?: unknown }[] } }
  return Array.isArray(hits?.hits) ? hits.hits.map(({ _id }) => String(_id)) : undefined
}
