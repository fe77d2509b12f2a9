import { XdrelayError } from '../../core/errors.ts'
import { type Answer, reasonOf } from '../bulk.ts'
import { type ElasticsearchClient, isElasticsearch } from '../elasticsearch-client.ts'
import type { Asset, AssetKind, Json } from './assets.ts'

const paths: Record<AssetKind, string> = {
  'component template': '/_component_template',
  'index template': '/_index_template',
  'ingest pipeline': '/_ingest/pipeline',
}

const privileges: Record<AssetKind, string> = {
  'component template': 'manage_index_templates',
  'index template': 'manage_index_templates',
  'ingest pipeline': 'manage_ingest_pipelines',
}

const notElasticsearch = 'this does not answer like Elasticsearch; is another server or a proxy there?'

type Reply = Extract<Answer, { status: number }>

/** The part of a cluster's API that setting up needs. Throws an `XdrelayError` for whatever keeps it from that. */
export class SetupServer {
  readonly #client: ElasticsearchClient
  readonly #signal: AbortSignal

  constructor(client: ElasticsearchClient, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  /** As it is on the server; undefined when it is not there. */
  async find({ kind, name }: Asset): Promise<Json | undefined> {
    const reply = await this.#ask(kind, 'GET', `${paths[kind]}/${encodeURIComponent(name)}`)
    if (reply.status === 404) return undefined
    const body = accepted(reply) as Record<string, unknown>
    if (kind === 'ingest pipeline') return body[name] as Json
    const key = kind === 'component template' ? 'component_template' : 'index_template'
    const [entry] = body[`${key}s`] as Json[]
    return entry?.[key] as Json
  }

  async install({ kind, name, body }: Asset): Promise<void> {
    accepted(await this.#ask(kind, 'PUT', `${paths[kind]}/${encodeURIComponent(name)}`, body))
  }

  /** Has the server look at an asset without installing it: undefined when it could, otherwise what it said. */
  async objection({ kind, body }: Asset): Promise<string | undefined> {
    const reply =
      kind === 'ingest pipeline'
        ? await this.#ask(kind, 'POST', '/_ingest/pipeline/_simulate', { pipeline: body, docs: [{ _source: {} }] })
        : await this.#ask(kind, 'POST', '/_index_template/_simulate', trial(kind, body))
    if (reply.status !== 400) accepted(reply)
    return reply.status === 400 ? reasonOf(reply) : undefined
  }

  /** Name, patterns and priority of all index templates. */
  async indexTemplates(): Promise<{ name: string; patterns: string[]; priority: number }[]> {
    const reply = accepted(await this.#ask('index template', 'GET', '/_index_template'))
    const { index_templates: entries } = reply as { index_templates?: { name: string; index_template: Json }[] }
    if (!Array.isArray(entries)) throw new XdrelayError('output_unreachable', notElasticsearch)
    return entries.map(({ name, index_template: { index_patterns: patterns, priority = 0 } }) => ({
      name,
      patterns: [patterns as string | string[]].flat(),
      priority: Number(priority),
    }))
  }

  /** Data streams that match; undefined when these credentials may not look. */
  async dataStreams(pattern: string): Promise<string[] | undefined> {
    const path = `/_resolve/index/${encodeURIComponent(pattern)}`
    const answer = await this.#client.request(() => ({ method: 'GET', path }), this.#signal)
    if (answer.status !== 200) return undefined
    return (answer.body as { data_streams: { name: string }[] }).data_streams.map(({ name }) => name)
  }

  async #ask(kind: AssetKind, method: string, path: string, body?: Json): Promise<Reply> {
    const answer = await this.#client.request(() => ({ method, path, ...(body && { body }) }), this.#signal)
    if (answer.status === undefined) throw new XdrelayError('output_unreachable', answer.failure)
    const { status } = answer
    const text = `${method} ${decodeURIComponent(path)}: ${reasonOf(answer)}`
    if (status === 401) throw new XdrelayError('output_unauthorized', text)
    if (status === 403) {
      throw new XdrelayError('output_unauthorized', `${text}; the cluster privilege ${privileges[kind]} is needed`)
    }
    if (status === 429 || status >= 500) throw new XdrelayError('output_unreachable', text)
    if (status >= 300 && !isElasticsearch(answer)) {
      throw new XdrelayError('output_unreachable', `${text}; ${notElasticsearch}`)
    }
    return answer
  }
}

function accepted(reply: Reply): unknown {
  if (reply.status >= 200 && reply.status < 300) return reply.body
  throw new XdrelayError('output_refused', reasonOf(reply))
}

/** An index template for indices that nobody has, so that it meets no other. */
function trial(kind: AssetKind, { template }: Json): Json {
  return {
    index_patterns: ['xdrelay-trial-*'],
    template,
    ...(kind === 'index template' && { data_stream: {} }),
  }
}
