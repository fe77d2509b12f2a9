import { readFile } from 'node:fs/promises'
import type { Client, ClientOptions } from '@elastic/elasticsearch'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { redact, type Secret } from '../core/secret.ts'
import type { Answer } from './bulk.ts'

/** Large, so it is loaded with the first client: who has no such output does without. */
const load = () => import('@elastic/elasticsearch')
type Library = Awaited<ReturnType<typeof load>>

/** Where a cluster is, and who asks. */
export interface ElasticsearchConnection {
  readonly urls: readonly string[]
  /** Encoded, as Kibana shows it. */
  readonly apiKey?: Secret
  readonly username?: string
  readonly password?: Secret
  /** Absolute path of a PEM file. */
  readonly ca?: string
  /** Milliseconds that a request may take, up to the end of its answer. */
  readonly timeout: number
  readonly compression: boolean
}

export interface ElasticsearchRequest {
  /** POST when absent. */
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

/** Asks a cluster, and gives whatever it says as a value. */
export class ElasticsearchClient {
  readonly #urls: readonly string[]
  readonly #timeout: number
  readonly #client: Client
  readonly #errors: Library['errors']

  /** Sends nothing; throws only when `ca` cannot be read. */
  static async open(connection: ElasticsearchConnection): Promise<ElasticsearchClient> {
    const library = await load()
    return new ElasticsearchClient(connection, library, await clientOptions(connection, library))
  }

  private constructor({ urls, timeout }: ElasticsearchConnection, { Client, errors }: Library, options: ClientOptions) {
    this.#urls = urls
    this.#timeout = timeout
    this.#client = new Client(options)
    this.#errors = errors
  }

  /** Never throws: where there is no answer, it says why. Where a node fails, the next is asked at once, anew. */
  async request(params: () => ElasticsearchRequest, signal: AbortSignal): Promise<Answer> {
    let answer = await this.#ask(params(), signal)
    for (let node = 1; node < this.#urls.length && answer.isFaultOfNode; node++) {
      answer = await this.#ask(params(), signal)
    }
    return answer
  }

  async close(): Promise<void> {
    await this.#client.close()
  }

  async #ask({ headers: sent = {}, ...params }: ElasticsearchRequest, signal: AbortSignal): Promise<Answer & FromNode> {
    // The client's own limit is for headers and for each pause: an answer that comes byte by byte would take for ever.
    const limit = AbortSignal.timeout(this.#timeout)
    try {
      const options = { meta: true, signal: AbortSignal.any([signal, limit]), headers: sent } as const
      const { statusCode, headers, body } = await this.#client.transport.request({ method: 'POST', ...params }, options)
      return { status: statusCode, headers, body, isFaultOfNode: false }
    } catch (error) {
      if (error instanceof this.#errors.ResponseError) {
        const status = error.statusCode ?? 0
        return {
          status,
          headers: error.headers ?? {},
          body: error.body,
          isFaultOfNode: [502, 503, 504].includes(status),
        }
      }
      const isLate = limit.aborted && !signal.aborted
      const reason = isLate ? 'Request timed out' : textOf(error)
      const failure = redact(`no usable answer from ${this.#urls.join(', ')}: ${reason}`)
      return { failure, isFaultOfNode: !isLate && error instanceof this.#errors.ConnectionError }
    }
  }
}

interface FromNode {
  /** Another node may do better. */
  readonly isFaultOfNode: boolean
}

/** By the header that every node sends; some proxies leave it out, but what an error looks like they do not change. */
export function isElasticsearch({
  headers,
  body,
}: {
  headers: Readonly<Record<string, unknown>>
  body: unknown
}): boolean {
  if (headers['x-elastic-product'] === 'Elasticsearch') return true
  const error = (body as { error?: unknown } | null)?.error
  return typeof error === 'string' || typeof (error as { type?: unknown } | null | undefined)?.type === 'string'
}

/** The setting that the server could not work with, and why. */
export function connectionProblem({
  urls,
  apiKey,
  username,
  password,
}: ElasticsearchConnection): [setting: string, problem: string] | undefined {
  if (urls.some(url => new URL(url).username !== '' || new URL(url).password !== '')) {
    return ['urls', 'a user or password belongs into username and password, not into the address']
  }
  if (apiKey && (username !== undefined || password)) return ['api_key', 'give either this or username and password']
  if ((username === undefined) !== (password === undefined)) return ['username', 'goes together with password']
  return undefined
}

/** The same trouble has the same text each time: a port of this side would make it a new one. */
function textOf(error: unknown): string {
  return messageOf(error).replace(/ - Local: .*$/, '')
}

async function clientOptions(options: ElasticsearchConnection, { Transport }: Library): Promise<ClientOptions> {
  const { urls, apiKey, username, password, ca, timeout, compression } = options
  const auth = apiKey
    ? { apiKey: apiKey.reveal() }
    : username !== undefined && password && { username, password: password.reveal() }
  return {
    nodes: [...urls],
    ...(auth && { auth }),
    ...(ca !== undefined && { tls: { ca: await readCa(ca) } }),
    Transport: plain(Transport),
    // The default makes a deep copy of each failed request, body included, byte by byte: gigabytes during an outage.
    // Texts of errors go through our own redaction, and nothing else of them is shown.
    redaction: { type: 'off' },
    // A failed node is passed over by `request`, as the body can be sent anew there; waiting is for the lane.
    maxRetries: 0,
    requestTimeout: timeout,
    compression,
  }
}

async function readCa(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new XdrelayError('config_invalid', `elasticsearch.ca: ${messageOf(error)}`, { facts: { path } })
  }
}

/**
 * The client's transport with plain media types, which every server from 8 on takes, and without its look at a product
 * header, which some proxies leave out.
 */
function plain(Transport: Library['Transport']): Library['Transport'] {
  return class extends Transport {
    constructor({ productCheck: _, ...options }: ConstructorParameters<typeof Transport>[0]) {
      const jsonContentType = 'application/json'
      const vendoredHeaders = { jsonContentType, ndjsonContentType: 'application/x-ndjson', accept: jsonContentType }
      super({ ...options, vendoredHeaders })
    }
  }
}
