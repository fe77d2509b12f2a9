import { describe, expect, test } from 'vitest'
import { accessProblems } from '../../src/collect/findings.ts'
import type { AccessOptions } from '../../src/collect/options.ts'
import { Secret } from '../../src/core/secret.ts'

const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
const app = { tenantId, clientId, clientSecret: new Secret('Canary~Secret~Value.1') }

/** Problems of a Graph collector with these options alone. */
const problems = (options: Partial<AccessOptions>) =>
  accessProblems({ cloud: 'global', every: 60_000, ...options }, 'graph').map(({ path, message }) => [
    path.join('.'),
    message,
  ])

describe('one way to sign in', () => {
  test.each<[string, Partial<AccessOptions>]>([
    ['an application with a secret', app],
    ['an application with a certificate', { tenantId, clientId, certificate: '/run/secrets/app.pem' }],
    ['an application of a tenant that is named by its domain', { ...app, tenantId: 'contoso.onmicrosoft.com' }],
    ['a workload identity that the platform describes', { credential: 'workload_identity' }],
    ['a workload identity of another tenant', { credential: 'workload_identity', tenantId, clientId }],
    ['a workload identity of another address', { credential: 'workload_identity', tokenUrl: 'https://login.example' }],
    ['the managed identity of the machine', { credential: 'managed_identity' }],
    ['a user-assigned managed identity', { credential: 'managed_identity', clientId }],
    ['addresses of this machine', { ...app, endpoint: 'http://127.0.0.1:1', tokenUrl: 'http://localhost:1/token' }],
    ['other addresses', { ...app, endpoint: 'https://graph.example', tokenUrl: 'https://login.example/token' }],
  ])('%s is fine', (_what, options) => {
    expect(problems(options)).toEqual([])
  })

  test.each<[string, Partial<AccessOptions>, string, RegExp]>([
    ['none', { tenantId, clientId }, '', /nothing to sign in with/],
    ['two', { ...app, certificate: '/a.pem' }, 'certificate', /`certificate` stands beside `client_secret`/],
    ['a secret and an identity', { ...app, credential: 'managed_identity' }, 'credential', /beside `client_secret`/],
    ['a secret of no client', { tenantId, clientSecret: app.clientSecret }, 'client_id', /is missing/],
    ['a certificate of no tenant', { clientId, certificate: '/a.pem' }, 'tenant_id', /is missing/],
    ['a tenant of a managed identity', { credential: 'managed_identity', tenantId }, 'tenant_id', /has no use/],
    [
      'a token address of a managed identity',
      { credential: 'managed_identity', tokenUrl: 'https://login.example' },
      'token_url',
      /has no use beside `credential: managed_identity`/,
    ],
  ])('%s is said where it stands', (_what, options, path, text) => {
    expect(problems(options)).toEqual([[path, expect.stringMatching(text)]])
  })
})

test.each(['common', 'contoso', '0f3c1e02-5b64-4c1d-8a90', `${tenantId}/x`, 'a b.example'])(
  'tenant %s is neither a GUID nor a domain',
  text => {
    expect(problems({ ...app, tenantId: text })).toEqual([['tenant_id', 'is neither a GUID nor a domain']])
  },
)

test('a client id has to be a GUID', () => {
  expect(problems({ ...app, clientId: 'xdrelay' })).toEqual([['client_id', 'is not a GUID']])
})

test.each(['http://graph.example', 'http://127.0.0.1.example:80', 'http://10.0.0.1'])(
  'a token would go to %s in the open',
  url => {
    expect(problems({ ...app, endpoint: url })).toEqual([
      ['endpoint', expect.stringMatching(/is not an https address/)],
    ])
    expect(problems({ ...app, tokenUrl: url })).toEqual([['token_url', expect.stringMatching(/is not an https/)]])
  },
)

test.each([
  'https://graph.example/v1.0',
  'https://graph.example/proxy/',
  'https://graph.example?x=1',
  'https://graph.example/#x',
  'https://mara@graph.example',
])('what %s has besides host and port would be left out', endpoint => {
  expect(accessProblems({ cloud: 'global', every: 60_000, ...app, endpoint }, 'graph')).toEqual([
    {
      path: ['endpoint'],
      message: 'is not scheme, host and port alone; anything else would be left out',
      fix: 'Write `https://graph.example`.',
    },
  ])
})

test.each(['https://graph.example/', 'https://graph.example:8443', 'https://GRAPH.example:443'])(
  '%s is host and port alone',
  endpoint => {
    expect(problems({ ...app, endpoint })).toEqual([])
  },
)

test('a cloud without the API is named with those that have it', () => {
  const options: AccessOptions = { ...app, cloud: 'china', every: 60_000 }
  for (const api of ['graph', 'defender'] as const) {
    const fix = expect.stringContaining('global, gcc_high, dod')
    expect(accessProblems(options, api)).toEqual([{ path: ['cloud'], message: 'has no such API', fix }])
  }
})
