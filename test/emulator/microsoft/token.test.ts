import { expect, test } from 'vitest'
import { app, clientId, defenderScope, type Failure, graphScope, microsoft, tenantId } from './support.ts'

interface Refusal {
  readonly error: string
  readonly error_description: string
  readonly error_codes: readonly number[]
}

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>
}

test('client id and secret give a token for one resource, with the roles that were consented to', async () => {
  const { tokenAnswer, token, service } = await microsoft()
  const answer = await tokenAnswer()
  expect(answer.status).toBe(200)
  const body = (await answer.json()) as Record<string, unknown>
  expect(body).toMatchObject({ token_type: 'Bearer', expires_in: 3599 })
  const claims = { aud: 'https://graph.microsoft.com', tid: tenantId, appid: clientId, roles: app.roles.graph }
  expect(claimsOf(String(body.access_token))).toMatchObject(claims)
  expect(claimsOf(await token(defenderScope)).roles).toEqual(app.roles.defender)
  expect(service.tokensIssued).toBe(2)
})

test.each([
  ['a wrong secret', { client_secret: 'x' }, tenantId, 401, 'invalid_client', 7000215],
  [
    'the id of the secret',
    { client_secret: '11111111-2222-4333-8444-555555555555' },
    tenantId,
    401,
    'invalid_client',
    7000215,
  ],
  ['an expired secret', { client_secret: 'old~secret' }, tenantId, 401, 'invalid_client', 7000222],
  ['no secret', { client_secret: undefined }, tenantId, 401, 'invalid_client', 7000218],
  ['a client id of nobody', { client_id: tenantId }, tenantId, 400, 'unauthorized_client', 700016],
  ['a tenant of nobody', {}, clientId, 400, 'invalid_request', 90002],
  ['a malformed tenant', {}, 'contoso', 400, 'invalid_request', 900023],
  [
    'a scope without /.default',
    { scope: 'https://graph.microsoft.com/User.Read' },
    tenantId,
    400,
    'invalid_scope',
    70011,
  ],
  [
    'a resource that the tenant lacks',
    { scope: 'https://x.example/.default' },
    tenantId,
    400,
    'invalid_resource',
    500011,
  ],
  ['no grant type', { grant_type: undefined }, tenantId, 400, 'invalid_request', 900144],
])('%s is refused as Entra does', async (_what, changes, tenant, status, error, number) => {
  const { tokenAnswer } = await microsoft()
  const answer = await tokenAnswer(changes, tenant)
  expect(answer.status).toBe(status)
  const body = (await answer.json()) as Refusal
  expect(body).toMatchObject({ error, error_codes: [number] })
  expect(body.error_description).toMatch(new RegExp(`^AADSTS${number}: .+ Trace ID: .+ Correlation ID: .+ Timestamp: `))
})

test('a disabled application gets no token', async () => {
  const { tokenAnswer } = await microsoft({ apps: [{ ...app, disabled: true }] })
  expect(await (await tokenAnswer()).json()).toMatchObject({ error_codes: [7000112] })
})

test('a permission without consent is no error at the token endpoint, but the API refuses', async () => {
  const { ask, token } = await microsoft({ apps: [{ ...app, roles: { graph: [], defender: [] } }] })
  const graph = await token()
  expect(claimsOf(graph)).not.toHaveProperty('roles')
  const alerts = await ask('/v1.0/security/alerts_v2', graph)
  expect(alerts.status).toBe(403)
  const { error } = (await alerts.json()) as Failure
  expect(error).toMatchObject({
    code: 'Forbidden',
    message: expect.stringMatching(/^Missing application roles\. API required roles: SecurityAlert\.Read\.All,/),
  })
  const rows = await ask('/api/vulnerabilities', await token(defenderScope))
  expect(rows.status).toBe(403)
  expect(((await rows.json()) as Failure).error.message).toContain('(Vulnerability.Read.All)')
})

test('a token of the other API, a changed one and an old one are refused', async () => {
  let now = Date.parse('2026-03-01T08:00:00Z')
  const { ask, token } = await microsoft({ clock: () => now })
  const good = await token()
  for (const bad of [await token(defenderScope), `${good}x`, '', 'a.b.c']) {
    const answer = await ask('/v1.0/security/incidents', bad)
    expect(answer.status).toBe(401)
    expect(((await answer.json()) as Failure).error.code).toBe('InvalidAuthenticationToken')
  }
  expect((await ask('/api/machines', good)).status).toBe(401)
  expect((await ask('/v1.0/security/incidents', good)).status).toBe(200)
  now += 3_600_000
  expect((await ask('/v1.0/security/incidents', good)).status).toBe(401)
  expect((await ask('/v1.0/security/incidents', await token(graphScope))).status).toBe(200)
})

test.each([
  ['of an unknown type', { client_assertion: 'a.b.c', client_assertion_type: 'x' }, 50027],
  ['that cannot be read', { client_assertion: 'a.b.c' }, 50027],
  ['of an issuer that nobody named', { client_assertion: `e30.${base64({ iss: 'https://k8s.example' })}.x` }, 70021],
  ['for another address', { client_assertion: `e30.${base64({ iss: clientId, aud: 'https://x' })}.x` }, 700023],
])(
  'a client assertion %s is refused (v2-oauth2-client-creds-grant-flow, reference-error-codes)',
  async (_what, changes, number) => {
    const { tokenAnswer } = await microsoft()
    const type = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }
    const answer = await tokenAnswer({ ...type, client_secret: undefined, ...changes })
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ error: 'invalid_client', error_codes: [number] })
  },
)

function base64(claims: object): string {
  return Buffer.from(JSON.stringify(claims)).toString('base64url')
}

test('a port that is taken is said so', async () => {
  const { service } = await microsoft()
  const port = Number(new URL(service.url).port)
  const message = expect.stringMatching(`^cannot listen on port ${port}: .*EADDRINUSE`)
  await expect(microsoft({ port })).rejects.toMatchObject({ kind: 'port_unavailable', exit: 73, message })
})
