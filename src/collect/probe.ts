import { XdrelayError } from '../core/errors.ts'
import { type Access, endpointOf } from './access/access.ts'
import type { Api } from './access/clouds.ts'
import type { Token } from './access/token.ts'
import { ask, type HttpAnswer } from './api/http.ts'
import { apiRefusal, lacksRole } from './api/refusal.ts'

/** The kinds of sources that ask Microsoft's APIs. */
export type CollectorKind = 'graph_alerts' | 'graph_incidents' | 'vulnerabilities'

interface Collector {
  readonly api: Api
  /** One small request. */
  readonly path: string
  /** Any of these is enough. */
  readonly roles: readonly string[]
  /** What is left out without each of these. */
  readonly optional: Readonly<Record<string, string>>
}

const incidentRoles = ['SecurityIncident.Read.All', 'SecurityIncident.ReadWrite.All']

export const collectors: Readonly<Record<CollectorKind, Collector>> = {
  graph_alerts: {
    api: 'graph',
    path: '/v1.0/security/alerts_v2?$top=1',
    roles: ['SecurityAlert.Read.All', 'SecurityAlert.ReadWrite.All', ...incidentRoles],
    optional: {},
  },
  graph_incidents: { api: 'graph', path: '/v1.0/security/incidents?$top=1', roles: incidentRoles, optional: {} },
  vulnerabilities: {
    api: 'defender',
    path: '/api/vulnerabilities?$top=1',
    roles: ['Vulnerability.Read.All'],
    optional: { 'Machine.Read.All': 'details of machines' },
  },
}

/** Milliseconds; beyond that, dates of this machine do not mean what the service's do. */
const mostSkew = 5 * 60_000

/**
 * The test connection for one kind of source, step by step: a token, the permissions in it, one small request. Says what
 * was found; throws what the first step that fails stands for.
 */
export async function probeCollector(kind: CollectorKind, access: Access, signal: AbortSignal): Promise<string> {
  const { api, path } = collectors[kind]
  const url = new URL(path, endpointOf(access, api))
  const token = await access.token(api, signal)
  const missing = checkRoles(kind, access, token)
  const headers = { authorization: `Bearer ${token.value.reveal()}`, accept: 'application/json' }
  const answer = await ask({ url: url.href, headers, signal })
  if (answer.status !== 200) throw lacksRole(answer) ? missingRole(kind, access) : apiRefusal(answer)
  const found = `token with ${rolesOf(token)}; ${url.host} answers`
  return [found, ...missing, ...skewOf(answer)].join('; ')
}

/** What will be left out for want of a permission. Throws when there is none that the API accepts. */
function checkRoles(kind: CollectorKind, access: Access, { claims }: Token): string[] {
  if (claims === undefined) return []
  const { roles, optional } = collectors[kind]
  if (!roles.some(role => claims.roles.includes(role))) throw missingRole(kind, access)
  return Object.entries(optional)
    .filter(([role]) => !claims.roles.includes(role))
    .map(([role, what]) => `without ${role}, so ${what} are left out`)
}

function missingRole(kind: CollectorKind, { consent }: Access): XdrelayError {
  const role = collectors[kind].roles[0]!
  const text =
    consent === undefined
      ? `the managed identity lacks the permission ${role}, which an administrator assigns to it as an app role`
      : `the application lacks the permission ${role}, or nobody consented to it; an administrator can, at ${consent}`
  return new XdrelayError('app_permission_missing', text, { facts: { permission: role } })
}

function rolesOf({ claims }: Token): string {
  if (claims === undefined) return 'permissions that cannot be read'
  return claims.roles.join(', ')
}

function skewOf({ headers }: HttpAnswer): string[] {
  const skew = Date.now() - Date.parse(String(headers.date))
  if (!(Math.abs(skew) > mostSkew)) return []
  const minutes = Math.round(Math.abs(skew) / 60_000)
  return [`the clock of this machine is ${minutes} minutes ${skew > 0 ? 'ahead' : 'behind'}`]
}
