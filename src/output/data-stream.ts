import type { Dataset } from '../core/types.ts'

/** Where the documents of a dataset go in Elasticsearch. */
export function dataStream(dataset: Dataset, namespace: string): string {
  return `logs-m365_defender.${dataset}-${namespace}`
}

/** The dataset of a document by its table: those of the APIs are one table each, and are called as it. */
export function datasetOf(table: string): Dataset {
  return table === 'alert' || table === 'incident' || table === 'vulnerability' ? table : 'event'
}

/** Where the current state of its items is, one document each. */
export function currentIndex(dataset: Dataset, namespace: string): string {
  return `m365_defender.${dataset}_current-${namespace}`
}
