import { XdrelayError } from '../../core/errors.ts'
import { type Answer, reasonOf } from '../bulk.ts'
import { type ElasticsearchClient, isElasticsearch } from '../elasticsearch-client.ts'
import type { Asset, AssetKind, Json } from './assets.ts'

const paths: Record<AssetKind, string> = {
  'component template': '/_component_template',
  'index template': '/_index_template',
  'ingest pipeline': '/_ingest/pipeline',
  transform: '/_transform',
}

const privileges: Record<AssetKind, string> = {
  'component template': 'manage_index_templates',
  'index template': 'manage_index_templates',
  'ingest pipeline': 'manage_ingest_pipelines',
  transform: 'manage_transform',
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
    if (kind === 'transform') return givenOf((body.transforms as Json[])[0]!)
    const key = kind === 'component template' ? 'component_template' : 'index_template'
    const [entry] = body[`${key}s`] as Json[]
    return entry?.[key] as Json
  }

  /** `isThere`: in the place of one of the same name. */
  async install({ kind, name, body }: Asset, isThere: boolean): Promise<void> {
    const path = `${paths[kind]}/${encodeURIComponent(name)}`
    if (kind !== 'transform') accepted(await this.#ask(kind, 'PUT', path, body))
    else await this.#installTransform(path, body, isThere)
  }

  /** Its sources may not be there yet. What it groups by cannot be changed, all else can while it runs. */
  async #installTransform(path: string, body: Json, isThere: boolean): Promise<void> {
    const { latest, ...changeable } = body
    const [method, target, sent] = isThere
      ? ['POST', `${path}/_update?defer_validation=true`, changeable]
      : ['PUT', `${path}?defer_validation=true`, { ...changeable, latest }]
    accepted(await this.#ask('transform', method as string, target as string, sent as Json))
    const started = await this.#ask('transform', 'POST', `${path}/_start`)
    // It was running already.
    if (started.status !== 409) accepted(started)
  }

  /** Has the server look at an asset without installing it: undefined when it could, otherwise what it said. */
  async objection({ kind, body }: Asset): Promise<string | undefined> {
    if (kind === 'transform') return this.#transformObjection()
    const reply =
      kind === 'ingest pipeline'
        ? await this.#ask(kind, 'POST', '/_ingest/pipeline/_simulate', { pipeline: body, docs: [{ _source: {} }] })
        : await this.#ask(kind, 'POST', '/_index_template/_simulate', trial(kind, body))
    if (reply.status !== 400) accepted(reply)
    return reply.status === 400 ? reasonOf(reply) : undefined
  }

  /** Whether there are transforms at all: a trial would need documents. */
  async #transformObjection(): Promise<string | undefined> {
    const path = `${paths.transform}?size=1`
    const answer = await this.#client.request(() => ({ method: 'GET', path }), this.#signal)
    if (answer.status === 403) return `${reasonOf(answer)}; the cluster privilege ${privileges.transform} is needed`
    const isUnknown = answer.status === 400 || answer.status === 404 || answer.status === 405
    // Without them it takes the path for the name of an index, and objects to that.
    if (isUnknown && isElasticsearch(answer)) return 'this server has no transforms'
    accepted(this.#reply('transform', 'GET', path, answer))
    return undefined
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
    return this.#reply(kind, method, path, answer)
  }

  #reply(kind: AssetKind, method: string, path: string, answer: Answer): Reply {
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

/** What a transform was given, without what the server says of it besides. */
function givenOf({
  id: _id,
  version: _version,
  create_time: _time,
  authorization: _authorization,
  ...given
}: Json): Json {
  return given
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
