import { Readable } from 'node:stream'
import { XdrelayError } from '../core/errors.ts'
import type { Chunk, Dataset, Delivery } from '../core/types.ts'
import { type Answer, type BulkBody, bulkQuery, reasonOf, type Targets } from './bulk.ts'
import { BulkWriter } from './bulk-writer.ts'
import { currentIndex, dataStream, datasetOf } from './data-stream.ts'
import {
  connectionProblem,
  ElasticsearchClient,
  type ElasticsearchConnection,
  type ElasticsearchRequest,
  isElasticsearch,
} from './elasticsearch-client.ts'
import { type CheckedOutput, type OutputKind, settingError } from './policy.ts'
import { presentQuery, writeAbsent } from './present.ts'

/** What the naming scheme of data streams allows, so that names made of it stay below the 255 of an index. */
const mostNamespaceBytes = 100

export interface ElasticsearchOptions extends ElasticsearchConnection {
  /** Last part of the data stream's name. */
  readonly namespace: string
  readonly dedupe: 'create' | 'verify'
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
        description:
          'Documents go to the data streams logs-m365_defender.DATASET-NAMESPACE: event, alert, incident, vulnerability.',
      },
      dedupe: {
        type: 'string',
        enum: ['create', 'verify'],
        default: 'create',
        description:
          'What keeps a document that is sent again from being there twice. `create`: its id, within the newest index of the data stream. `verify`: asks all of its indices first, which costs a search for each write and the privilege `read`, and finds what was written a refresh ago (a second by default); for replays that reach beyond a rollover.',
      },
      api_key: { type: 'string', format: 'secret', description: 'API key as Kibana shows it (encoded).' },
      username: { type: 'string', description: 'User, instead of an API key.' },
      password: { type: 'string', format: 'secret', description: 'Password of the user.' },
      ca: { type: 'string', format: 'path', description: 'PEM file with the certificate authority of the server.' },
      timeout: {
        type: 'string',
        format: 'duration',
        maximum: 24 * 3_600_000,
        default: '60s',
        description: 'Longest wait for an answer, up to its end; at most 1d.',
      },
      compression: { type: 'boolean', default: false, description: 'Send compressed: less network, more CPU.' },
    },
  },
  requires: '@timestamp',
  keepsCurrent: true,
  concurrency: 4,
  batch: { bytes: 6 * 1024 * 1024, count: 5000, age: 1000 },
  destination: ({ namespace }: ElasticsearchOptions, table: string) =>
    `data stream ${dataStream(datasetOf(table), namespace)}`,
  create: (name: string, options: ElasticsearchOptions) => new ElasticsearchOutput(name, options),
} as const satisfies OutputKind

