import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Client, type ClientOptions, errors, Transport } from '@elastic/elasticsearch'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { redact, type Secret } from '../core/secret.ts'
import type { Chunk, Delivery } from '../core/types.ts'
import { type Answer, type BulkBody, bulkBody, bulkQuery, type Range, readAnswer, reasonOf, retryAll } from './bulk.ts'
import { eventStream } from './data-stream.ts'
import { type CheckedOutput, type OutputKind, settingError } from './policy.ts'

export interface ElasticsearchOptions {
  readonly urls: readonly string[]
  /** Last part of the data stream's name. */
  readonly namespace: string
  /** Encoded, as Kibana shows it. */
  readonly apiKey?: Secret
  readonly username?: string
  readonly password?: Secret
  /** Absolute path of a PEM file. */
  readonly ca?: string
  /** Milliseconds. */
  readonly timeout: number
  readonly compression: boolean
}

/** Data streams by `_bulk` with `create`: a document that is there already is not written twice. */
export const elasticsearch = {
  schema: {
    type: 'object',
    required: ['urls'],
    properties: {
      urls: {
        type: 'array',
        items: { type: 'string', format: 'url' },
        minItems: 1,
        description: 'Addresses of nodes or of a load balancer; where one fails, the next is tried.',
      },
      namespace: {
        type: 'string',
        minLength: 1,
        maxLength: 100,
        default: 'default',
        description: 'Documents go to the data stream logs-m365_defender.event-NAMESPACE.',
      },
      api_key: { type: 'string', format: 'secret', description: 'API key as Kibana shows it (encoded).' },
      username: { type: 'string', description: 'User, instead of an API key.' },
      password: { type: 'string', format: 'secret', description: 'Password of the user.' },
      ca: { type: 'string', format: 'path', description: 'PEM file with the certificate authority of the server.' },
      timeout: { type: 'string', format: 'duration', default: '60s', description: 'Longest wait for an answer.' },
      compression: { type: 'boolean', default: false, description: 'Send compressed: less network, more CPU.' },
    },
  },
  requires: '@timestamp',
  concurrency: 4,
  batch: { bytes: 6 * 1024 * 1024, count: 5000, age: 1000 },
  destination: ({ namespace }: ElasticsearchOptions) => `data stream ${eventStream(namespace)}`,
  create: (name: string, options: ElasticsearchOptions) => new ElasticsearchOutput(name, options),
} as const satisfies OutputKind

class ElasticsearchOutput implements CheckedOutput {
  readonly #options: ElasticsearchOptions
  readonly #stream: string
  #client: Client | undefined
  /** Bytes that a request may have, as far as answers 413 have told. */
  #largest = Number.POSITIVE_INFINITY

  constructor(name: string, options: ElasticsearchOptions) {
    const problem = problemOf(options)
    if (problem) throw settingError(name, 'elasticsearch', ...problem)
    this.#options = options
    this.#stream = eventStream(options.namespace)
  }

  /** Sends nothing: a server that is down is an outage of the writes. Throws only when `ca` cannot be read. */
  async open(): Promise<void> {
    this.#client = new Client(await clientOptions(this.#options))
  }

