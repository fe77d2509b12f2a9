import { XdrelayError } from '../../core/errors.ts'
import { credentialOf } from '../../storage/credential.ts'
import type { AccessOptions } from '../options.ts'
import { certificateProof } from './certificate.ts'
import { type Api, type Cloud, clouds } from './clouds.ts'
import { federatedProof, type Proof, secretFile, secretProof } from './proof.ts'
import { type AppRegistration, requestIdentityToken, requestToken, type Token } from './token.ts'

/** How a collector gets its tokens, and what it asks with them. */
export interface Access {
  readonly cloud: Cloud
  /** Address of the API, when it is not the one of the cloud. */
  readonly endpoint: string | undefined
  /** The page where an administrator agrees to permissions; an identity of a machine has none. */
  readonly consent: string | undefined
  /** A new one with each call. Throws the error that a refusal stands for. */
  token(api: Api, signal: AbortSignal): Promise<Token>
}

/** Throws `credential_unreadable` where the platform gives this process no identity. */
export function accessOf(options: AccessOptions): Access {
  return options.credential === 'managed_identity'
    ? identityAccess(options)
    : appAccess(registrationOf(options), options.endpoint)
}

export function appAccess(app: AppRegistration, endpoint: string | undefined): Access {
  const { cloud, tenantId, clientId } = app
  return {
    cloud,
    endpoint,
    consent: `${clouds[cloud].login}/${tenantId}/adminconsent?client_id=${clientId}`,
    token: (api, signal) => requestToken(app, api, signal),
  }
}

/** Throws `cloud_mismatch` where the cloud has no such API. */
export function endpointOf({ cloud, endpoint }: Access, api: Api): string {
  const url = endpoint ?? clouds[cloud].endpoints[api]
  if (url !== undefined) return url
  throw new XdrelayError('cloud_mismatch', `the cloud ${cloud} does not have this API`, { facts: { cloud } })
}

function identityAccess({ clientId, cloud, endpoint }: AccessOptions): Access {
  const identity = credentialOf({ kind: 'managed_identity', ...(clientId !== undefined && { clientId }) })
  return {
    cloud,
    endpoint,
    consent: undefined,
    token: (api, signal) => requestIdentityToken(identity, cloud, api, signal),
  }
}

function registrationOf(options: AccessOptions): AppRegistration {
  const { tenantId, clientId, cloud, tokenUrl } = options
  if (tenantId === undefined || clientId === undefined) throw noIdentity()
  return { tenantId, clientId, proof: proofOf(options), cloud, ...(tokenUrl !== undefined && { tokenUrl }) }
}

function proofOf({ clientSecret, certificate, federatedToken }: AccessOptions): Proof {
  if (clientSecret !== undefined) {
    return secretProof(clientSecret.file === undefined ? () => clientSecret : secretFile(clientSecret.file))
  }
  if (certificate !== undefined) return certificateProof(certificate)
  if (federatedToken !== undefined) return federatedProof(federatedToken)
  throw noIdentity()
}

function noIdentity(): XdrelayError {
  const text =
    'the platform gives this process no workload identity: AZURE_TENANT_ID, AZURE_CLIENT_ID or AZURE_FEDERATED_TOKEN_FILE is not set'
  return new XdrelayError('credential_unreadable', text)
}
