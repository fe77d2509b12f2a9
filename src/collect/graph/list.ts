import type { ApiClient } from '../api/client.ts'
import type { Pace } from '../api/pace.ts'
import { statusOf } from '../api/refusal.ts'
import { earlier, type Instant, instantAt, later } from '../instant.ts'
import type { Ladder, Rung } from './ladder.ts'
import { Links, mostStrays } from './links.ts'
import { OneMoment } from './one-moment.ts'
import type { GraphItem, GraphPage } from './page.ts'
import { GraphRequests } from './requests.ts'

/** What is read: all that was last changed at `from` or later. */
export interface Window {
  readonly from: Instant
  readonly to?: Instant | undefined
}

/** Neighbouring items of a window. The same item may come more than once. */
export interface Batch {
  readonly items: readonly GraphItem[]
  /** The server's `Date`: milliseconds since the epoch. */
  readonly date: number
  /** With these items, all of the window before this moment has been given. */
  readonly upTo: Instant | undefined
}

export interface ListSettings {
  readonly api: ApiClient
  /** Scheme, host and port. */
  readonly endpoint: string
  readonly collection: 'alerts_v2' | 'incidents'
  readonly ladder: Ladder
  readonly pace: Pace
}

/** Milliseconds until a server that did not keep the order is asked for it again. */
const orderAgain = 3_600_000

/**
 * Reads a window of a collection whose items change meanwhile, and leaves none out that stays as it is.
 *
 * Oldest first, each request starts at the last moment of the page before: a next link counts how many items came
 * before, and leaves one out for each of them that changed since. Where the server does not keep the order, links are
 * followed from the newest to the oldest item; what changes then moves to the front, and belongs to the next window.
 */
export class GraphList {
  readonly #settings: ListSettings
  readonly #requests: GraphRequests
  /** Milliseconds since the epoch, until which the order is not asked for. */
  #unorderedUntil = 0

  constructor(settings: ListSettings) {
    this.#settings = settings
    this.#requests = new GraphRequests(settings.api, settings.ladder, settings.pace)
  }

  async *walk(window: Window, signal: AbortSignal): AsyncGenerator<Batch, void> {
    const { pace } = this.#settings
    if (pace.now() >= this.#unorderedUntil) {
      if (yield* this.#oldestFirst(window, signal)) return
      this.#unorderedUntil = pace.now() + orderAgain
    }
    yield* this.#byLinks(windowFilter(window), signal)
  }

  /** All items that fulfil a condition, as they come. */
  async *all(filter: string, signal: AbortSignal): AsyncGenerator<GraphItem, void> {
    for await (const { items } of this.#byLinks(filter, signal)) yield* items
  }

  /** Whether the window was given; otherwise the server does not keep the order. */
  async *#oldestFirst(window: Window, signal: AbortSignal): AsyncGenerator<Batch, boolean> {
    let at = window.from
    let moment = new OneMoment(at)
    let strays = 0
    let links = new Links()
    let link: string | undefined
    for (;;) {
      const page = await this.#ordered({ ...window, from: at }, link, signal)
      if (page === 'refused' || (page !== undefined && !isAscending(page.items))) return false
      if (page === undefined || isBefore(page.items, at)) {
        if (page !== undefined && ++strays > mostStrays) return false
        if (page !== undefined) yield { items: page.items, date: page.date, upTo: undefined }
        moment = new OneMoment(at)
        link = undefined
        continue
      }
      const last = later(lastOf(page.items) ?? at, at)
      moment.add(page.items)
      if (last === at && page.nextLink !== undefined) {
        yield { items: page.items, date: page.date, upTo: at }
        link = links.follow(page.nextLink)
      } else if (!moment.isCertain()) {
        yield { items: page.items, date: page.date, upTo: at }
        moment = moment.again()
        links = new Links()
        link = undefined
      } else {
        yield { items: page.items, date: page.date, upTo: last }
        if (last === at || (page.nextLink === undefined && page.items.length < page.top)) return true
        at = last
        strays = 0
        moment = new OneMoment(at)
        link = undefined
      }
    }
  }

  /** Undefined when the link was too much for the server. */
  async #ordered(window: Window, link: string | undefined, signal: AbortSignal) {
    if (link !== undefined) {
      const page = await this.#requests.linked(link, signal)
      return page && { ...page, top: Number.POSITIVE_INFINITY }
    }
    const filter = windowFilter(window)
    try {
      return await this.#requests.page(rung => this.#url(filter, rung, 'lastUpdateDateTime asc'), signal)
    } catch (error) {
      // Of two things that the API may not take here, the order is the one that its documents do not name.
      if (isBadRequest(error)) return 'refused'
      throw error
    }
  }

  async *#byLinks(filter: string, signal: AbortSignal): AsyncGenerator<Batch, void> {
    let started = Number.POSITIVE_INFINITY
    let newest: Instant | undefined
    const links = new Links()
    let page: GraphPage | undefined
    for (let link: string | undefined; ; link = page.nextLink) {
      page = link === undefined ? undefined : await this.#requests.linked(link, signal)
      page ??= await this.#requests.page(rung => this.#url(filter, rung), signal)
      started = Math.min(started, page.date)
      for (const { instant } of page.items) if (instant && instant > (newest ?? '')) newest = instant
      yield { items: page.items, date: page.date, upTo: undefined }
      if (page.nextLink === undefined) break
      links.follow(page.nextLink)
    }
    if (newest !== undefined) yield { items: [], date: page.date, upTo: earlier(newest, instantAt(started)) }
  }

  #url(filter: string, { top, expand }: Rung, order?: string): string {
    const { endpoint, collection } = this.#settings
    const query = [
      `$filter=${encodeURIComponent(filter)}`,
      ...(order === undefined ? [] : [`$orderby=${encodeURIComponent(order)}`]),
      `$top=${top}`,
      ...(expand ? ['$expand=alerts'] : []),
    ]
    return new URL(`/v1.0/security/${collection}?${query.join('&')}`, endpoint).href
  }
}

function windowFilter({ from, to }: Window): string {
  const start = `lastUpdateDateTime ge ${from}`
  return to ? `${start} and lastUpdateDateTime le ${to}` : start
}

export function isBadRequest(error: unknown): boolean {
  return statusOf(error) === 400
}

function lastOf(items: readonly GraphItem[]): Instant | undefined {
  return items.findLast(({ instant }) => instant !== undefined)?.instant
}

/** Whether it holds what lies before the window, which no answer to this request does. */
function isBefore(items: readonly GraphItem[], from: Instant): boolean {
  return items.some(({ instant }) => instant !== undefined && instant < from)
}

function isAscending(items: readonly GraphItem[]): boolean {
  const instants = items.flatMap(({ instant }) => instant ?? [])
  return instants.every((instant, index) => index === 0 || instants[index - 1]! <= instant)
}
