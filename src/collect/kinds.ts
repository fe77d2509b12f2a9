import type { OptionSchema, Problem } from '../core/options.ts'
import type { Collector } from './collector.ts'
import { accessProblems } from './findings.ts'
import {
  type GraphAlertsOptions,
  type GraphIncidentsOptions,
  graphAlertsSchema,
  graphIncidentsSchema,
  type VulnerabilitiesOptions,
  vulnerabilitiesSchema,
} from './options.ts'
import { type CollectorKind, collectors } from './probe.ts'

/** The options of each kind, as its schema describes them. */
export interface CollectorOptions {
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

/** What a schema cannot say about the options of a kind. */
export function collectorProblems({ kind, options }: CollectorSettings): Problem[] {
  return accessProblems(options, collectors[kind].api)
}
