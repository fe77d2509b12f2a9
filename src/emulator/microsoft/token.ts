import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { type AssertionProofs, checkAssertion } from './client-assertion.ts'
import type { Api, Call, Reply } from './reply.ts'
import { ApiError } from './reply.ts'
import { TokenError } from './token-error.ts'

/** An app registration in Entra. */
export interface AppRegistration extends AssertionProofs {
  readonly tenantId: string
  readonly clientId: string
  readonly secrets: readonly {
    readonly value: string
    readonly id?: string
    /** Milliseconds. */
    readonly expires?: number
  }[]
  /** Application permissions with admin consent, such as `SecurityAlert.Read.All`, by the API that they are for. */
  readonly roles: Readonly<Record<Api, readonly string[]>>
  readonly disabled?: boolean
}

/** What a token says, once it has been checked. */
export interface Identity {
  readonly clientId: string
  readonly tenantId: string
  readonly roles: readonly string[]
}

/** Accepted scopes and the audience of the token that each gives. */
const resources: Readonly<Record<string, { readonly api: Api; readonly audience: string }>> = {
  'https://graph.microsoft.com/.default': { api: 'graph', audience: 'https://graph.microsoft.com' },
  'https://graph.microsoft.us/.default': { api: 'graph', audience: 'https://graph.microsoft.us' },
  'https://dod-graph.microsoft.us/.default': { api: 'graph', audience: 'https://dod-graph.microsoft.us' },
  'https://api.securitycenter.microsoft.com/.default': {
    api: 'defender',
    audience: 'https://api.securitycenter.microsoft.com',
  },
  'https://securitycenter.onmicrosoft.com/windowsatpservice/.default': {
    api: 'defender',
    audience: 'https://securitycenter.onmicrosoft.com/windowsatpservice',
  },
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Entra's token endpoint for client credentials, `POST /{tenant}/oauth2/v2.0/token`, with the refusals that operators
 * meet. As there, a permission without consent is no error: the token merely lacks the role.
 */
export class TokenEndpoint {
  readonly #apps: readonly AppRegistration[]
  /** Seconds. */
  readonly #lifetime: number
  readonly #key = randomBytes(32)
  #issued = 0

  constructor(apps: readonly AppRegistration[], lifetime = 3599) {
    this.#apps = apps
    this.#lifetime = lifetime
  }

  /** How many tokens were given out. */
  get issued(): number {
    return this.#issued
  }

  reply(tenant: string, { body, now, url }: Call): Reply {
    try {
      return { status: 200, body: this.#token(tenant, new URLSearchParams(body), now, url.href) }
    } catch (error) {
      if (!(error instanceof TokenError)) throw error
      return refusal(error, now)
    }
  }

  /** Who calls; throws what the API answers when the token is none of its own, or no longer. */
  identify(api: Api, { headers, now }: Call): Identity {
    const [, token = ''] = /^Bearer (.+)$/i.exec(String(headers.authorization ?? '')) ?? []
    const claims = this.#verified(token)
    const meant = Object.values(resources).filter(resource => resource.api === api)
    if (claims === undefined || !meant.some(({ audience }) => audience === claims.aud))
      throw unauthorized(api, 'audience')
    if (claims.exp * 1000 <= now) throw unauthorized(api, 'expired')
    return { clientId: claims.appid, tenantId: claims.tid, roles: claims.roles ?? [] }
  }

  #token(tenant: string, form: URLSearchParams, now: number, address: string): object {
    const app = this.#app(tenant, form)
    const resource = resourceOf(form.get('scope') ?? '')
    const { clientId } = app
    if (form.has('client_assertion')) checkAssertion(app, { form, clientId, address, now })
    else checkSecret(app, form.get('client_secret'), now)
    this.#issued++
    const roles = app.roles[resource.api]
    const seconds = Math.floor(now / 1000)
    const claims = {
      aud: resource.audience,
      iss: `https://sts.windows.net/${app.tenantId}/`,
      iat: seconds,
      nbf: seconds,
      exp: seconds + this.#lifetime,
      appid: app.clientId,
      tid: app.tenantId,
      ...(roles.length > 0 && { roles }),
    }
    return {
      token_type: 'Bearer',
      expires_in: this.#lifetime,
      ext_expires_in: this.#lifetime,
      access_token: this.#signed(claims),
    }
  }

  #app(tenant: string, form: URLSearchParams): AppRegistration {
    if (!guid.test(tenant) && !tenant.includes('.')) {
      const text = `Specified tenant identifier '${tenant}' is neither a valid DNS name, nor a valid external domain.`
      throw new TokenError(400, 'invalid_request', 900023, text)
    }
    const ofTenant = this.#apps.filter(({ tenantId }) => tenantId.toLowerCase() === tenant.toLowerCase())
    if (ofTenant.length === 0) {
      const text = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`
      throw new TokenError(400, 'invalid_request', 90002, text)
    }
    for (const name of ['grant_type', 'client_id', 'scope']) {
      if (!form.get(name)) {
        const text = `The request body must contain the following parameter: '${name}'.`
        throw new TokenError(400, 'invalid_request', 900144, text)
      }
    }
    const clientId = form.get('client_id')!
    const app = ofTenant.find(each => each.clientId.toLowerCase() === clientId.toLowerCase())
    if (app === undefined) {
      const text = `Application with identifier '${clientId}' was not found in the directory '${tenant}'.`
      throw new TokenError(400, 'unauthorized_client', 700016, text)
    }
    if (app.disabled)
      throw new TokenError(400, 'unauthorized_client', 7000112, `Application '${clientId}' is disabled.`)
    return app
  }

  #signed(claims: object): string {
    const text = [{ typ: 'JWT', alg: 'HS256' }, claims]
      .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.')
    return `${text}.${this.#signature(text)}`
  }

  #verified(token: string): Claims | undefined {
    const end = token.lastIndexOf('.')
    const [expected, found] = [this.#signature(token.slice(0, end)), token.slice(end + 1)].map(text =>
      Buffer.from(text),
    )
    if (end === -1 || expected!.length !== found!.length || !timingSafeEqual(expected!, found!)) return undefined
    return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Claims
  }

  #signature(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url')
  }
}

