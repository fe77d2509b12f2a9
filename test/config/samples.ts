import { type Config, isEventHub } from '../../src/config.ts'
import type { EventHubOptions } from '../../src/consumer/options.ts'

/** Passes for a key: base64, and nowhere else in any output. */
export const canary = 'Q2FuYXJ5VmFsdWVUaGF0TXVzdE5ldmVyUHJpbnQ='

export const connectionString = `Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=${canary}`

export const env = {
  EVENT_HUB_CONNECTION_STRING: connectionString,
  STORAGE_ACCOUNT: 'contosologs',
  STORAGE_ACCOUNT_KEY: canary,
}

/** The example of the documentation, without its comments. */
export const complete = `version: 1
sources:
  xdr:
    event_hub:
      connection_string: \${env:EVENT_HUB_CONNECTION_STRING}
      event_hub: defender
      consumer_group: $Default
      start: earliest
checkpoints:
  storage_account: \${env:STORAGE_ACCOUNT}
  storage_account_key: \${env:STORAGE_ACCOUNT_KEY}
  container: xdrelay-checkpoints
outputs:
  siem:
    elasticsearch: { urls: ["http://127.0.0.1:9200"], namespace: default }
  archive:
    file: { path: "./out/{table}.ndjson" }
    required: true
    tables: ["*"]
dead_letter:
  file: { path: ./dead-letters }
limits: { in_flight_bytes: 64MiB }
admin: { listen: 127.0.0.1:9464 }
`

/** `complete` with one line replaced; fails when the line is not there. */
export function withLine(line: string, replacement: string): string {
  if (!complete.includes(line)) throw new Error(`no such text in the sample: ${line}`)
  return complete.replace(line, () => replacement)
}

/** The options of the first event hub. */
export function hubOf(config: Config | undefined): EventHubOptions {
  const hub = config?.sources.find(isEventHub)
  if (!hub) throw new Error('the configuration has no event hub')
  return hub.options
}
