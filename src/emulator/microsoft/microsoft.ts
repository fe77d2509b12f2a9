import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, XdrelayError } from '../../core/errors.ts'
import { type Fault, Faults } from './faults.ts'
import { type Api, ApiError, type Call, type Reply } from './reply.ts'
import { SecurityApi, type SecuritySettings } from './security.ts'
import { SecurityStore } from './security-store.ts'
import { Throttle } from './throttle.ts'
import { type AppRegistration, type Identity, TokenEndpoint } from './token.ts'
import { VulnerabilityApi } from './vulnerabilities.ts'
import { type Inventory, VulnerabilityRows } from './vulnerability-rows.ts'

export interface MicrosoftOptions extends SecuritySettings {
  readonly apps: readonly AppRegistration[]
  /** On 127.0.0.1; 0, the default, takes a free one. */
  readonly port?: number
  readonly seed?: string
  /** Milliseconds since the epoch, for a clock that differs from this machine's. */
  readonly clock?: () => number
  readonly requestsPerMinute?: number
  /** Of the fractions of seconds in dates; the service sends any number from none to seven. */
  readonly digits?: number
  /** Seconds. */
  readonly tokenLifetime?: number
  readonly inventory?: Inventory
  /** Told each answer before it is sent, and what befell it. */
  readonly answered?: (call: Call, reply: Reply, fault: Fault | undefined) => void
}

/**
 * A stand-in for the parts of Microsoft's APIs that xdrelay polls: the token endpoint, alerts and incidents of Graph,
 * vulnerabilities of Defender for Endpoint. It follows Microsoft's documents, never xdrelay's own clients.
 */
export interface Microsoft {
  /** Serves as `endpoint` of both APIs. */
  readonly url: string
  readonly store: SecurityStore
  readonly inventory: VulnerabilityRows
  readonly faults: Faults
  /** Requests so far, oldest first: method and path with query. */
  readonly requests: readonly string[]
  readonly tokensIssued: number
  tokenUrl(tenantId: string): string
  stop(): Promise<void>
}

/** Resolves when it listens. Throws `port_unavailable` when the port is taken. */
export async function startMicrosoft(options: MicrosoftOptions): Promise<Microsoft> {
  const service = new Service(options)
  const server = createServer((request, response) => void service.handle(request, response))
  await listen(server, options.port ?? 0)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    store: service.store,
    inventory: service.inventory,
    faults: service.faults,
    requests: service.requests,
    get tokensIssued() {
      return service.tokens.issued
    },
    tokenUrl: tenantId => `${url}/${tenantId}/oauth2/v2.0/token`,
    stop: () => stop(server),
  }
}

class Service {
  readonly store: SecurityStore
  readonly inventory: VulnerabilityRows
  readonly faults = new Faults()
  readonly requests: string[] = []
  readonly tokens: TokenEndpoint
  readonly #security: SecurityApi
  readonly #vulnerabilities: VulnerabilityApi
  readonly #throttle: Throttle
  readonly #clock: () => number
  readonly #answered: NonNullable<MicrosoftOptions['answered']>

