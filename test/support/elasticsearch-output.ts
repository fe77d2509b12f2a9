import { onTestFinished } from 'vitest'
import { type ElasticsearchOptions, elasticsearch } from '../../src/output/elasticsearch.ts'
import { documentOf } from './chunks.ts'

export function optionsFor(url: string, more: Partial<ElasticsearchOptions> = {}): ElasticsearchOptions {
  return { urls: [url], namespace: 'default', dedupe: 'create', timeout: 10_000, compression: false, ...more }
}

export async function openedFor(url: string, more: Partial<ElasticsearchOptions> = {}) {
  const output = elasticsearch.create('siem', optionsFor(url, more))
  await output.open()
  onTestFinished(() => output.close())
  return output
}

export function docs(count: number): object[] {
  return Array.from({ length: count }, (_, n) => documentOf({ n }))
}
