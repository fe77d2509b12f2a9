import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatFinding } from '../../src/config/finding.ts'
import { checkEnvironment } from '../../src/config.ts'
import type { Secret } from '../../src/core/secret.ts'
import { env, hubOf } from './samples.ts'

test('environment variables alone make the same configuration', () => {
  const { config, findings } = checkEnvironment(
    {
      ...env,
      EVENT_HUB_NAME: 'defender',
      ELASTICSEARCH_URL: 'http://a:9200, http://b:9200',
      OUTPUT_FILE: 'out/{table}.ndjson',
      IN_FLIGHT_BYTES: '32MiB',
      DRAIN_LIMIT: '5s',
      ADMIN_LISTEN: 'off',
      CONSUMER_GROUP: '',
    },
    { cwd: '/srv' },
  )
  expect(findings).toEqual([])
  expect(config).toMatchObject({
    sources: [{ name: 'xdr', kind: 'event_hub', options: { eventHub: 'defender', consumerGroup: '$Default' } }],
    checkpoints: { storageAccount: 'contosologs', container: 'xdrelay-checkpoints' },
    outputs: [
      { kind: 'elasticsearch', options: { urls: ['http://a:9200', 'http://b:9200'] } },
      { kind: 'file', options: { path: '/srv/out/{table}.ndjson' } },
    ],
    deadLetter: { file: { path: '/srv/dead-letters' } },
    limits: { inFlightBytes: 32 * 1024 * 1024, drain: 5000 },
    admin: null,
  })
})

const app = {
  TENANT_ID: 'contoso.onmicrosoft.com',
  CLIENT_ID: '11111111-2222-3333-4444-555555555555',
  CLIENT_SECRET: 'a secret of the application',
}
const alone = { ...app, CHECKPOINT_DIRECTORY: 'state', OUTPUT_FILE: 'x.ndjson' }

test('an app registration in variables makes the sources that COLLECT names, beside an event hub or without one', () => {
  const named = (variables: Record<string, string>) => {
    const { config, findings } = checkEnvironment(variables, { cwd: '/srv' })
    expect(findings).toEqual([])
    return config!
  }
  const graph = {
    tenantId: app.TENANT_ID,
    clientId: app.CLIENT_ID,
    cloud: 'gcc_high',
    endpoint: 'https://graph.example',
  }
  const defender = { ...graph, endpoint: 'https://defender.example' }
  const { sources, checkpoints } = named({
    ...alone,
    COLLECT: 'graph_alerts, graph_incidents,vulnerabilities',
    CLOUD: 'gcc_high',
    GRAPH_ENDPOINT: graph.endpoint,
    DEFENDER_ENDPOINT: defender.endpoint,
    TOKEN_URL: 'https://login.example',
  })
  expect(sources).toMatchObject([
    {
      name: 'graph_alerts',
      kind: 'graph_alerts',
      options: { ...graph, tokenUrl: 'https://login.example', every: 60_000 },
    },
    { name: 'graph_incidents', kind: 'graph_incidents', options: graph },
    { name: 'vulnerabilities', kind: 'vulnerabilities', options: defender },
  ])
  expect((sources[0]!.options as { clientSecret: Secret }).clientSecret.reveal()).toBe(app.CLIENT_SECRET)
  expect(checkpoints).toMatchObject({ directory: '/srv/state' })

  const both = named({ ...env, ...app, EVENT_HUB_NAME: 'h', OUTPUT_FILE: 'x', COLLECT: 'graph_alerts' })
  expect(both.sources.map(({ name }) => name)).toEqual(['xdr', 'graph_alerts'])
  const hubOnly = named({ ...env, ...app, EVENT_HUB_NAME: 'h', OUTPUT_FILE: 'x', COLLECT: ' , ' })
  expect(hubOnly.sources.map(({ name }) => name)).toEqual(['xdr'])
})

