import { onTestFinished } from 'vitest'

/** The data stream of one test in a real Elasticsearch. Only the places of documents are indexed. */
export class EventStream {
  readonly namespace: string
  readonly #url: string
  readonly #name: string

  private constructor(url: string, namespace: string) {
    this.#url = url
    this.namespace = namespace
    this.#name = `logs-m365_defender.event-${namespace}`
  }

  static async create(url: string, namespace: string): Promise<EventStream> {
    const stream = new EventStream(url, namespace)
    const azure = {
      properties: {
        partition_id: { type: 'keyword' },
        sequence_number: { type: 'long' },
        record_index: { type: 'long' },
      },
    }
    await stream.#ask('PUT', `/_index_template/${namespace}`, {
      index_patterns: [stream.#name],
      data_stream: {},
      priority: 500,
      template: {
        settings: { number_of_replicas: 0 },
        mappings: { dynamic: false, properties: { '@timestamp': { type: 'date' }, azure } },
      },
    })
    onTestFinished(async () => {
      await fetch(`${url}/_data_stream/${stream.#name}`, { method: 'DELETE' })
      await fetch(`${url}/_index_template/${namespace}`, { method: 'DELETE' })
    })
    return stream
  }

  /** How many documents can be searched now; 0 while there is none. */
  count(): Promise<number> {
    return this.#count({ match_all: {} })
  }

  /** The same for a partition's messages up to a sequence number. */
  upTo(partition: string, sequenceNumber: number): Promise<number> {
    const filter = [
      { term: { 'azure.partition_id': partition } },
      { range: { 'azure.sequence_number': { lte: sequenceNumber } } },
    ]
    return this.#count({ bool: { filter } })
  }

  async #count(query: unknown): Promise<number> {
    const refreshed = await fetch(`${this.#url}/${this.#name}/_refresh`, { method: 'POST' })
    if (refreshed.status === 404) return 0
    const { count } = (await this.#ask('POST', `/${this.#name}/_count`, { query })) as { count: number }
    return count
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(this.#url + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}
