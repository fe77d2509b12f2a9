import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { XdrelayError } from '../core/errors.ts'

/** A storage account on this machine: Azurite's blob service in a process of its own. */
export interface Storage {
  /** `http://127.0.0.1:PORT/devstoreaccount1` */
  readonly endpoint: string
  readonly account: string
  /** Azurite's well-known key; protects nothing. */
  readonly key: string
  readonly connectionString: string
  /** Ends the process; what it held in memory is gone. May be called more than once. */
  stop(): Promise<void>
}

export interface StorageOptions {
  /** Keeps the blobs in this directory, over restarts; without it they live in memory. */
  readonly directory?: string
  /** A free port by default. */
  readonly port?: number
}

const account = 'devstoreaccount1'
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Milliseconds within which Azurite has to write what is to survive. */
const timeToWrite = 5000

/**
 * A module to import, for processes with a channel. The child sees the end of its parent, however that died, as the
 * end of their channel. The channel would also keep it from ending when it is told to.
 */
export const endWithParent = `data:text/javascript,process
  .on('disconnect', () => process.exit())
  .on('SIGTERM', () => process.channel.unref())`

/**
 * Starts Azurite on loopback and resolves when it answers.
 * Throws `emulator_unavailable` when azurite is not installed or does not start.
 */
export async function startStorage(options: StorageOptions = {}): Promise<Storage> {
  const child = fork(azurite(), serviceArguments(options), {
    execArgv: ['--import', endWithParent],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const address = await listeningAddress(child)
  const endpoint = `${address}/${account}`
  return {
    endpoint,
    account,
    key,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`,
    stop: () => end(child, options.directory === undefined ? 0 : timeToWrite),
  }
}

function azurite(): string {
  try {
    return createRequire(import.meta.url).resolve('azurite/dist/src/blob/main.js')
  } catch (cause) {
    throw new XdrelayError('emulator_unavailable', 'azurite is not installed', { cause })
  }
}

function serviceArguments({ directory, port = 0 }: StorageOptions): string[] {
  const place = directory === undefined ? ['--inMemoryPersistence'] : ['--location', directory]
  // The storage SDK speaks a newer version of the protocol than Azurite admits to.
  const tolerance = ['--skipApiVersionCheck', '--loose']
  return [
    '--blobHost',
    '127.0.0.1',
    '--blobPort',
    String(port),
    ...tolerance,
    ...place,
    '--silent',
    '--disableTelemetry',
  ]
}

/** Azurite says where it listens once it does; it takes requests from then on. */
async function listeningAddress(child: ChildProcess): Promise<string> {
  const closed = once(child, 'close')
  let complaint = ''
  child.stderr!.on('data', (text: Buffer) => {
    complaint += text.toString()
  })
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /listens on (http:\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    // A pipe that nobody reads would stop the child once it is full.
    child.stdout!.resume()
    return address
  }
  child.kill('SIGKILL')
  await closed
  throw new XdrelayError('emulator_unavailable', `azurite did not start: ${complaint.trim()}`)
}

async function end(child: ChildProcess, grace: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  if (grace > 0) child.kill('SIGTERM')
  const kill = setTimeout(() => child.kill('SIGKILL'), grace)
  await exited
  clearTimeout(kill)
}
