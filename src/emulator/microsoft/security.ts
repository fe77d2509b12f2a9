import { type Limits, page, parseQuery } from './odata.ts'
import { ApiError, type Call, type Reply } from './reply.ts'
import type { SecurityStore } from './security-store.ts'
import type { Identity } from './token.ts'

export interface SecuritySettings {
  /** `$filter=incidentId eq '…'` on alerts: the service's documents do not list it. */
  readonly filterByIncident?: boolean
  /** `$orderby`, which the documents do not list either: taken unless `false`, and followed unless `ignored`. */
  readonly ordered?: boolean | 'ignored'
  /** The most items of a page of alerts; 1000 in the documents. */
  readonly mostAlerts?: number
  /** `$expand=alerts` is answered with status 500, as for large tenants. */
  readonly expandFails?: boolean
}

const common = [
  'assignedTo',
  'classification',
  'determination',
  'createdDateTime',
  'lastUpdateDateTime',
  'severity',
  'status',
]
const alertLimits: Limits = {
  top: 1000,
  skip: 500,
  ordered: true,
  filter: new Set([...common, 'serviceSource']),
  expand: new Set(),
}
const incidentLimits: Limits = {
  top: 50,
  skip: 500,
  ordered: true,
  filter: new Set(common),
  expand: new Set(['alerts']),
}

/** Enum members that are sent only to those who ask for them; the others get `unknownFutureValue`. */
const late = new Set(['microsoftSentinel', 'scheduledAlerts', 'microsoftDefenderForCloud', 'awaitingAction'])

const roles = {
  alerts: [
    'SecurityAlert.Read.All',
    'SecurityAlert.ReadWrite.All',
    'SecurityIncident.Read.All',
    'SecurityIncident.ReadWrite.All',
  ],
  incidents: ['SecurityIncident.Read.All', 'SecurityIncident.ReadWrite.All'],
}

/** `alerts_v2` and `incidents` of Graph's security API, lists and single items. */
export class SecurityApi {
  readonly #store: SecurityStore
  readonly #settings: SecuritySettings
  readonly #alertLimits: Limits
  readonly #incidentLimits: Limits

  constructor(store: SecurityStore, settings: SecuritySettings = {}) {
    this.#store = store
    this.#settings = settings
    const { filterByIncident = false, mostAlerts: top = alertLimits.top, ordered = true } = settings
    const more = filterByIncident ? ['incidentId'] : []
    this.#alertLimits = { ...alertLimits, top, ordered, filter: new Set([...alertLimits.filter, ...more]) }
    this.#incidentLimits = { ...incidentLimits, ordered }
  }

  alerts(call: Call, identity: Identity, id: string | undefined): Reply {
    authorise(identity, roles.alerts)
    if (id !== undefined) return this.#single(this.#store.alerts.get(id), call)
    const query = parseQuery(call.url.searchParams, this.#alertLimits)
    return shown(page(this.#store.alerts.values(), query, call.url, context(call, 'alerts_v2')), call)
  }

  incidents(call: Call, identity: Identity, id: string | undefined): Reply {
    authorise(identity, roles.incidents)
    const query = parseQuery(call.url.searchParams, this.#incidentLimits)
    if (query.expand && this.#settings.expandFails) throw new ApiError(500, 'generalException', 'An error occurred.')
    const inside = <T extends Readonly<Record<string, unknown>>>(item: T) =>
      query.expand ? this.#store.expanded(item) : item
    if (id !== undefined) {
      const incident = this.#store.incidents.get(id)
      return this.#single(incident && inside(incident), call)
    }
    const found = page(this.#store.incidents.values(), query, call.url, context(call, 'incidents'))
    return shown({ ...found, value: found.value.map(inside) }, call)
  }

  #single(item: object | undefined, call: Call): Reply {
    if (item === undefined) throw new ApiError(404, 'ResourceNotFound', 'The requested resource was not found.')
    return shown(item, call)
  }
}

function context({ url }: Call, collection: string): string {
  return `${url.origin}/v1.0/$metadata#security/${collection}`
}

function authorise(identity: Identity, accepted: readonly string[]): void {
  if (identity.roles.some(role => accepted.includes(role))) return
  const text = `Missing application roles. API required roles: ${accepted.join(',')}, application roles: ${identity.roles.join(',')}.`
  throw new ApiError(403, 'Forbidden', text)
}

function shown(body: object, { headers }: Call): Reply {
  const asked = String(headers.prefer ?? '').includes('include-unknown-enum-members')
  if (asked) return { status: 200, body, headers: { 'preference-applied': 'include-unknown-enum-members' } }
  const text = JSON.stringify(body, (_key, value) => (late.has(value) ? 'unknownFutureValue' : value))
  return { status: 200, body: JSON.parse(text) as object }
}
