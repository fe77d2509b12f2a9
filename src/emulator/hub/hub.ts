import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { messageOf, XdrelayError } from '../../core/errors.ts'
import type { Epoch } from './conditions.ts'
import { Connection } from './connection.ts'
import type { Delivery } from './delivery.ts'
import { dataEvent } from './event.ts'
import { Faults, type Place } from './faults.ts'
import { attach, type Broker } from './links.ts'
import { EventHub, type EventHubOptions } from './namespace.ts'
import type { Partition } from './partition.ts'

export interface HubOptions {
  readonly hubs: readonly EventHubOptions[]
  /** A free port by default. */
  readonly port?: number
  /** `RootManageSharedAccessKey` by default. */
  readonly keyName?: string
  /** Not secret: a hub on loopback protects nothing. */
  readonly key?: string
  /** Takes any token of type jwt, for clients with Entra ID credentials. */
  readonly allowJwt?: boolean
  /** A second listener with TLS on a port of its own, for clients that cannot do without. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly port?: number }
  /** Milliseconds since the epoch; for tests of retention. */
  readonly now?: () => number
}

export interface AppendOptions {
  /** Milliseconds since the epoch; now by default. */
  readonly enqueuedTime?: number
  readonly partitionKey?: string
}

export interface ReceiverInfo extends Place {
  readonly epoch: Epoch
  /** Equal for receivers on the same connection. */
  readonly connection: string
  /** The link's name, as the client chose it. */
  readonly name: string
}

export interface PartitionInfo {
  readonly count: number
  readonly bytes: number
  readonly beginSequenceNumber: number
  /** -1 before the first event. */
  readonly lastSequenceNumber: number
  readonly lastOffset: string
}

/** A namespace of event hubs on loopback, in memory, that Event Hubs clients talk to over AMQP. */
export interface Hub {
  readonly port: number
  readonly tlsPort: number | undefined
  readonly faults: Faults
  connectionString(hub?: string): string
  /** Appends an event directly. The body is kept, not copied: do not change it. Returns its sequence number. */
  append(hub: string, partition: string, body: Uint8Array, options?: AppendOptions): number
  /** How many events the partition holds. */
  depth(hub: string, partition: string): number
  partition(hub: string, partition: string): PartitionInfo
  addPartitions(hub: string, count: number): void
  receivers(): ReceiverInfo[]
  /** How many clients are connected. */
  connections(): number
  /** Cuts all connections and gives the ports back. May be called more than once. */
  stop(): Promise<void>
}

const defaultKeyName = 'RootManageSharedAccessKey'
const defaultKey = 'SGFyZGx5IGEgc2VjcmV0OiBsb29wYmFjayBvbmx5LiA='

/** Starts the hub and resolves when it listens. Throws `port_unavailable` when the port is taken. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const hub = new EmbeddedHub(options)
  try {
    await hub.listen()
    return hub
  } catch (thrown) {
    await hub.stop()
    throw thrown
  }
}

class EmbeddedHub implements Hub, Broker {
  readonly faults = new Faults({
    connections: () => this.#connections,
    receivers: () => this.#deliveries(),
    wake: () => {
      for (const connection of this.#connections) connection.wake()
    },
  })
  readonly policy
  readonly now: () => number
  readonly #options: HubOptions
  readonly #hubs = new Map<string, EventHub<Delivery>>()
  readonly #connections = new Set<Connection>()
  readonly #servers: Server[] = []
  #ports: readonly number[] = []
  #accepted = 0

  constructor(options: HubOptions) {
    const { keyName = defaultKeyName, key = defaultKey, allowJwt = false, now = Date.now } = options
    this.#options = options
    this.policy = { keyName, key, allowJwt }
    this.now = now
    for (const hub of options.hubs) this.#hubs.set(hub.name.toLowerCase(), new EventHub(hub, now))
  }

  async listen(): Promise<void> {
    const { port = 0, tls } = this.#options
    const accept = (socket: Socket) => this.#accept(socket)
    this.#servers.push(await listening(createServer(accept), port))
    if (tls !== undefined) this.#servers.push(await listening(createTlsServer(tls, accept), tls.port ?? 0))
    this.#ports = this.#servers.map(server => (server.address() as AddressInfo).port)
  }

  get port(): number {
    return this.#ports[0]!
  }

  get tlsPort(): number | undefined {
    return this.#ports[1]
  }

  connectionString(hub?: string): string {
    const { keyName, key } = this.policy
    const access = `SharedAccessKeyName=${keyName};SharedAccessKey=${key};UseDevelopmentEmulator=true`
    const entity = hub === undefined ? '' : `;EntityPath=${hub}`
    return `Endpoint=sb://127.0.0.1:${this.port};${access}${entity}`
  }

  append(hub: string, partition: string, body: Uint8Array, options: AppendOptions = {}): number {
    return this.#partition(hub, partition).append([dataEvent(body, options.partitionKey)], options.enqueuedTime)
  }

  depth(hub: string, partition: string): number {
    return this.#partition(hub, partition).count
  }

  partition(hub: string, partition: string): PartitionInfo {
    const { count, bytes, begin, end, last } = this.#partition(hub, partition)
    const offset = String(last?.offset ?? -1)
    return { count, bytes, beginSequenceNumber: begin, lastSequenceNumber: end - 1, lastOffset: offset }
  }

  addPartitions(hub: string, count: number): void {
    this.#hub(hub).addPartitions(count)
  }

  receivers(): ReceiverInfo[] {
    return [...this.#deliveries()].map(({ place, epoch, connection, name }) => ({ ...place, epoch, connection, name }))
  }

  connections(): number {
    return this.#connections.size
  }

  hubNamed(name: string): EventHub<Delivery> | undefined {
    return this.#hubs.get(name.toLowerCase())
  }

  async stop(): Promise<void> {
    this.faults.heal()
    const closed = this.#servers.splice(0).map(server => new Promise(resolve => server.close(resolve)))
    for (const connection of this.#connections) connection.destroy()
    await Promise.all(closed)
  }

  #accept(socket: Socket): void {
    const id = `connection-${++this.#accepted}`
    const connection = new Connection(
      id,
      socket,
      (...link) => attach(this, ...link),
      gone => this.#connections.delete(gone),
    )
    this.#connections.add(connection)
  }

  *#deliveries(): Iterable<Delivery> {
    for (const hub of this.#hubs.values()) yield* hub.allReceivers()
  }

  #hub(name: string): EventHub<Delivery> {
    const hub = this.hubNamed(name)
    if (hub === undefined) throw new RangeError(`There is no event hub ${name}`)
    return hub
  }

  #partition(hub: string, id: string): Partition {
    const partition = this.#hub(hub).partition(id)
    if ('condition' in partition) throw new RangeError(partition.description)
    return partition
  }
}

function listening(server: Server, port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', cause =>
      reject(new XdrelayError('port_unavailable', `cannot listen on port ${port}: ${messageOf(cause)}`, { cause })),
    )
    server.listen({ port, host: '127.0.0.1' }, () => resolve(server))
  })
}
