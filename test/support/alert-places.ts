import { NdjsonTail } from './ndjson-tail.ts'
import { versionOfDocument } from './restless-alerts.ts'

/** The versions of alerts in the files of one replica, and in a data stream of Elasticsearch. */
export class AlertFile {
  readonly versions = new Set<string>()
  /** Written more than once. */
  readonly doubles: string[] = []
  readonly #tail: NdjsonTail

  constructor(folder: string) {
    this.#tail = new NdjsonTail(folder)
  }

  /** Reads what has been written since the last time. */
  async refresh(): Promise<void> {
    await this.#tail.read(line => {
      const version = versionOfDocument(JSON.parse(line))
      if (this.versions.has(version)) this.doubles.push(version)
      this.versions.add(version)
    })
  }
}

/** A data stream of alerts of which only id and time are indexed. */
export class AlertStream {
  /** Of every document there is, doubles included. */
  versions: readonly string[] = []
  readonly namespace: string
  readonly #url: string

  constructor(url: string, namespace: string) {
    this.#url = url
    this.namespace = namespace
  }

  get #name(): string {
    return `logs-m365_defender.alert-${this.namespace}`
  }

  async create(): Promise<void> {
    const properties = { '@timestamp': { type: 'date' }, event: { properties: { id: { type: 'keyword' } } } }
    await this.#ask('PUT', `/_index_template/${this.namespace}`, {
      index_patterns: [this.#name],
      data_stream: {},
      priority: 500,
      template: { settings: { number_of_replicas: 0 }, mappings: { dynamic: false, properties } },
    })
  }

  async remove(): Promise<void> {
    await fetch(`${this.#url}/_data_stream/${this.#name}`, { method: 'DELETE' })
    await fetch(`${this.#url}/_index_template/${this.namespace}`, { method: 'DELETE' })
  }

  async refresh(): Promise<void> {
    // Before its first document there is no data stream.
    const ifThere = '?ignore_unavailable=true'
    await this.#ask('POST', `/${this.#name}/_refresh${ifThere}`)
    const query = { size: 10_000, _source: ['@timestamp', 'event.id'], query: { match_all: {} } }
    const found = await this.#ask('POST', `/${this.#name}/_search${ifThere}`, query)
    const { hits } = (found as { hits: { hits: { _source: Parameters<typeof versionOfDocument>[0] }[] } }).hits
    if (hits.length === query.size) throw new Error('more documents than one search gives')
    this.versions = hits.map(({ _source }) => versionOfDocument(_source))
  }

  async #ask(method: string, path: string, body?: object): Promise<unknown> {
    const headers = { 'content-type': 'application/json' }
    const answer = await fetch(this.#url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}