  async write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
    const to = chunks.reduce((sum, chunk) => sum + chunk.ids.length, 0)
    if (to === 0) return { rejected: [], retry: [], duplicates: 0 }
    return this.#send(chunks, { from: 0, to }, signal)
  }

  async check(signal: AbortSignal): Promise<string> {
    const wanted = { index: [{ names: [this.#stream], privileges: ['create_doc'] }] }
    const answer = await this.#request(() => ({ path: '/_security/user/_has_privileges', body: wanted }), signal)
    if (answer.status === undefined) throw new XdrelayError('output_unreachable', answer.failure)
    const { status, body } = answer
    const allowed = (body as { has_all_requested?: unknown } | null)?.has_all_requested
    if (status === 401 || status === 403 || (status === 200 && allowed === false)) {
      const text = status === 200 ? `create_doc on ${this.#stream} is not granted` : reasonOf(answer)
      throw new XdrelayError('output_unauthorized', text, { facts: { urls: this.#options.urls.join(', ') } })
    }
    if (status >= 500 || status === 429) throw new XdrelayError('output_unreachable', reasonOf(answer))
    // Where security is off there is no such endpoint, and nothing to be granted either; so any server would do.
    if (allowed !== true && !isElasticsearch(answer)) {
      const text = `${this.#options.urls.join(', ')} does not answer like Elasticsearch (status ${status}); is another server or a proxy there?`
      throw new XdrelayError('output_unreachable', text)
    }
    return this.#stream
  }

  async close(): Promise<void> {
    await this.#client?.close()
  }

  async #send(chunks: readonly Chunk[], range: Range, signal: AbortSignal): Promise<Delivery> {
    const body = bulkBody(chunks, range, this.#stream)
    const single = range.to - range.from === 1
    if (!single && body.bytes > this.#largest) return this.#halve(chunks, range, signal)
    const answer = await this.#request(() => this.#bulkRequest(body), signal)
    const delivery = readAnswer(answer, range)
    if (delivery !== 'split') return delivery
    if (single) return { rejected: [{ index: range.from, detail: reasonOf(answer) }], retry: [], duplicates: 0 }
    if (answer.status === 413) this.#largest = Math.min(this.#largest, body.bytes / 2)
    return this.#halve(chunks, range, signal)
  }

  /** Finds the documents that a request is refused for, and sends the others. */
  async #halve(chunks: readonly Chunk[], { from, to }: Range, signal: AbortSignal): Promise<Delivery> {
    const middle = (from + to) >>> 1
    const first = await this.#send(chunks, { from, to: middle }, signal)
    const blocked = first.outage !== undefined || first.retry.length === middle - from
    const rest = { from: middle, to }
    const second = blocked ? retryAll(rest, {}) : await this.#send(chunks, rest, signal)
    return merge(first, second)
  }

  /** With its length, which some proxies ask for; it is not known beforehand of a compressed one. */
  #bulkRequest(body: BulkBody): RequestParams {
    const headers = this.#options.compression ? {} : { 'content-length': String(body.bytes) }
    const stream = Readable.from(body.pieces(), { objectMode: false })
    return { path: '/_bulk', querystring: bulkQuery, bulkBody: stream, headers }
  }

  /** Never throws: where there is no answer, it says why. Where a node fails, the next is asked at once. */
  async #request(params: () => RequestParams, signal: AbortSignal): Promise<Answer> {
    let answer = await this.#ask(params(), signal)
    for (let node = 1; node < this.#options.urls.length && answer.isFaultOfNode; node++) {
      answer = await this.#ask(params(), signal)
    }
    return answer
  }

  async #ask({ headers: sent = {}, ...params }: RequestParams, signal: AbortSignal): Promise<Answer & FromNode> {
    if (!this.#client) throw new XdrelayError('internal', 'elasticsearch output used before it was opened')
    try {
      const options = { meta: true, signal, headers: sent } as const
      const { statusCode, headers, body } = await this.#client.transport.request({ method: 'POST', ...params }, options)
      return { status: statusCode, headers, body, isFaultOfNode: false }
    } catch (error) {
      if (error instanceof errors.ResponseError) {
        const status = error.statusCode ?? 0
        return {
          status,
          headers: error.headers ?? {},
          body: error.body,
          isFaultOfNode: [502, 503, 504].includes(status),
        }
      }
      const failure = redact(`no usable answer from ${this.#options.urls.join(', ')}: ${textOf(error)}`)
      return { failure, isFaultOfNode: error instanceof errors.ConnectionError }
    }
  }
}

interface RequestParams {
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

interface FromNode {
  /** Another node may do better. */
  readonly isFaultOfNode: boolean
}

function merge(first: Delivery, second: Delivery): Delivery {
  const outage = first.outage ?? second.outage
  const retryAfter = Math.max(first.retryAfter ?? 0, second.retryAfter ?? 0)
  return {
    rejected: [...first.rejected, ...second.rejected],
    retry: [...first.retry, ...second.retry],
    duplicates: first.duplicates + second.duplicates,
    failureStore: (first.failureStore ?? 0) + (second.failureStore ?? 0),
    ...(outage !== undefined && { outage }),
    ...(retryAfter > 0 && { retryAfter }),
  }
}

/** By the header that every node sends; some proxies leave it out, but what an error looks like they do not change. */
function isElasticsearch({ headers, body }: { headers: Readonly<Record<string, unknown>>; body: unknown }): boolean {
  if (headers['x-elastic-product'] === 'Elasticsearch') return true
  const error = (body as { error?: unknown } | null)?.error
  return typeof error === 'string' || typeof (error as { type?: unknown } | null | undefined)?.type === 'string'
}

/** The same trouble has the same text each time: a port of this side would make it a new one. */
function textOf(error: unknown): string {
  return messageOf(error).replace(/ - Local: .*$/, '')
}

/** The setting that the server could not work with, and why. */
function problemOf({
  urls,
  namespace,
  apiKey,
  username,
  password,
}: ElasticsearchOptions): [setting: string, problem: string] | undefined {
  if (urls.some(url => new URL(url).username !== '' || new URL(url).password !== '')) {
    return ['urls', 'a user or password belongs into username and password, not into the address']
  }
  if (!/^[^A-Z\\/*?"<>| ,#:-]+$/.test(namespace)) {
    const text = JSON.stringify(namespace)
    return ['namespace', `${text} has capitals or characters that a data stream's name cannot have`]
  }
  if (apiKey && (username !== undefined || password)) return ['api_key', 'give either this or username and password']
  if ((username === undefined) !== (password === undefined)) return ['username', 'goes together with password']
  return undefined
}

async function clientOptions(options: ElasticsearchOptions): Promise<ClientOptions> {
  const { urls, apiKey, username, password, ca, timeout, compression } = options
  const auth = apiKey
    ? { apiKey: apiKey.reveal() }
    : username !== undefined && password && { username, password: password.reveal() }
  return {
    nodes: [...urls],
    ...(auth && { auth }),
    ...(ca !== undefined && { tls: { ca: await readCa(ca) } }),
    Transport: PlainTransport,
    // The default makes a deep copy of each failed request, body included, byte by byte: gigabytes during an outage.
    // Texts of errors go through our own redaction, and nothing else of them is shown.
    redaction: { type: 'off' },
    // A failed node is passed over by `#request`, as the body can be sent anew there; waiting is for the lane.
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
class PlainTransport extends Transport {
  constructor({ productCheck: _, ...options }: ConstructorParameters<typeof Transport>[0]) {
    const jsonContentType = 'application/json'
    const vendoredHeaders = { jsonContentType, ndjsonContentType: 'application/x-ndjson', accept: jsonContentType }
    super({ ...options, vendoredHeaders })
  }
}
