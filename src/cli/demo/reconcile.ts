import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Message } from '../../core/types.ts'
import { collections } from './collections.ts'
import { linesOf } from './lines.ts'

/** Reads every message of a hub, beside whoever reads it for good. */
export type ReadHub = (visit: (partitionId: string, message: Message) => void) => Promise<void>

export interface Reconciliation {
  /** Records in the hub; a message that is no envelope counts as one. */
  readonly produced: number
  /** Distinct document ids in the output. */
  readonly delivered: number
  readonly deadLettered: number
  /** In the hub, but neither delivered nor dead-lettered. */
  readonly missing: readonly string[]
  /** Delivered more than once, or delivered and dead-lettered. */
  readonly doubled: readonly string[]
  /** Delivered or dead-lettered, but not in the hub. */
  readonly unknown: readonly string[]
  readonly reasons: ReadonlyMap<string, number>
}

/** Every place of the hub: the hub is read and split here by plain means, not by the code under test. */
export async function placesInHub(readHub: ReadHub): Promise<Set<string>> {
  const places = new Set<string>()
  await readHub((partitionId, message) => {
    for (const place of placesOf(message)) places.add(`${partitionId}/${place}`)
  })
  return places
}

/**
 * Holds what was produced against what the output files and the dead letters have, place by place.
 * A place is `partition/sequence/record`.
 */
export async function reconcile(
  produced: ReadonlySet<string>,
  outputs: string,
  deadLetters: string,
): Promise<Reconciliation> {
  const seen = new Map<string, number>()
  const ids = new Set<string>()
  const reasons = new Map<string, number>()
  let deadLettered = 0
  for await (const document of linesIn<Document>(outputs)) {
    const { partition_id, sequence_number, record_index } = document.azure
    count(seen, `${partition_id}/${sequence_number}/${record_index}`)
    ids.add(`${partition_id}/${sequence_number}/${record_index}`)
  }
  for await (const letter of linesIn<Letter>(deadLetters)) {
    count(seen, `${letter.partition_id}/${letter.sequence_number}/${letter.record_index ?? 'whole'}`)
    count(reasons, letter.reason)
    deadLettered += 1
  }
  return {
    produced: produced.size,
    delivered: ids.size,
    deadLettered,
    missing: [...produced].filter(place => !seen.has(place)),
    doubled: [...seen].filter(([, times]) => times > 1).map(([place]) => place),
    unknown: [...seen.keys()].filter(place => !produced.has(place)),
    reasons,
  }
}

interface Document {
  readonly azure: { readonly partition_id: string; readonly sequence_number: number; readonly record_index: number }
}

interface Letter {
  readonly partition_id: string
  readonly sequence_number: number
  readonly record_index: number | null
  readonly reason: string
}

function placesOf({ body, sequenceNumber }: Message): string[] {
  const records = recordsIn(body)
  return records ? records.map((_record, index) => `${sequenceNumber}/${index}`) : [`${sequenceNumber}/whole`]
}

function recordsIn(body: Uint8Array): unknown[] | undefined {
  try {
    const envelope: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    const records = (envelope as { records?: unknown } | null)?.records
    return Array.isArray(records) ? records : undefined
  } catch {
    return undefined
  }
}

/** Of all files of a folder but those of the collections, which are held against their APIs. */
async function* linesIn<Line>(folder: string): AsyncGenerator<Line> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    // Nothing was written yet.
    if (error.code === 'ENOENT') return []
    throw error
  })
  const others = new Set(collections.map(name => `${name}.ndjson`))
  for (const name of names.filter(each => each.endsWith('.ndjson') && !others.has(each)))
    yield* linesOf<Line>(join(folder, name))
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
