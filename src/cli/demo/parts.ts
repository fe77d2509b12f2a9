import { ConfigError } from '../../config/finding.ts'
import { type Config, checkConfig } from '../../config.ts'
import type { Storage } from '../../emulator/storage.ts'
import type { MicrosoftApp } from '../emulator/microsoft.ts'

export const hubName = 'defender'
/** A consumer group of its own, so that the reconciliation reads beside the pipeline. */
export const auditGroup = 'reconciliation'
export const outputFolder = 'demo-output'
export const deadLetterFolder = 'demo-output/dead-letters'

/** The configuration of the demo, as a user would write it; with Elasticsearch where the variables name one. */
export function demoConfig(
  hub: string,
  microsoft: MicrosoftApp,
  storage: Storage,
  variables: NodeJS.ProcessEnv,
): Config {
  const { ELASTICSEARCH_URL, ELASTICSEARCH_API_KEY } = variables
  const key = ELASTICSEARCH_API_KEY ? `, api_key: "\${env:ELASTICSEARCH_API_KEY}"` : ''
  const siem = `
  siem:
    elasticsearch: { urls: ["\${env:ELASTICSEARCH_URL}"]${key} }`
  const { tenantId, clientId, url, tokenUrl } = microsoft
  const access = `tenant_id: ${tenantId}, client_id: ${clientId}, client_secret: "\${env:SECRET}", endpoint: "${url}", token_url: "${tokenUrl}"`
  const text = `
version: 1
sources:
  xdr:
    event_hub: { connection_string: "\${env:HUB}", event_hub: ${hubName} }
  alerts:
    graph_alerts: { ${access}, every: 2s }
  incidents:
    graph_incidents: { ${access}, every: 2s }
  vulnerabilities:
    vulnerabilities: { ${access} }
checkpoints:
  storage_account: ${storage.account}
  storage_account_key: "\${env:STORAGE_KEY}"
  endpoint: ${storage.endpoint}
outputs:
  archive:
    file: { path: "./${outputFolder}/{table}.ndjson", open_files: 100 }${ELASTICSEARCH_URL ? siem : ''}
dead_letter:
  file: { path: ./${deadLetterFolder} }
admin: null
`
  const env = {
    HUB: hub,
    SECRET: microsoft.clientSecret,
    STORAGE_KEY: storage.key,
    ELASTICSEARCH_URL,
    ELASTICSEARCH_API_KEY,
  }
  const { config, findings, file } = checkConfig(text, 'demo', env)
  if (!config) throw new ConfigError(findings, file)
  return config
}