interface Claims {
  readonly aud: string
  readonly exp: number
  readonly appid: string
  readonly tid: string
  readonly roles?: readonly string[]
}

function resourceOf(scope: string): { readonly api: Api; readonly audience: string } {
  const known = resources[scope.replace('//.default', '/.default')]
  if (known !== undefined) return known
  if (!scope.endsWith('/.default')) {
    const text = `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`
    throw new TokenError(400, 'invalid_scope', 70011, text)
  }
  const name = scope.slice(0, -'/.default'.length)
  const text = `The resource principal named ${name} was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant.`
  throw new TokenError(400, 'invalid_resource', 500011, text)
}

function checkSecret(app: AppRegistration, secret: string | null, now: number): void {
  if (!secret) {
    const text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    throw new TokenError(401, 'invalid_client', 7000218, text)
  }
  const known = app.secrets.find(({ value }) => value === secret)
  if (known === undefined) {
    const text = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${app.clientId}'.`
    throw new TokenError(401, 'invalid_client', 7000215, text)
  }
  if (known.expires !== undefined && known.expires <= now) {
    const text = `The provided client secret keys for app '${app.clientId}' are expired. Visit the Azure portal to create new keys for your app.`
    throw new TokenError(401, 'invalid_client', 7000222, text)
  }
}

function refusal({ status, error, number, message }: TokenError, now: number): Reply {
  const trace = randomUUID()
  const correlation = randomUUID()
  const timestamp = `${new Date(now).toISOString().slice(0, 19).replace('T', ' ')}Z`
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${number}: ${message} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
      error_codes: [number],
      timestamp,
      trace_id: trace,
      correlation_id: correlation,
      error_uri: `https://login.microsoftonline.com/error?code=${number}`,
    },
  }
}

function unauthorized(api: Api, why: 'audience' | 'expired'): ApiError {
  if (api === 'defender') return new ApiError(401, 'Unauthorized', 'Invalid Authorization payload.')
  const text =
    why === 'expired'
      ? 'Lifetime validation failed, the token is expired.'
      : 'Access token validation failure. Invalid audience.'
  return new ApiError(401, 'InvalidAuthenticationToken', text)
}