class ElasticsearchOutput implements CheckedOutput {
  readonly #options: ElasticsearchOptions
  readonly #writer = new BulkWriter({
    ask: (body, signal) => this.#request(() => this.#bulkRequest(body), signal),
    targetsOf: chunk => this.#targetsOf(chunk),
  })
  #client: ElasticsearchClient | undefined

  constructor(name: string, options: ElasticsearchOptions) {
    const problem = problemOf(options)
    if (problem) throw settingError(name, 'elasticsearch', ...problem)
    this.#options = options
  }

  /** Sends nothing: a server that is down is an outage of the writes. Throws only when `ca` cannot be read. */
  async open(): Promise<void> {
    this.#client = await ElasticsearchClient.open(this.#options)
  }

  async write(chunks: readonly Chunk[], signal: AbortSignal): Promise<Delivery> {
    if (this.#options.dedupe === 'create') return this.#writer.write(chunks, signal)
    return writeAbsent(
      {
        search: (stream, ids, until) => this.#request(() => presentQuery(stream, ids), until),
        targetsOf: chunk => this.#targetsOf(chunk),
        write: (absent, until) => this.#writer.write(absent, until),
      },
      chunks,
      signal,
    )
  }

  async check(signal: AbortSignal, datasets: readonly Dataset[], current: readonly Dataset[] = []): Promise<string> {
    const { namespace } = this.#options
    const streams = datasets.map(dataset => dataStream(dataset, namespace))
    const indices = current.map(dataset => currentIndex(dataset, namespace))
    const wanted: Wanted[] = [
      { privilege: 'create_doc', names: streams },
      ...(this.#options.dedupe === 'verify' ? [{ privilege: 'read', names: streams }] : []),
      ...(indices.length > 0 ? [{ privilege: 'index', names: indices }] : []),
    ]
    const question = { index: wanted.map(({ privilege, names }) => ({ names, privileges: [privilege] })) }
    const answer = await this.#request(() => ({ path: '/_security/user/_has_privileges', body: question }), signal)
    if (answer.status === undefined) throw new XdrelayError('output_unreachable', answer.failure)
    const { status, body } = answer
    const allowed = (body as { has_all_requested?: unknown } | null)?.has_all_requested
    if (status === 401 || status === 403 || (status === 200 && allowed === false)) {
      const text = status === 200 ? missing(body, wanted) : reasonOf(answer)
      throw new XdrelayError('output_unauthorized', text, { facts: { urls: this.#options.urls.join(', ') } })
    }
    if (status >= 500 || status === 429) throw new XdrelayError('output_unreachable', reasonOf(answer))
    // Where security is off there is no such endpoint, and nothing to be granted either; so any server would do.
    if (allowed !== true && !isElasticsearch(answer)) {
      const text = `${this.#options.urls.join(', ')} does not answer like Elasticsearch (status ${status}); is another server or a proxy there?`
      throw new XdrelayError('output_unreachable', text)
    }
    return [...streams, ...indices].join(', ')
  }

  async close(): Promise<void> {
    await this.#client?.close()
  }

  /** Chunks of all sources meet in one request. */
  #targetsOf({ origin: { dataset = 'event' } }: Chunk): Targets {
    const { namespace } = this.#options
    return { stream: dataStream(dataset, namespace), current: currentIndex(dataset, namespace) }
  }

  /** With its length, which some proxies ask for; it is not known beforehand of a compressed one. */
  #bulkRequest(body: BulkBody): ElasticsearchRequest {
    const headers = this.#options.compression ? {} : { 'content-length': String(body.bytes) }
    const stream = Readable.from(body.pieces(), { objectMode: false })
    return { path: '/_bulk', querystring: bulkQuery, bulkBody: stream, headers }
  }

  #request(params: () => ElasticsearchRequest, signal: AbortSignal): Promise<Answer> {
    if (!this.#client) throw new XdrelayError('internal', 'elasticsearch output used before it was opened')
    return this.#client.request(params, signal)
  }
}

interface Wanted {
  readonly privilege: string
  readonly names: readonly string[]
}

/** What of this the answer does not grant. */
function missing(body: unknown, wanted: readonly Wanted[]): string {
  const { index = {} } = body as { index?: Record<string, Record<string, boolean> | undefined> }
  return wanted
    .flatMap(({ privilege, names }) => {
      const closed = names.filter(name => index[name]?.[privilege] !== true)
      return closed.length === 0 ? [] : [`${privilege} on ${closed.join(', ')} is not granted`]
    })
    .join('; ')
}

/** The setting that the server could not work with, and why. */
function problemOf(options: ElasticsearchOptions): [setting: string, problem: string] | undefined {
  const { namespace } = options
  const text = JSON.stringify(namespace)
  // Capitals of all alphabets, as Elasticsearch has it.
  if (namespace !== namespace.toLowerCase() || !/^[^\\/*?"<>| ,#:-]+$/.test(namespace)) {
    return ['namespace', `${text} has capitals or characters that a data stream's name cannot have`]
  }
  if (Buffer.byteLength(namespace) > mostNamespaceBytes) {
    return ['namespace', `${text} has more than ${mostNamespaceBytes} bytes`]
  }
  return connectionProblem(options)
}
