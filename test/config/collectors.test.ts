import { expect, test } from 'vitest'
import { formatFinding } from '../../src/config/finding.ts'
import { checkConfig } from '../../src/config.ts'
import type { Secret } from '../../src/core/secret.ts'
import { canary, connectionString } from './samples.ts'

const env = {
  TENANT_ID: '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44',
  CLIENT_ID: '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1',
  CLIENT_SECRET: 'Canary~Secret~Value.1',
  EVENT_HUB_CONNECTION_STRING: connectionString,
  STORAGE_ACCOUNT_KEY: canary,
}
const app = `tenant_id: "\${env:TENANT_ID}", client_id: "\${env:CLIENT_ID}", client_secret: "\${env:CLIENT_SECRET}"`

function checked(sources: string, variables: Record<string, string> = env) {
  const text = `sources:
${sources}
checkpoints: { storage_account: contosologs, storage_account_key: "\${env:STORAGE_ACCOUNT_KEY}" }
outputs: { screen: { stdout: {} } }
`
  return checkConfig(text, 'xdrelay.yaml', variables, { cwd: '/etc/xdrelay', readFile: () => 'the content' })
}

const findingsOf = (sources: string) => checked(sources).findings.map(formatFinding)

test("sources of Microsoft's APIs need no event hub beside them, and have their defaults", () => {
  const { config, findings } = checked(`
  alerts:
    graph_alerts: { ${app} }
  incidents:
    graph_incidents: { ${app}, expand_alerts: false, every: 5m }
  vulnerabilities:
    vulnerabilities: { ${app}, mode: delta }`)
  expect(findings).toEqual([])
  const registration = { tenantId: env.TENANT_ID, clientId: env.CLIENT_ID, cloud: 'global' }
  expect(config?.sources).toMatchObject([
    {
      name: 'alerts',
      kind: 'graph_alerts',
      options: { ...registration, every: 60_000, since: 24 * 3_600_000, overlap: 300_000, current: false },
    },
    { name: 'incidents', kind: 'graph_incidents', options: { ...registration, every: 300_000, expandAlerts: false } },
    { name: 'vulnerabilities', kind: 'vulnerabilities', options: { every: 24 * 3_600_000, mode: 'delta' } },
  ])
})

test('any mix of sources is a configuration', () => {
  const { config, findings } = checked(`
  xdr:
    event_hub: { connection_string: "\${env:EVENT_HUB_CONNECTION_STRING}", event_hub: defender }
  first:
    graph_alerts: { ${app}, cloud: gcc_high }
  second:
    graph_alerts: { credential: workload_identity }`)
  expect(findings).toEqual([])
  expect(config?.sources.map(({ kind }) => kind)).toEqual(['event_hub', 'graph_alerts', 'graph_alerts'])
})

test('a secret remembers the file that it came from, and a certificate is a path', () => {
  const { config } = checked(`
  alerts:
    graph_alerts:
      tenant_id: ${env.TENANT_ID}
      client_id: ${env.CLIENT_ID}
      client_secret: \${file:secrets/app}
  incidents:
    graph_incidents: { tenant_id: contoso.onmicrosoft.com, client_id: "\${env:CLIENT_ID}", certificate: app.pem }
  more:
    vulnerabilities: { ${app} }`)
  const [alerts, incidents, more] = config!.sources.map(({ options }) => options as { clientSecret: Secret })
  expect(alerts!.clientSecret.reveal()).toBe('the content')
  expect(alerts!.clientSecret.file).toBe('/etc/xdrelay/secrets/app')
  expect(incidents).toMatchObject({ certificate: '/etc/xdrelay/app.pem' })
  expect(more!.clientSecret.file).toBeUndefined()
})

test('a workload identity is as the platform says, unless the file says otherwise', () => {
  const platform = {
    AZURE_TENANT_ID: env.TENANT_ID,
    AZURE_CLIENT_ID: env.CLIENT_ID,
    AZURE_FEDERATED_TOKEN_FILE: '/token',
  }
  const { config } = checked(
    `
  alerts:
    graph_alerts: { credential: workload_identity }
  incidents:
    graph_incidents: { credential: workload_identity, tenant_id: contoso.onmicrosoft.com }
  vulnerabilities:
    vulnerabilities: { ${app} }`,
    { ...env, ...platform },
  )
  const identity = { tenantId: env.TENANT_ID, clientId: env.CLIENT_ID, federatedToken: '/token' }
  const [alerts, incidents, vulnerabilities] = config!.sources.map(({ options }) => options)
  expect(alerts).toMatchObject(identity)
  expect(incidents).toMatchObject({ ...identity, tenantId: 'contoso.onmicrosoft.com' })
  expect(vulnerabilities).not.toHaveProperty('federatedToken')
})

test('what does not go together is found where it stands, all at once, and no secret is shown', () => {
  const found = findingsOf(`
  alerts:
    graph_alerts:
      tenant_id: common
      client_id: xdrelay
      client_secret: Canary~Plain~Value.2
      certificate: app.pem
  incidents:
    graph_incidents: { ${app}, cloud: china, endpoint: http://graph.example }
  vulnerabilities:
    vulnerabilities: { tenant_id: "\${env:TENANT_ID}" }`)
  expect(found.join('\n')).not.toMatch(/Canary/)
  expect(found).toEqual([
    expect.stringMatching(/^xdrelay.yaml:5:18 {2}sources.alerts.graph_alerts.tenant_id: is neither.*\(found: common\)/),
    expect.stringMatching(/^xdrelay.yaml:6:18 {2}sources.alerts.graph_alerts.client_id: is not a GUID/),
    expect.stringMatching(/^xdrelay.yaml:7:22 {2}warning: .*plain text \(found: \[redacted\]\)/),
    expect.stringMatching(/^xdrelay.yaml:8:20 {2}sources.alerts.graph_alerts.certificate: `certificate` stands beside/),
    expect.stringMatching(/^xdrelay.yaml:10:\d+ {2}sources.incidents.graph_incidents.cloud: has no such API/),
    expect.stringMatching(/^xdrelay.yaml:10:\d+ {2}sources.incidents.graph_incidents.endpoint: is not an https/),
    expect.stringMatching(/^xdrelay.yaml:12:5 {2}sources.vulnerabilities.vulnerabilities: there is nothing to sign in/),
  ])
})

test.each([
  ['a pass more often than once a second', 'every: 999ms', 'is less than 1s'],
  ['a misspelt key', 'overlapp: 5m', 'unknown key'],
  ['a cloud that does not exist', 'cloud: gcc', 'expected one of global, gcc_high, dod, china'],
  ['a mode of another kind', 'mode: full', 'unknown key'],
])('%s is found', (_what, key, text) => {
  expect(findingsOf(`  alerts:\n    graph_alerts: { ${app}, ${key} }`)).toEqual([expect.stringContaining(text)])
})

test('a source has one kind', () => {
  const two = `  both:\n    graph_alerts: { ${app} }\n    graph_incidents: { ${app} }`
  expect(findingsOf(two)).toEqual([expect.stringMatching(/has two kinds.*graph_incidents/)])
  expect(findingsOf('  none: {}')).toEqual([
    expect.stringMatching(/no kind.*\n.*event_hub, graph_alerts, graph_incidents, vulnerabilities/),
  ])
})
