import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import type { ElasticsearchVersion } from './elasticsearch/install.ts'
import { type RunningElasticsearch, startElasticsearch } from './elasticsearch/node.ts'

/**
 * One node per version and test run, started when the first test asks for it: a run that needs none starts none.
 * Tests ask with `GET /VERSION` and get the node's address.
 */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const nodes = new Map<string, Promise<RunningElasticsearch>>()
  const broker = createServer((request, response) => {
    const version = request.url!.slice(1)
    const node = nodes.get(version) ?? startElasticsearch(version as ElasticsearchVersion)
    nodes.set(version, node)
    node.then(
      ({ url }) => response.end(url),
      error => response.writeHead(500).end(String(error)),
    )
  })
  await new Promise<void>(resolve => broker.listen(0, '127.0.0.1', resolve))
  provide('elasticsearchBroker', `http://127.0.0.1:${(broker.address() as AddressInfo).port}`)
  return async () => {
    broker.close()
    broker.closeAllConnections()
    await Promise.allSettled([...nodes.values()].map(async node => (await node).stop()))
  }
}
