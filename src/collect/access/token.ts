import { messageOf, XdrelayError } from '../../core/errors.ts'
import { redact, Secret } from '../../core/secret.ts'
import { ask, jsonObject } from '../api/http.ts'
import { type Api, type Cloud, clouds } from './clouds.ts'
import { entraRefusal } from './entra-refusal.ts'
import type { Proof } from './proof.ts'

/** An app registration in Microsoft Entra ID. */
export interface AppRegistration {
  readonly tenantId: string
  readonly clientId: string
  readonly proof: Proof
  readonly cloud: Cloud
  /** Where tokens are asked for, when not at the cloud's own address. */
  readonly tokenUrl?: string
}

export interface Token {
  readonly value: Secret
  /** Milliseconds since the epoch, by this machine's clock. */
  readonly expires: number
  /** What it says of itself; undefined when it cannot be read, as tokens need not be readable for those who carry them. */
  readonly claims: Claims | undefined
}

interface Claims {
  readonly audience: string
  readonly tenantId: string
  /** Application permissions that an administrator agreed to. */
  readonly roles: readonly string[]
}

/**
 * OAuth 2 client credentials, by a plain request: `@azure/identity` asks at addresses of its own choice only, and hides
 * which refusal it was. Throws the error that the refusal stands for.
 */
export async function requestToken(app: AppRegistration, api: Api, signal: AbortSignal): Promise<Token> {
  const { login, scopes } = clouds[app.cloud]
  const url = app.tokenUrl ?? `${login}/${encodeURIComponent(app.tenantId)}/oauth2/v2.0/token`
  const form = {
    client_id: app.clientId,
    ...(await app.proof({ clientId: app.clientId, tokenUrl: url })),
    scope: scopes[api],
    grant_type: 'client_credentials',
  }
  const asked = Date.now()
  const answer = await ask({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams(form).toString(),
    signal,
  })
  if (answer.status !== 200) throw entraRefusal(answer)
  const { access_token: value, expires_in: seconds } = jsonObject(answer.body)
  if (typeof value !== 'string')
    throw new XdrelayError('entra_refused', 'the answer of the token endpoint holds no token')
  const lifetime = Number(seconds) > 0 ? Number(seconds) * 1000 : 0
  return { value: new Secret(value), expires: asked + lifetime, claims: readClaims(value) }
}

/** What `@azure/identity` offers; here, so that only one file has to know the package. */
export interface IdentitySource {
  getToken(
    scope: string,
    options: { abortSignal: AbortSignal },
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>
}

/** A token of the identity that Azure gives to the machine itself. Throws `entra_refused` where there is none. */
export async function requestIdentityToken(
  identity: IdentitySource,
  cloud: Cloud,
  api: Api,
  signal: AbortSignal,
): Promise<Token> {
  const found = await identity.getToken(clouds[cloud].scopes[api], { abortSignal: signal }).catch(error => {
    throw new XdrelayError('entra_refused', redact(`no token for the managed identity: ${messageOf(error)}`), {
      cause: error,
    })
  })
  if (found === null) throw new XdrelayError('entra_refused', 'no token for the managed identity')
  return { value: new Secret(found.token), expires: found.expiresOnTimestamp, claims: readClaims(found.token) }
}

function readClaims(token: string): Claims | undefined {
  const payload = jsonObject(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
  const { aud, tid, roles = [] } = payload
  if (typeof aud !== 'string' || !Array.isArray(roles)) return undefined
  return { audience: aud, tenantId: String(tid ?? ''), roles: roles.map(String) }
}
