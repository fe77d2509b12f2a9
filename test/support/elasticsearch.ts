import { afterAll, inject } from 'vitest'
import { type ElasticsearchVersion, missingTools } from './elasticsearch/install.ts'
import { startElasticsearch } from './elasticsearch/node.ts'

export { startElasticsearch }

declare module 'vitest' {
  interface ProvidedContext {
    /** Where `elasticsearch-global.ts` answers with the address of a shared node. */
    elasticsearchBroker?: string
  }
}

/**
 * Why tests against a real server cannot run here, or undefined when they can: for `describe.skipIf`. With CI=true
 * this throws instead, so that nothing is skipped unseen. A server named by ELASTICSEARCH_URL stands for both versions.
 */
export async function elasticsearchMissing(version: ElasticsearchVersion): Promise<string | undefined> {
  if (process.env.ELASTICSEARCH_URL) return undefined
  const missing = await missingTools(version)
  if (missing === undefined) return undefined
  const text = `no Elasticsearch ${version} for tests: ${missing}; or set ELASTICSEARCH_URL`
  if (process.env.CI === 'true') throw new Error(text)
  console.warn(`skipped: ${text}`)
  return text
}

/** One node for all test files of a run where the global setup is there, else one for this file. */
export async function sharedElasticsearch(version: ElasticsearchVersion): Promise<{ url: string }> {
  const broker = inject('elasticsearchBroker')
  if (broker === undefined) {
    const own = await startElasticsearch(version)
    afterAll(() => own.stop())
    return own
  }
  const answer = await fetch(`${broker}/${version}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return { url: text }
}
