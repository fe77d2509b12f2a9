import type { OptionSchema, Problem } from '../core/options.ts'
import { accessOf, endpointOf } from './access/access.ts'
import { createTokenSource } from './access/token-source.ts'
import { createApiClient } from './api/client.ts'
import type { Collector } from './collector.ts'
import { accessProblems } from './findings.ts'
import { createAlertsCollector } from './graph/alerts.ts'
import { createIncidentsCollector } from './graph/incidents.ts'
import {
  type GraphAlertsOptions,
  type GraphIncidentsOptions,
  graphAlertsSchema,
  graphIncidentsSchema,
  type VulnerabilitiesOptions,
  vulnerabilitiesSchema,
} from './options.ts'
import { type CollectorKind, collectors, probeCollector } from './probe.ts'
import { createVulnerabilityCollector } from './vulnerability/collector.ts'

/** The options of each kind, as its schema describes them. */
interface CollectorOptions {
  readonly graph_alerts: GraphAlertsOptions
  readonly graph_incidents: GraphIncidentsOptions
  readonly vulnerabilities: VulnerabilitiesOptions
}

/** A source of the configuration that asks an API. */
export type CollectorSettings = {
  readonly [Kind in CollectorKind]: { readonly kind: Kind; readonly options: CollectorOptions[Kind] }
}[CollectorKind]

/** The kinds of collectors, by the key that names them in the configuration. */
export const collectorSchemas = {
  graph_alerts: graphAlertsSchema,
  graph_incidents: graphIncidentsSchema,
  vulnerabilities: vulnerabilitiesSchema,
} as const satisfies Record<CollectorKind, OptionSchema>

/** What the documents of each kind are about. */
export const datasets: Readonly<Record<CollectorKind, Collector['dataset']>> = {
  graph_alerts: 'alert',
  graph_incidents: 'incident',
  vulnerabilities: 'vulnerability',
}

/** Whether the current state of each item is wanted besides its versions. */
export function wantsCurrent({ kind, options }: CollectorSettings): boolean {
  return kind !== 'vulnerabilities' && options.current
}

/** What a schema cannot say about the options of a kind. */
export function collectorProblems({ kind, options }: CollectorSettings): Problem[] {
  return accessProblems(options, collectors[kind].api)
}

/** The collector of a source, with tokens and requests of its own. Throws `credential_unreadable` or `cloud_mismatch`. */
export function createCollector({ kind, options }: CollectorSettings): Collector {
  const access = accessOf(options)
  const { api } = collectors[kind]
  const endpoint = endpointOf(access, api)
  const tokens = createTokenSource(signal => access.token(api, signal))
  const probe = (signal: AbortSignal) => probeCollector(kind, access, signal)
  const settings = { api: createApiClient({ api, endpoint, tokens }), endpoint, probe }
  switch (kind) {
    case 'graph_alerts':
      return createAlertsCollector({ ...settings, ...options })
    case 'graph_incidents':
      return createIncidentsCollector({ ...settings, ...options })
    case 'vulnerabilities':
      return createVulnerabilityCollector({ ...settings, mode: options.mode })
  }
}

/**
 * Tells the cursor of a source from all others in a store, also from those of another tenant's xdrelay; safe as a path.
 * Under another name a source starts anew.
 */
export function cursorName(name: string, { kind, options }: CollectorSettings): string {
  return `${options.tenantId?.toLowerCase() ?? 'identity'}/${kind}/${name}`
}
