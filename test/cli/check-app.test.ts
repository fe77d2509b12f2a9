import { expect, onTestFinished, test } from 'vitest'
import { readAppOptions } from '../../src/cli/check/app-options.ts'
import { type Microsoft, type MicrosoftOptions, startMicrosoft } from '../../src/emulator/microsoft/microsoft.ts'
import { folder, xdrelay } from './run-cli.ts'

const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
const stranger = '99999999-9999-4999-8999-999999999999'
const secret = 'Canary~Secret~Value.1'
const secretId = '11111111-2222-4333-8444-555555555555'
const expired = 'Canary~Expired~Value.2'
const graph = ['SecurityAlert.Read.All', 'SecurityIncident.Read.All']
const defender = ['Vulnerability.Read.All', 'Machine.Read.All']

async function microsoft(roles = { graph, defender }, options: Partial<MicrosoftOptions> = {}): Promise<Microsoft> {
  const secrets = [
    { value: secret, id: secretId },
    { value: expired, expires: 1 },
  ]
  const service = await startMicrosoft({ apps: [{ tenantId, clientId, secrets, roles }], ...options })
  onTestFinished(() => service.stop())
  return service
}

interface Choice {
  readonly tenant?: string
  readonly client?: string
  readonly value?: string
  readonly more?: readonly string[]
}

/** Runs the command against the service, and looks for secrets and tokens in all that it wrote. */
async function check(
  service: Microsoft,
  { tenant = tenantId, client = clientId, value = secret, more = [] }: Choice = {},
) {
  const cwd = folder({ secret: `${value}\n` })
  const app = ['--tenant-id', tenant, '--client-id', client, '--client-secret-file', 'secret']
  const addresses = ['--endpoint', service.url, '--token-url', service.tokenUrl(tenant)]
  const ended = await xdrelay(['check', ...app, ...addresses, ...more], { cwd })
  for (const canary of [secret, expired, 'eyJ']) expect(ended.stdout + ended.stderr).not.toContain(canary)
  return ended
}

test('an app registration alone is tested for all three sources, without a configuration', async () => {
  const service = await microsoft()
  const { code, stdout } = await check(service)
  const { host } = new URL(service.url)
  expect(stdout.trimEnd().split('\n')).toEqual([
    `source graph_alerts: ok, token with SecurityAlert.Read.All, SecurityIncident.Read.All; ${host} answers`,
    `source graph_incidents: ok, token with SecurityAlert.Read.All, SecurityIncident.Read.All; ${host} answers`,
    `source vulnerabilities: ok, token with Vulnerability.Read.All, Machine.Read.All; ${host} answers`,
  ])
  expect(code).toBe(0)
  expect(service.requests.filter(request => request.startsWith('GET'))).toEqual(
    expect.arrayContaining([
      'GET /v1.0/security/alerts_v2?$top=1',
      'GET /v1.0/security/incidents?$top=1',
      'GET /api/vulnerabilities?$top=1',
    ]),
  )
})

test('with --source only that one, and with --json one object', async () => {
  const { code, stdout } = await check(await microsoft(), { more: ['--source', 'vulnerabilities', '--json'] })
  const found = JSON.parse(stdout) as { ok: boolean; parts: { name: string; ok: boolean }[] }
  expect(found).toMatchObject({ ok: true, parts: [{ name: 'source vulnerabilities', ok: true }] })
  expect(code).toBe(0)
})

test.each<[string, Choice, string, string]>([
  [
    'a wrong secret',
    { value: 'Wrong~Value' },
    'XP2101',
    'the client secret is wrong; often the id of the secret was taken for its value (AADSTS7000215)',
  ],
  ['the id of the secret', { value: secretId }, 'XP2101', 'the client secret is wrong'],
  ['an expired secret', { value: expired }, 'XP2102', 'the client secret has expired (AADSTS7000222)'],
  [
    'a client id of nobody',
    { client: stranger },
    'XP2103',
    'there is no application with this client id in the tenant (AADSTS700016)',
  ],
  ['a tenant of nobody', { tenant: stranger }, 'XP2104', 'there is no such tenant in this cloud (AADSTS90002)'],
])('%s is named, with the fix', async (_what, choice, code, text) => {
  const ended = await check(await microsoft(), { ...choice, more: ['--source', 'graph_alerts'] })
  expect(ended.stdout).toContain(`source graph_alerts: ${code} ${text}`)
  expect(ended.stdout).toMatch(/; fix: .+\n/)
  expect(ended.code).toBe(1)
})