  constructor({ apps, seed = 'microsoft', clock = Date.now, requestsPerMinute = 150, ...rest }: MicrosoftOptions) {
    this.#clock = clock
    this.#answered = rest.answered ?? (() => {})
    this.store = new SecurityStore(apps[0]?.tenantId ?? '', seed, rest.digits)
    this.inventory = new VulnerabilityRows(seed, rest.inventory ?? { devices: 20, products: 15 })
    this.tokens = new TokenEndpoint(apps, rest.tokenLifetime)
    this.#security = new SecurityApi(this.store, rest)
    this.#vulnerabilities = new VulnerabilityApi(this.inventory)
    this.#throttle = new Throttle({ requests: requestsPerMinute, within: 60_000 })
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const call = await this.#call(request)
      this.requests.push(`${call.method} ${call.url.pathname}${call.url.search}`)
      const fault = this.faults.next(call)
      if (fault?.kind === 'delay') await sleep(fault.milliseconds)
      const reply = this.#distorted(fault, call, () => this.#answer(call))
      this.#answered(call, reply, fault)
      await send(response, reply, call.now, fault?.kind === 'cut' ? fault.share : undefined)
    } catch {
      // The caller went away, or a defect here: either way there is no answer.
      response.destroy()
    }
  }

  async #call(request: IncomingMessage): Promise<Call> {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const { method = 'GET', headers } = request
    const url = new URL(request.url ?? '/', `http://${headers.host}`)
    return { method, url, headers, body: Buffer.concat(parts).toString(), now: this.#clock() }
  }

  #distorted(fault: Fault | undefined, call: Call, answer: () => Reply): Reply {
    if (fault?.kind === 'status') {
      const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
      const { status, code = 'generalException' } = fault
      return new ApiError(status, code, 'The server could not serve this request.', headers).reply(
        apiOf(call),
        call.now,
      )
    }
    if (fault?.kind === 'body') return { status: 200, body: fault.text }
    const reply = answer()
    if (fault?.kind === 'content') return { ...reply, body: Readable.from([fault.bytes]) }
    const before = this.faults.before(call.url.pathname, reply)
    if (fault?.kind === 'repeat') return before
    if (fault?.kind !== 'foreign_link' || typeof reply.body !== 'object') return reply
    const link = (reply.body as Record<string, unknown>)['@odata.nextLink']
    const foreign = typeof link === 'string' ? link.replace(call.url.origin, fault.origin) : `${fault.origin}/next`
    return { ...reply, body: { ...reply.body, '@odata.nextLink': foreign } }
  }

  #answer(call: Call): Reply {
    const { pathname } = call.url
    const [, tenant] = /^\/([^/]+)\/oauth2\/v2\.0\/token$/.exec(pathname) ?? []
    if (tenant !== undefined && call.method === 'POST') return this.tokens.reply(tenant, call)
    const [, file] = /^\/export\/([^/]+)$/.exec(pathname) ?? []
    if (file !== undefined) return this.#vulnerabilities.file(file, call)
    const api = apiOf(call)
    try {
      if (call.method !== 'GET') throw new ApiError(405, 'Request_BadRequest', 'The method is not allowed.')
      const identity = this.tokens.identify(api, call)
      this.#throttle.admit(`${api} ${identity.clientId}`, call.now)
      return this.#ask(pathname, call, identity)
    } catch (error) {
      if (error instanceof ApiError) return error.reply(api, call.now)
      throw error
    }
  }

  #ask(pathname: string, call: Call, identity: Identity): Reply {
    const [, collection, id] = /^\/v1\.0\/security\/(alerts_v2|incidents)(?:\/([^/]+))?$/.exec(pathname) ?? []
    if (collection === 'alerts_v2') return this.#security.alerts(call, identity, id)
    if (collection === 'incidents') return this.#security.incidents(call, identity, id)
    const [, path] = /^\/api(?:\/v1\.0)?(\/.*)$/.exec(pathname) ?? []
    const reply = path === undefined ? undefined : this.#vulnerabilities.reply(path, call, identity)
    if (reply === undefined) throw new ApiError(404, 'ResourceNotFound', `There is no resource '${pathname}'.`)
    return reply
  }
}

function apiOf({ url }: Call): Api {
  return url.pathname.startsWith('/api') ? 'defender' : 'graph'
}

/** With `share`, the connection is cut after that part of the body. */
async function send(response: ServerResponse, { status, headers = {}, body }: Reply, now: number, share?: number) {
  const all = { 'content-type': 'application/json', date: new Date(now).toUTCString(), ...headers }
  if (typeof body === 'object' && Symbol.asyncIterator in body) {
    response.writeHead(status, all)
    await (share === undefined ? pipeline(body, response) : cutShort(body, response))
    return
  }
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  response.writeHead(status, { ...all, 'content-length': String(bytes.length) })
  if (share === undefined) response.end(bytes)
  else response.write(bytes.subarray(0, Math.floor(bytes.length * share)), () => response.destroy())
}

/** A stream's length is not known: its first piece must do. */
async function cutShort(body: AsyncIterable<Uint8Array>, response: ServerResponse): Promise<void> {
  for await (const piece of Readable.from(body)) {
    response.write(piece, () => response.destroy())
    return
  }
}

async function stop(server: Server): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
}

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new XdrelayError('port_unavailable', `cannot listen on port ${port}: ${messageOf(cause)}`, { cause })
  }
}
