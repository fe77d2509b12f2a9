import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll } from 'vitest'
import type { Chunk } from '../../src/core/types.ts'
import { elasticsearch } from '../../src/output/elasticsearch.ts'
import { ElasticsearchClient } from '../../src/output/elasticsearch-client.ts'
import type { Plan } from '../../src/output/setup/plan.ts'
import { type SetupOptions, setUpElasticsearch } from '../../src/output/setup/setup.ts'
import type { ElasticsearchVersion } from './elasticsearch/install.ts'
import { startElasticsearch } from './elasticsearch.ts'
import { optionsFor } from './elasticsearch-output.ts'

const never = new AbortController().signal

/** A node of this file's own, since templates are everybody's. */
export async function ownElasticsearch(version: ElasticsearchVersion, options = {}): Promise<{ url: string }> {
  const node = await startElasticsearch(version, options)
  afterAll(async () => {
    const names = '/xdrelay-m365_defender*,logs-m365_defender*'
    // A server that was given to the tests lives on.
    await fetch(`${node.url}/_data_stream/logs-m365_defender.*-t*`, { method: 'DELETE' })
    for (const kind of ['_index_template', '_component_template', '_ingest/pipeline']) {
      await fetch(`${node.url}/${kind}${names}`, { method: 'DELETE' })
    }
    await node.stop()
  })
  return node
}

/** What the command does; gives the plan that it made. */
export async function setUp(url: string, options: Partial<SetupOptions> = {}): Promise<Plan> {
  const plans: Plan[] = []
  const all = { apply: true, force: false, enrich: false, ...options }
  await setUpElasticsearch({ ...optionsFor(url), timeout: 60_000 }, all, plan => plans.push(plan), never)
  return plans[0]!
}

export const actionsOf = ({ steps }: Plan) => [...new Set(steps.map(({ action }) => action))]

/** Sends a request as an administrator would, and gives the answer's body; throws for an error. */
export async function ask(url: string, method: string, path: string, body?: object): Promise<Record<string, unknown>> {
  const client = await ElasticsearchClient.open({ ...optionsFor(url), timeout: 60_000 })
  try {
    const answer = await client.request(() => ({ method, path, ...(body && { body }) }), never)
    if (answer.status === undefined || answer.status >= 300)
      throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`)
    return answer.body as Record<string, unknown>
  } finally {
    await client.close()
  }
}

export const freshNamespace = () => `t${randomBytes(6).toString('hex')}`

/** Writes by the real output until the server has taken or refused each document; gives what it refused. */
export async function writeAll(url: string, namespace: string, chunks: Iterable<Chunk>): Promise<string[]> {
  const output = elasticsearch.create('siem', { ...optionsFor(url, { namespace }), timeout: 120_000 })
  await output.open()
  try {
    const refused: string[] = []
    for (const chunk of chunks) {
      // A small server may ask to send less at once; what it has already counts as delivered.
      for (let tries = 400; ; tries--) {
        const { retry, rejected, outage } = await output.write([chunk], never)
        if (retry.length > 0 && tries === 0) throw new Error(outage ?? 'the server does not take a chunk')
        if (retry.length > 0) await sleep(500)
        if (retry.length > 0) continue
        refused.push(...rejected.map(({ detail }) => detail))
        break
      }
    }
    return refused
  } finally {
    await output.close()
  }
}
