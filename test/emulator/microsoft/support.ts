import { onTestFinished } from 'vitest'
import { type MicrosoftOptions, startMicrosoft } from '../../../src/emulator/microsoft/microsoft.ts'
import type { AppRegistration } from '../../../src/emulator/microsoft/token.ts'

export const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
export const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
export const secret = 'right~secret'

export const app: AppRegistration = {
  tenantId,
  clientId,
  secrets: [
    { value: secret, id: '11111111-2222-4333-8444-555555555555' },
    { value: 'old~secret', expires: Date.parse('2026-01-01T00:00:00Z') },
  ],
  roles: {
    graph: ['SecurityAlert.Read.All', 'SecurityIncident.Read.All'],
    defender: ['Vulnerability.Read.All', 'Machine.Read.All'],
  },
}

export const graphScope = 'https://graph.microsoft.com/.default'
export const defenderScope = 'https://api.securitycenter.microsoft.com/.default'

/** A client as any other: fetch and JSON. */
export async function microsoft(options: Partial<MicrosoftOptions> = {}) {
  const service = await startMicrosoft({ apps: [app], ...options })
  onTestFinished(() => service.stop())
  const ask = async (path: string, token?: string, headers: Record<string, string> = {}) => {
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const url = path.startsWith('http') ? path : service.url + path
    return fetch(url, { headers: { ...headers, ...authorization } })
  }
  const tokenAnswer = (changes: Record<string, string | undefined> = {}, tenant = tenantId) => {
    const usual = { client_id: clientId, client_secret: secret, scope: graphScope, grant_type: 'client_credentials' }
    const form = Object.entries({ ...usual, ...changes }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    )
    return fetch(service.tokenUrl(tenant), { method: 'POST', body: new URLSearchParams(form) })
  }
  const token = async (scope = graphScope) => {
    const { access_token } = (await (await tokenAnswer({ scope })).json()) as { access_token: string }
    return access_token
  }
  return { service, ask, token, tokenAnswer }
}

export interface Page {
  readonly value: readonly Record<string, unknown>[]
  readonly '@odata.nextLink'?: string
  readonly '@odata.count'?: number
}

export interface Failure {
  readonly error: { readonly code: string; readonly message: string }
}
