import { join } from 'node:path'
import { linesOf } from './lines.ts'

/** What one collection of an API holds, and what arrived of it. Keys are ids, and those of versions have a time as well. */
export interface CollectionReport {
  readonly name: CollectionName
  /** Items that the API holds at the end. */
  readonly held: number
  /** Distinct documents: older versions of items that have changed meanwhile included. */
  readonly delivered: number
  /** Held, but not delivered as it is now. */
  readonly missing: readonly string[]
  /** Delivered more than once. */
  readonly doubled: readonly string[]
  /** Delivered, but not held in any version. */
  readonly unknown: readonly string[]
}

/** An item as it is now: what it is called in any version, and in this one. */
export interface Held {
  readonly id: string
  readonly version: string
}

/** The part of a document that says which item it is of. */
interface Document {
  readonly '@timestamp': string
  readonly event: { readonly id: string }
  readonly m365_defender: {
    readonly incident?: { readonly alert?: { readonly id?: string; readonly last_update_datetime?: string } }
  }
}

/** By the names of their files. */
export const collections = ['alert', 'incident', 'vulnerability'] as const

export type CollectionName = (typeof collections)[number]

/** How the documents of each collection name their item and its version. */
const keys: Readonly<Record<CollectionName, (document: Document) => Held>> = {
  alert: ({ '@timestamp': time, event: { id } }) => ({ id, version: `${id} ${Date.parse(time)}` }),
  incident: ({ '@timestamp': time, event: { id }, m365_defender: { incident } }) =>
    pairOf({ id, time }, { id: incident?.alert?.id, time: incident?.alert?.last_update_datetime }),
  vulnerability: ({ event: { id } }) => ({ id, version: id }),
}

interface Versioned {
  readonly id: string | undefined
  readonly time: string | undefined
}

/** An incident and one of its alerts, or none. */
export function pairOf(incident: Versioned, alert: Versioned): Held {
  const id = `${incident.id}/${alert.id ?? ''}`
  return { id, version: `${id} ${Date.parse(incident.time ?? '')} ${Date.parse(alert.time ?? '')}` }
}

/** Holds what the API has against the documents in `<folder>/<name>.ndjson`. */
export async function reconcileCollection(
  name: CollectionName,
  held: readonly Held[],
  folder: string,
): Promise<CollectionReport> {
  const seen = new Map<string, number>()
  const ids = new Set(held.map(({ id }) => id))
  const unknown = new Set<string>()
  for await (const document of linesOf<Document>(join(folder, `${name}.ndjson`))) {
    const { id, version } = keys[name](document)
    seen.set(version, (seen.get(version) ?? 0) + 1)
    if (!ids.has(id)) unknown.add(id)
  }
  return {
    name,
    held: held.length,
    delivered: seen.size,
    missing: held.filter(({ version }) => !seen.has(version)).map(({ version }) => version),
    doubled: [...seen].filter(([, times]) => times > 1).map(([version]) => version),
    unknown: [...unknown],
  }
}

export type HeldItems = Readonly<Record<CollectionName, readonly Held[]>>

export function reconcileCollections(held: HeldItems, folder: string): Promise<CollectionReport[]> {
  return Promise.all(collections.map(name => reconcileCollection(name, held[name], folder)))
}