test('the command in the documentation makes a configuration', () => {
  const text = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const command = /```sh\n(COLLECT=.*?)```/s.exec(text)![1]!
  const pairs = command.matchAll(/([A-Z_]+)=['"]?([^'"\s]+)/g)
  const { config, findings } = checkEnvironment(Object.fromEntries([...pairs].map(([, name, value]) => [name, value])))
  expect(findings).toEqual([])
  expect(config?.sources.map(({ name }) => name)).toEqual(['graph_alerts', 'graph_incidents'])
})

test('what is wrong with an app registration in variables is said once, by the variable', () => {
  const said = (variables: Record<string, string>) =>
    checkEnvironment({ ...alone, COLLECT: 'graph_alerts,vulnerabilities', ...variables }, { cwd: '/srv' }).findings.map(
      formatFinding,
    )
  expect(said({ COLLECT: 'graph_alerts,alerts,hub' })).toMatchInlineSnapshot(`
    [
      "COLLECT  sources.alerts.alerts: unknown key (found: alerts)
        fix: It takes graph_alerts, graph_incidents, vulnerabilities, separated by commas.",
      "COLLECT  sources.hub.hub: unknown key (found: hub)
        fix: It takes graph_alerts, graph_incidents, vulnerabilities, separated by commas.",
    ]
  `)
  expect(said({ CLIENT_SECRET: '' })).toMatchInlineSnapshot(`
    [
      "CLIENT_SECRET  sources.graph_alerts.graph_alerts: there is nothing to sign in with (found: nothing)
        fix: Set CLIENT_SECRET, CLIENT_CERTIFICATE or CLIENT_CREDENTIAL.",
    ]
  `)
  expect(said({ TENANT_ID: '', CLIENT_ID: 'x' })).toMatchInlineSnapshot(`
    [
      "TENANT_ID  sources.graph_alerts.graph_alerts.tenant_id: \`tenant_id\` is missing (found: nothing)
        fix: Set TENANT_ID.",
      "CLIENT_ID  sources.graph_alerts.graph_alerts.client_id: is not a GUID (found: x)
        fix: Copy the application (client) id from Entra.",
    ]
  `)
  expect(said({ CLIENT_CREDENTIAL: 'workload_identity' })).toMatchInlineSnapshot(`
    [
      "CLIENT_CREDENTIAL  sources.graph_alerts.graph_alerts.credential: \`credential\` stands beside \`client_secret\` (found: workload_identity)
        fix: Keep one of them.",
    ]
  `)
  expect(said({ CHECKPOINT_DIRECTORY: '' })).toMatchInlineSnapshot(`
    [
      "STORAGE_ACCOUNT  checkpoints: there is no storage account (found: nothing)
        fix: Set STORAGE_ACCOUNT and STORAGE_ACCOUNT_KEY; or CHECKPOINT_DIRECTORY, without an event hub.",
    ]
  `)
  expect(said({ EVENT_HUB_NAME: 'h' })).toMatchInlineSnapshot(`
    [
      "EVENT_HUB_CONNECTION_STRING  sources.xdr.event_hub: there is neither a \`connection_string\` nor a \`namespace\` (found: nothing)
        fix: Set EVENT_HUB_CONNECTION_STRING, and EVENT_HUB_NAME unless it has an EntityPath; or COLLECT, without an event hub.",
      "CHECKPOINT_DIRECTORY  checkpoints.directory: a source of kind \`event_hub\` needs a storage account (found: /srv/state)
        fix: Give a storage account: \`storage_account\` and \`storage_account_key\`, or \`connection_string\`.",
    ]
  `)
})

test('findings about the environment name the variable', () => {
  const names = (variables: Record<string, string>) => checkEnvironment(variables).findings.map(found => found.file)
  expect(names({})).toEqual(['ELASTICSEARCH_URL', 'EVENT_HUB_CONNECTION_STRING', 'STORAGE_ACCOUNT'])
  expect(names({ ...env, OUTPUT_FILE: 'x.ndjson' })).toEqual(['EVENT_HUB_NAME'])
  const bad = { ...env, EVENT_HUB_NAME: 'h', ELASTICSEARCH_URL: 'http://a,b', IN_FLIGHT_BYTES: 'lots' }
  const findings = checkEnvironment(bad).findings.map(formatFinding).join('\n')
  expect(findings).toMatchInlineSnapshot(`
    "ELASTICSEARCH_URL  outputs.elasticsearch.elasticsearch.urls[1]: expected an http or https address (found: b)
        fix: Write http:// or https:// first.
    IN_FLIGHT_BYTES  limits.in_flight_bytes: expected a size such as 64MiB (found: lots)
        fix: Units are B, KB, MB, GB, KiB, MiB, GiB."
  `)
})

test('values of variables are literal in the environment: nothing is looked up in them', () => {
  const text = `\${env:STORAGE_ACCOUNT}`
  const { config } = checkEnvironment({ ...env, EVENT_HUB_NAME: 'h', CONSUMER_GROUP: text, OUTPUT_FILE: 'x' })
  expect(hubOf(config).consumerGroup).toBe(text)
})
