import type { GetTokenOptions, TokenCredential } from '@azure/identity'
import type { AuthOptions } from './options.ts'

/**
 * An identity of Microsoft Entra ID, for the event hub and for the storage account. The library behind it is large, so
 * it is loaded with the first token; with a connection string never.
 */
export function credentialOf(auth: AuthOptions): TokenCredential {
  let loaded: Promise<TokenCredential> | undefined
  return {
    async getToken(scopes: string | string[], options?: GetTokenOptions) {
      loaded ??= load(auth)
      return (await loaded).getToken(scopes, options)
    },
  }
}

async function load({ kind, tenantId, clientId, clientSecret }: AuthOptions): Promise<TokenCredential> {
  const { ClientSecretCredential, ManagedIdentityCredential, WorkloadIdentityCredential } = await import(
    '@azure/identity'
  )
  switch (kind) {
    case 'client_secret':
      return new ClientSecretCredential(tenantId ?? '', clientId ?? '', clientSecret?.reveal() ?? '')
    case 'workload_identity':
      return new WorkloadIdentityCredential({ ...(tenantId && { tenantId }), ...(clientId && { clientId }) })
    case 'managed_identity':
      return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential()
  }
}
