import { readFileSync } from 'node:fs'
import { Command, InvalidArgumentError } from 'commander'
import { aborted } from '../core/bound.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { type HubOptions, startHub } from '../emulator/hub/hub.ts'
import { measured, portNumber } from './arguments.ts'
import { microsoftCommand } from './emulator/microsoft.ts'
import { listenForSignals } from './signals.ts'
import { note, print } from './terminal.ts'

interface HubArgument {
  readonly name: string
  readonly partitions: number
}

interface EmulatorOptions {
  readonly port: number
  readonly hub?: readonly HubArgument[]
  readonly consumerGroup: readonly string[]
  readonly retention: number
  readonly retentionBytes?: number
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsPort?: number
  readonly json?: true
}

export function emulatorCommand(): Command {
  return new Command('emulator')
    .description("Run an event hub on this machine, or a stand-in of Microsoft's APIs, in memory, until SIGTERM")
    .option('--port <n>', 'port on 127.0.0.1; 0 takes a free one', portNumber, 5672)
    .option('--hub <name[:partitions]>', 'an event hub, with 4 partitions by default; repeatable', hubs)
    .option('--consumer-group <names...>', 'groups of every hub, besides $Default', [])
    .option('--retention <duration>', 'events older than this go', measured('duration'), 3_600_000)
    .option('--retention-bytes <size>', 'beyond this size of a partition its oldest events go', measured('bytes'))
    .option('--tls-cert <file>', 'certificate (PEM): listen with TLS as well, on a port of its own')
    .option('--tls-key <file>', 'key of the certificate (PEM)')
    .option('--tls-port <n>', 'port for TLS (default: a free one)', portNumber)
    .option('--json', 'print one JSON object instead of the connection string')
    .action(emulator)
    .addCommand(microsoftCommand())
}

async function emulator(options: EmulatorOptions, command: Command): Promise<void> {
  // Required here and not by the parser, which would ask for it with the other stand-in as well.
  if (options.hub === undefined) command.error("error: required option '--hub <name[:partitions]>' not specified")
  const hub = await startHub({ hubs: options.hub.map(one => ({ ...one, ...common(options) })), ...listeners(options) })
  const signals = listenForSignals(() => {})
  try {
    const { port, tlsPort } = hub
    const connectionString = hub.connectionString()
    print(options.json ? JSON.stringify({ connectionString, port, tlsPort, hubs: options.hub }) : connectionString)
    note(`Listening on 127.0.0.1:${port}${tlsPort === undefined ? '' : `, with TLS on ${tlsPort}`}; end with Ctrl-C.`)
    await aborted(signals.stop)
  } finally {
    await hub.stop()
    signals.release()
  }
}

function common({ consumerGroup, retention, retentionBytes }: EmulatorOptions) {
  const bytes = retentionBytes === undefined ? {} : { bytes: retentionBytes }
  return { consumerGroups: consumerGroup, retention: { age: retention, ...bytes } }
}

function listeners({ port, tlsCert, tlsKey, tlsPort }: EmulatorOptions): Pick<HubOptions, 'port' | 'tls'> {
  if (tlsCert === undefined && tlsKey === undefined) return { port }
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new XdrelayError('usage', '--tls-cert and --tls-key go together')
  }
  return { port, tls: { cert: pem(tlsCert), key: pem(tlsKey), port: tlsPort ?? 0 } }
}

function pem(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new XdrelayError('usage', `cannot read ${file}: ${messageOf(cause)}`, { cause })
  }
}

function hubs(text: string, others: readonly HubArgument[] = []): HubArgument[] {
  const [, name, count = '4'] = /^([\w.-]+)(?::(\d+))?$/.exec(text) ?? []
  const partitions = Number(count)
  if (name === undefined || partitions < 1 || partitions > 1024) {
    throw new InvalidArgumentError('it must be NAME or NAME:PARTITIONS with 1 to 1024 partitions')
  }
  if (others.some(other => other.name.toLowerCase() === name.toLowerCase())) {
    throw new InvalidArgumentError('there is one of this name already')
  }
  return [...others, { name, partitions }]
}
