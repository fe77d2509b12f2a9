import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { accessOf, endpointOf } from '../../../src/collect/access/access.ts'
import type { AccessOptions } from '../../../src/collect/options.ts'
import { Secret } from '../../../src/core/secret.ts'
import { tempDirectory } from '../../support/temp.ts'

const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
const base = { cloud: 'global', every: 60_000 } as const
const { signal } = new AbortController()

/** A token endpoint that takes everything, and what it was told. */
async function tokenEndpoint() {
  const forms: URLSearchParams[] = []
  const server = createServer(async (request, response) => {
    forms.push(new URLSearchParams(await text(request)))
    response.end(JSON.stringify({ access_token: 'token', expires_in: 3599 }))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { forms, tokenUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token` }
}

test('a workload identity shows the token of the platform, the newest one each time', async () => {
  const { forms, tokenUrl } = await tokenEndpoint()
  const federatedToken = join(await tempDirectory(), 'token')
  const access = accessOf({ ...base, credential: 'workload_identity', tenantId, clientId, federatedToken, tokenUrl })
  for (const value of ['first.token', 'second.token']) {
    await writeFile(federatedToken, value)
    await access.token('graph', signal)
  }
  expect(forms.map(form => [form.get('client_assertion'), form.get('client_id'), form.get('client_secret')])).toEqual([
    ['first.token', clientId, null],
    ['second.token', clientId, null],
  ])
})

test('a secret that is in no file is shown as it is', async () => {
  const { forms, tokenUrl } = await tokenEndpoint()
  const options: AccessOptions = { ...base, tenantId, clientId, clientSecret: new Secret('Canary~Value'), tokenUrl }
  await accessOf(options).token('defender', signal)
  expect(Object.fromEntries(forms[0]!)).toMatchObject({
    client_secret: 'Canary~Value',
    scope: 'https://api.securitycenter.microsoft.com/.default',
  })
})

test('a certificate is read when a token is asked for, and named when it is not there', async () => {
  const certificate = join(await tempDirectory(), 'app.pem')
  const access = accessOf({ ...base, tenantId, clientId, certificate })
  await expect(access.token('graph', signal)).rejects.toMatchObject({
    kind: 'credential_unreadable',
    message: `cannot use ${certificate}: ENOENT`,
  })
})

test.each<[string, Partial<AccessOptions>]>([
  ['tenant', { clientId, federatedToken: '/token' }],
  ['client', { tenantId, federatedToken: '/token' }],
  ['token', { tenantId, clientId }],
])('a workload identity without its %s is none', (_what, options) => {
  const wrong = () => accessOf({ ...base, credential: 'workload_identity', ...options })
  expect(wrong).toThrow(expect.objectContaining({ kind: 'credential_unreadable' }))
})

test('the address follows the cloud, unless there is one', () => {
  const access = accessOf({ ...base, cloud: 'dod', credential: 'managed_identity' })
  expect(endpointOf(access, 'graph')).toBe('https://dod-graph.microsoft.us')
  expect(access.consent).toBeUndefined()
  const other = accessOf({ ...base, credential: 'managed_identity', endpoint: 'https://graph.example' })
  expect(endpointOf(other, 'graph')).toBe('https://graph.example')
  const china = accessOf({ ...base, cloud: 'china', credential: 'managed_identity' })
  expect(() => endpointOf(china, 'graph')).toThrow(expect.objectContaining({ kind: 'cloud_mismatch' }))
})
