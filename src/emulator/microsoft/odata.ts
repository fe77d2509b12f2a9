import { type Filter, instant, parseFilter } from './filter.ts'
import { ApiError } from './reply.ts'

type Item = Readonly<Record<string, unknown>>

/** What a collection allows. */
export interface Limits {
  readonly top: number
  readonly skip: number
  /** Whether `$orderby` is taken, and followed. */
  readonly ordered: boolean | 'ignored'
  readonly filter: ReadonlySet<string>
  readonly expand: ReadonlySet<string>
}

export interface Query {
  readonly filter: Filter
  readonly top: number
  readonly skip: number
  /** Newest first when nothing is asked for. */
  readonly ascending: boolean
  readonly count: boolean
  readonly expand: boolean
}

const known = new Set(['$filter', '$top', '$skip', '$skiptoken', '$orderby', '$count', '$expand'])
/** A page for those who do not ask for a size; the documents name none. */
const usualTop = 100

/** Throws the service's 400 for what it does not take. */
export function parseQuery(parameters: URLSearchParams, limits: Limits): Query {
  for (const name of parameters.keys()) {
    if (!known.has(name)) throw new ApiError(400, 'BadRequest', `Query option '${name}' is not allowed.`)
  }
  const top = whole(parameters, '$top', Math.min(usualTop, limits.top))
  if (top > limits.top) throw tooMuch('Top', limits.top, top)
  const skip = whole(parameters, '$skip', 0)
  if (skip > limits.skip) throw tooMuch('Skip', limits.skip, skip)
  const expand = parameters.get('$expand') ?? ''
  if (expand !== '' && !limits.expand.has(expand)) {
    throw new ApiError(400, 'BadRequest', `Could not find a property named '${expand}'.`)
  }
  const filter = parameters.get('$filter') ?? ''
  return {
    filter: filter === '' ? () => true : parseFilter(filter, limits.filter),
    top,
    skip: skip + skipOf(parameters.get('$skiptoken')),
    ascending: isAscending(parameters.get('$orderby'), limits),
    count: parameters.get('$count') === 'true',
    expand: expand !== '',
  }
}

interface Page {
  readonly '@odata.context': string
  readonly '@odata.count'?: number
  readonly '@odata.nextLink'?: string
  readonly value: readonly Item[]
}

/**
 * One page. The next link says how many items came before, as the service's does; so an item that changes while someone
 * pages moves in the order, and another one takes its place behind the reader's back.
 */
export function page(items: Iterable<Item>, query: Query, url: URL, context: string): Page {
  const wanted: { readonly item: Item; readonly at: number }[] = []
  for (const item of items) if (query.filter(item)) wanted.push({ item, at: instant(String(item.lastUpdateDateTime)) })
  wanted.sort(query.ascending ? (a, b) => a.at - b.at : (a, b) => b.at - a.at)
  const value = wanted.slice(query.skip, query.skip + query.top).map(({ item }) => item)
  const end = query.skip + value.length
  return {
    '@odata.context': context,
    ...(query.count && { '@odata.count': wanted.length }),
    ...(end < wanted.length && value.length > 0 && { '@odata.nextLink': nextLink(url, end) }),
    value,
  }
}

function nextLink(url: URL, skip: number): string {
  const next = new URL(url)
  next.searchParams.delete('$skip')
  next.searchParams.set('$skiptoken', Buffer.from(`skip:${skip}`).toString('base64url'))
  return next.href
}

function skipOf(token: string | null): number {
  if (token === null) return 0
  const [, skip] = /^skip:(\d+)$/.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (skip === undefined) throw new ApiError(400, 'BadRequest', 'Skip token is not valid.')
  return Number(skip)
}

function whole(parameters: URLSearchParams, name: string, usual: number): number {
  const text = parameters.get(name)
  if (text === null) return usual
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new ApiError(400, 'BadRequest', `Invalid value '${text}' for ${name} query option found.`)
}

/** The error has no code, as the service's. */
function tooMuch(option: string, limit: number, found: number): ApiError {
  const text = `The query specified in the URI is not valid. The limit of '${limit}' for ${option} query has been exceeded. The value from the incoming request is '${found}'.`
  return new ApiError(400, '', text)
}

function isAscending(order: string | null, { ordered }: Limits): boolean {
  if (order === null) return false
  if (ordered === false) throw new ApiError(400, 'BadRequest', "Query option '$orderby' is not allowed.")
  const [, direction] = /^lastUpdateDateTime(?: (asc|desc))?$/.exec(order) ?? []
  if (!order.startsWith('lastUpdateDateTime') || (direction === undefined && order.includes(' '))) {
    throw new ApiError(400, 'BadRequest', `Cannot order by '${order}'.`)
  }
  return direction !== 'desc' && ordered !== 'ignored'
}
