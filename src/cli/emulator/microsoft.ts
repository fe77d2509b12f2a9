import { randomBytes } from 'node:crypto'
import { Command } from 'commander'
import { aborted } from '../../core/bound.ts'
import { type Microsoft, startMicrosoft } from '../../emulator/microsoft/microsoft.ts'
import { measured, portNumber, wholeNumber } from '../arguments.ts'
import { listenForSignals } from '../signals.ts'
import { note, print } from '../terminal.ts'

interface MicrosoftOptions {
  readonly port: number
  readonly alerts: number
  readonly devices: number
  readonly products: number
  /** Milliseconds. */
  readonly changeEvery?: number
  readonly seed: string
  readonly json?: true
}

const upToAMillion = wholeNumber(0, 1_000_000)

const tenantId = '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44'
const clientId = '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1'
const roles = {
  graph: ['SecurityAlert.Read.All', 'SecurityIncident.Read.All'],
  defender: ['Vulnerability.Read.All', 'Machine.Read.All'],
}

export function microsoftCommand(): Command {
  return new Command('microsoft')
    .description("Run a stand-in of Microsoft's APIs: tokens, alerts, incidents and vulnerabilities, until SIGTERM")
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', portNumber, 8443)
    .option('--alerts <n>', 'alerts that are there at the start, in incidents', upToAMillion, 100)
    .option('--devices <n>', 'devices with software on them', upToAMillion, 20)
    .option('--products <n>', 'products on each device', upToAMillion, 15)
    .option(
      '--change-every <duration>',
      'how often alerts come, change and software does',
      measured('duration', 1, 24 * 3_600_000),
    )
    .option('--seed <text>', 'another seed gives other alerts and devices', 'microsoft')
    .option('--json', 'print one JSON object instead of the sources of a configuration')
    .action(microsoft)
}

async function microsoft(options: MicrosoftOptions): Promise<void> {
  const { port, seed, devices, products, alerts, changeEvery, json } = options
  const secret = randomBytes(24).toString('base64url')
  const apps = [{ tenantId, clientId, secrets: [{ value: secret }], roles }]
  const service = await startMicrosoft({ apps, port, seed, inventory: { devices, products } })
  const signals = listenForSignals(() => {})
  service.store.add(alerts, Date.now())
  const changes = changeEvery === undefined ? undefined : setInterval(() => change(service), changeEvery)
  // Whoever compares what is here with what arrived wants it to stand still meanwhile.
  process.once('SIGUSR2', () => {
    clearInterval(changes)
    if (json) print(JSON.stringify({ still: true }))
  })
  try {
    const app: MicrosoftApp = {
      url: service.url,
      tokenUrl: service.tokenUrl(tenantId),
      tenantId,
      clientId,
      clientSecret: secret,
    }
    print(json ? JSON.stringify(app) : sources(app))
    note(`Listening on ${service.url}; end with Ctrl-C.`)
    await aborted(signals.stop)
  } finally {
    clearInterval(changes)
    await service.stop()
    signals.release()
  }
}

/** Some work of analysts, a new incident, and software that is found or removed. */
function change({ store, inventory }: Microsoft): void {
  const now = Date.now()
  store.change(3, now)
  store.add(2, now)
  inventory.change(2, now)
}

/** What the stand-in says on its first line with `--json`. */
export interface MicrosoftApp {
  readonly url: string
  readonly tokenUrl: string
  readonly tenantId: string
  readonly clientId: string
  readonly clientSecret: string
}

/** Ready for a configuration file. */
function sources({ url, tokenUrl, tenantId, clientId, clientSecret }: MicrosoftApp): string {
  const access = [
    `tenant_id: ${tenantId}`,
    `client_id: ${clientId}`,
    `client_secret: ${clientSecret}`,
    `endpoint: ${url}`,
    `token_url: ${tokenUrl}`,
  ]
  const kinds = { alerts: 'graph_alerts', incidents: 'graph_incidents', vulnerabilities: 'vulnerabilities' }
  const parts = Object.entries(kinds).flatMap(([name, kind]) => [
    `  ${name}:`,
    `    ${kind}:`,
    ...access.map(line => `      ${line}`),
  ])
  return ['sources:', ...parts].join('\n')
}