test('a cloud without the API is named before anything is sent', async () => {
  const app = ['--tenant-id', tenantId, '--client-id', clientId, '--client-secret-file', 'secret']
  const cwd = folder({ secret })
  const { stdout } = await xdrelay(['check', ...app, '--source', 'graph_alerts', '--cloud', 'china'], { cwd })
  expect(stdout).toContain('source graph_alerts: XP2105 the cloud china does not have this API; fix: ')
  expect(stdout).toMatch(/fix: Set the cloud of the tenant: global, gcc_high or dod\. The one in China has none/)
})

test('a permission without consent is named, with the page where to consent', async () => {
  const { code, stdout } = await check(
    await microsoft({ graph: ['SecurityAlert.Read.All'], defender: ['Vulnerability.Read.All'] }),
  )
  const [alerts, incidents, vulnerabilities] = stdout.split('\n')
  expect(alerts).toMatch(/^source graph_alerts: ok, /)
  expect(incidents).toContain(
    'source graph_incidents: XP2111 the application lacks the permission SecurityIncident.Read.All',
  )
  expect(incidents).toContain(`https://login.microsoftonline.com/${tenantId}/adminconsent?client_id=${clientId}`)
  expect(vulnerabilities).toMatch(/: ok, .*; without Machine\.Read\.All, so details of machines are left out$/)
  expect(code).toBe(1)
})

test.each([
  [401, 'InvalidAuthenticationToken', 'XP2112 status 401: The server could not serve this request.'],
  [403, 'DisabledFeature', 'XP2113 status 403: The server could not serve this request.'],
  [500, 'generalException', 'XP2115 status 500: The server could not serve this request.'],
])('an API that answers %i is named', async (status, apiCode, text) => {
  const service = await microsoft()
  service.faults.add(/alerts_v2/, { kind: 'status', status, code: apiCode })
  const { code, stdout } = await check(service, { more: ['--source', 'graph_alerts'] })
  expect(stdout).toContain(`source graph_alerts: ${text}`)
  expect(code).toBe(1)
})

test('Entra in trouble, and a host that nobody listens on, are no fault of the credentials', async () => {
  const service = await microsoft()
  service.faults.add(/oauth2/, { kind: 'status', status: 503 }, 1)
  const busy = await check(service, { more: ['--source', 'graph_alerts'] })
  expect(busy.stdout).toContain('source graph_alerts: XP2109 Entra answered with status 503; fix: Try again later')
  await service.stop()
  const gone = await check(service, { more: ['--source', 'graph_alerts'] })
  expect(gone.stdout).toContain(`source graph_alerts: XP2114 no answer from ${new URL(service.url).host}: `)
  expect(gone.code).toBe(1)
})

test('a clock that differs is told', async () => {
  const { stdout } = await check(await microsoft(undefined, { clock: () => Date.now() - 3_600_000 }))
  expect(stdout).toMatch(/^source graph_alerts: ok, .*; the clock of this machine is 60 minutes ahead$/m)
})

test.each([
  [{ tenantId }, '--client-id is missing'],
  [{ clientId }, '--tenant-id is missing'],
  [{ tenantId: 'my tenant', clientId }, '--tenant-id: "my tenant" is not a GUID or a domain of the tenant'],
  [{ tenantId, clientId: 'x' }, '--client-id: "x" is not a GUID'],
  [{ tenantId, clientId, source: 'mails' }, '--source: "mails" is not one of graph_alerts,'],
  [
    { tenantId, clientId, endpoint: 'http://graph.example' },
    '--endpoint: "http://graph.example" is not an https address',
  ],
  [
    { tenantId, clientId, endpoint: 'https://graph.example/v1.0' },
    '--endpoint: "https://graph.example/v1.0" is not scheme, host and port alone',
  ],
  [{ tenantId, clientId, clientSecretFile: '/nothing' }, '--client-secret-file: cannot read /nothing'],
])('options %j are a wrong use', async (options, text) => {
  await expect(readAppOptions(options)).rejects.toMatchObject({ exit: 64, message: expect.stringContaining(text) })
})

test('an unknown cloud is told those that have the APIs', async () => {
  await expect(readAppOptions({ tenantId, clientId, cloud: 'moon' })).rejects.toMatchObject({
    exit: 64,
    message: '--cloud: "moon" is not one of global, gcc_high, dod',
  })
})

test.each([
  [[], 'no client secret: give --client-secret-file FILE'],
  [['--config', 'x.yaml'], 'give either --config or an app registration'],
])('an app registration with %j is a wrong use: exit 64', async (more, text) => {
  const { code, stderr } = await xdrelay(['check', '--tenant-id', tenantId, '--client-id', clientId, ...more])
  expect(stderr).toContain(text)
  expect(code).toBe(64)
})
