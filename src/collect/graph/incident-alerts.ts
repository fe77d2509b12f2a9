import type { ApiClient } from '../api/client.ts'
import { elementBounds, elementsOf, membersOf } from '../api/json-parts.ts'
import type { Pace } from '../api/pace.ts'
import { apiRefusal } from '../api/refusal.ts'
import { before, instantOf } from '../instant.ts'
import { alertsList } from './alerts.ts'
import { Links } from './links.ts'
import { type GraphList, isBadRequest } from './list.ts'
import { type GraphItem, itemOf, readPage } from './page.ts'

/** Milliseconds before an incident was made at which an alert of it may have been changed last. */
const earlierAlerts = 86_400_000
/** Milliseconds until a filter that was refused is tried again. */
const filterAgain = 3_600_000
/** Bytes that more alerts of one incident may have: all of them are in memory at once. */
const mostBytes = 64 << 20

/** Finds the alerts of incidents: inside them, or by themselves where the service cannot put them there. */
export class IncidentAlerts {
  readonly #api: ApiClient
  readonly #list: GraphList
  readonly #pace: Pace
  #spanUntil = 0

  constructor(api: ApiClient, endpoint: string, pace: Pace) {
    this.#api = api
    this.#list = alertsList({ api, endpoint, pace })
    this.#pace = pace
  }

  /**
   * One list of alerts for each incident, in the same order. `isKnown` tells which version of an incident has been
   * handed on; where alerts can be found by listing all of a time only, that is not done for these.
   */
  async *of(
    incidents: readonly GraphItem[],
    isKnown: (incident: GraphItem) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<readonly GraphItem[], void> {
    let listed: ReadonlyMap<string, readonly GraphItem[]> | undefined
    for (const incident of incidents) {
      const { id, alerts } = incident.value
      if (Array.isArray(alerts)) {
        yield [...inside(incident), ...(await this.#more(incident, signal))]
        continue
      }
      const asked = typeof id === 'string' && listed === undefined ? await this.#byId(id, signal) : undefined
      if (asked === undefined) {
        listed ??= await this.#bySpan(
          incidents.filter(each => !isKnown(each)),
          signal,
        )
      }
      yield asked ?? listed?.get(String(id)) ?? []
    }
  }

  /** Where an incident has more alerts than fit in. Throws `api_too_large` for more bytes of them than can be. */
  async #more({ value }: GraphItem, signal: AbortSignal): Promise<GraphItem[]> {
    const items: GraphItem[] = []
    const links = new Links()
    let left = mostBytes
    for (let link = value['alerts@odata.nextLink']; typeof link === 'string'; ) {
      const answer = await this.#api.get(links.follow(link), signal, { mostBytes: left })
      left -= answer.body.length
      const page = answer.status === 200 ? readPage(answer) : undefined
      if (page === undefined) throw apiRefusal(answer)
      items.push(...page.items)
      link = page.nextLink
    }
    return items
  }

  /** Undefined when the service does not filter so. */
  async #byId(id: string, signal: AbortSignal): Promise<readonly GraphItem[] | undefined> {
    if (this.#pace.now() < this.#spanUntil) return undefined
    try {
      return await newestOf(this.#list.all(`incidentId eq '${id.replaceAll("'", "''")}'`, signal))
    } catch (error) {
      if (!isBadRequest(error)) throw error
      this.#spanUntil = this.#pace.now() + filterAgain
      return undefined
    }
  }

  /** Lists all alerts of the time of some incidents, and keeps theirs. */
  async #bySpan(incidents: readonly GraphItem[], signal: AbortSignal): Promise<Map<string, readonly GraphItem[]>> {
    const wanted = new Map<string, GraphItem[]>(incidents.map(({ value }) => [String(value.id), []]))
    const created = incidents.flatMap(({ value }) => instantOf(value.createdDateTime) ?? []).toSorted()
    const from = created[0]
    if (from === undefined) return wanted
    for await (const { items } of this.#list.walk({ from: before(from, earlierAlerts) }, signal)) {
      for (const item of items) wanted.get(String(item.value.incidentId))?.push(own(item))
    }
    return new Map([...wanted].map(([id, items]) => [id, newest(items)]))
  }
}

/** With bytes of its own, so that the page that it stood in can go. */
function own(item: GraphItem): GraphItem {
  return { ...item, slice: Buffer.from(item.slice) }
}

function inside({ slice, value }: GraphItem): GraphItem[] {
  const alerts = membersOf(slice)?.findLast(({ key }) => key === 'alerts')?.value
  const bounds = alerts && elementBounds(alerts)
  if (alerts === undefined || bounds === undefined) return []
  const slices = [...elementsOf(alerts, bounds)]
  return (value.alerts as readonly unknown[]).map((alert, index) => itemOf(alert, slices[index]!))
}

async function newestOf(found: AsyncIterable<GraphItem>): Promise<GraphItem[]> {
  const items: GraphItem[] = []
  for await (const item of found) items.push(own(item))
  return newest(items)
}

/** Of several versions of one alert the last one: it changed while they were listed. */
function newest(items: readonly GraphItem[]): GraphItem[] {
  const byId = new Map<string, GraphItem>()
  for (const item of items) {
    const id = idOf(item)
    if ((item.instant ?? '') >= (byId.get(id)?.instant ?? '')) byId.set(id, item)
  }
  return [...byId.values()]
}

function idOf({ value, key }: GraphItem): string {
  return typeof value.id === 'string' ? value.id : key
}
