import type { OptionSchema } from '../core/options.ts'
import type { Secret } from '../core/secret.ts'
import { type Cloud, clouds } from './access/clouds.ts'

/** The app registration or identity that a collector signs in as, and where. */
export interface AccessOptions {
  /** A GUID or a domain of the tenant. Absent where an identity knows it by itself. */
  readonly tenantId?: string
  /** For a managed identity: the user-assigned one; absent means the system-assigned one. */
  readonly clientId?: string
  readonly clientSecret?: Secret
  /** Path of a PEM file with the certificate and its private key. */
  readonly certificate?: string
  /** An identity of the platform, instead of a secret or a certificate. */
  readonly credential?: 'workload_identity' | 'managed_identity'
  /** Of a workload identity, by the platform and not by the file: path of the token that stands for it. */
  readonly federatedToken?: string
  readonly cloud: Cloud
  /** Address of the API, when it is not the one of the cloud. */
  readonly endpoint?: string
  /** Where tokens are asked for, when not at the cloud's own address. */
  readonly tokenUrl?: string
  /** Milliseconds between two passes. */
  readonly every: number
}

/** Alerts and incidents are asked for by the time of their last update. */
export interface GraphAlertsOptions extends AccessOptions {
  /** Milliseconds before the first start from which on items are read. */
  readonly since: number
  /** Milliseconds that a pass reads again, for updates that showed late. */
  readonly overlap: number
  /** Whether the current state of each item is wanted besides its history. */
  readonly current: boolean
}

export interface GraphIncidentsOptions extends GraphAlertsOptions {
  /** Whether the alerts come with their incident; otherwise they are asked for by themselves. */
  readonly expandAlerts: boolean
}

export interface VulnerabilitiesOptions extends AccessOptions {
  readonly mode: 'full' | 'delta'
}

const access = {
  tenant_id: { type: 'string', description: 'Directory (tenant) id, or a domain of the tenant.' },
  client_id: {
    type: 'string',
    description: 'Application (client) id; for a managed identity the user-assigned one.',
  },
  client_secret: {
    type: 'string',
    format: 'secret',
    description: 'Secret of the application. Exactly one of this, `certificate` and `credential` is needed.',
  },
  certificate: {
    type: 'string',
    format: 'path',
    description: 'PEM file with the certificate of the application and its private key.',
  },
  credential: {
    type: 'string',
    enum: ['workload_identity', 'managed_identity'],
    description: 'An identity of the platform, in place of a secret.',
  },
  cloud: {
    type: 'string',
    enum: Object.keys(clouds),
    default: 'global',
    description:
      "Microsoft's cloud that the tenant is in; sets the addresses of the API and of the token endpoint. `china` has none of these APIs and is refused.",
  },
  endpoint: {
    type: 'string',
    format: 'url',
    description: 'Address of the API, when it is not the one of the cloud.',
  },
  token_url: {
    type: 'string',
    format: 'url',
    description: 'Address where tokens are asked for, when it is not the one of the cloud.',
  },
} as const satisfies OptionSchema['properties']

function everySchema(usual: string): OptionSchema {
  return {
    type: 'string',
    format: 'duration',
    minimum: 1000,
    maximum: 7 * 24 * 3_600_000,
    default: usual,
    description: 'Time from the start of one pass to the start of the next.',
  }
}

const graph = {
  ...access,
  every: everySchema('60s'),
  since: {
    type: 'string',
    format: 'duration',
    minimum: 0,
    maximum: 365 * 24 * 3_600_000,
    default: '24h',
    description: 'How far the first start looks back.',
  },
  overlap: {
    type: 'string',
    format: 'duration',
    minimum: 0,
    maximum: 24 * 3_600_000,
    default: '5m',
    description: 'How much of the time before it each pass reads again, for updates that the service shows late.',
  },
  current: {
    type: 'boolean',
    default: false,
    description: 'Whether Elasticsearch outputs also keep one document per item with its current state.',
  },
} as const satisfies OptionSchema['properties']

export const graphAlertsSchema: OptionSchema = {
  type: 'object',
  description: 'Alerts of Microsoft Defender XDR, from the Graph Security API.',
  properties: graph,
}

export const graphIncidentsSchema: OptionSchema = {
  type: 'object',
  description: 'Incidents of Microsoft Defender XDR with their alerts, from the Graph Security API.',
  properties: {
    ...graph,
    expand_alerts: {
      type: 'boolean',
      default: true,
      description: 'Whether alerts are read together with their incident; `false` asks for them separately.',
    },
  },
}

export const vulnerabilitiesSchema: OptionSchema = {
  type: 'object',
  description: 'Vulnerable software on machines, from the Defender for Endpoint API.',
  properties: {
    ...access,
    every: everySchema('24h'),
    mode: {
      type: 'string',
      enum: ['full', 'delta'],
      default: 'full',
      description: 'Everything in each pass, or everything once a week and the changes in between.',
    },
  },
}
