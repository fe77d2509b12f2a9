import { recordBounds } from '../../core/json-slices.ts'
import type { ApiAnswer } from '../api/client.ts'
import { jsonObject } from '../api/http.ts'
import { type Instant, instantOf } from '../instant.ts'
import { keyOf } from './seen.ts'

/** An alert or an incident, as it came. */
export interface GraphItem {
  /** A view of the answer: numbers of 64 bits keep their digits there, and only there. */
  readonly slice: Buffer
  readonly value: Readonly<Record<string, unknown>>
  /** When it was last changed; undefined where it does not say so in a way that can be read. */
  readonly instant: Instant | undefined
  /** Names this version of it. */
  readonly key: string
}

export interface GraphPage {
  readonly items: readonly GraphItem[]
  /** Where the answer says that it goes on. */
  readonly nextLink: string | undefined
  /** The server's `Date`: milliseconds since the epoch. */
  readonly date: number
}

/** Undefined when the body is no page: a proxy may have ended it early and well. */
export function readPage({ body, date }: ApiAnswer): GraphPage | undefined {
  const { value, '@odata.nextLink': nextLink } = jsonObject(body.toString())
  const bounds = recordBounds(body, 'value')
  if (!Array.isArray(value) || bounds === undefined) return undefined
  const items = value.map((item: unknown, index) =>
    itemOf(item, body.subarray(bounds[index * 2], bounds[index * 2 + 1])),
  )
  return { items, nextLink: typeof nextLink === 'string' ? nextLink : undefined, date }
}

/** `item` is what `slice` parses to. */
export function itemOf(item: unknown, slice: Buffer): GraphItem {
  const value = typeof item === 'object' && item !== null ? { ...item } : {}
  const { id, lastUpdateDateTime } = value as { id?: unknown; lastUpdateDateTime?: unknown }
  const instant = instantOf(lastUpdateDateTime)
  // What cannot be told apart by its own words is, by its bytes; it becomes a dead letter later, and once.
  const isKnown = typeof id === 'string' && instant !== undefined
  const key = isKnown ? keyOf(id, instant) : keyOf(slice.toString('latin1'))
  return { slice, value, instant, key }
}
