import type { Config } from '../../config.ts'
import type { Message, Origin } from '../../core/types.ts'
import { dataStream, datasetOf } from '../../output/data-stream.ts'
import type { OutputVerdict } from '../../output/verdict.ts'
import type { TransformOptions } from '../../transform/options.ts'
import { configurationAt } from '../configuration.ts'
import { mapOptions } from '../map/batches.ts'
import type { Chosen, DeadLetterLine } from './input.ts'

/** What a record is explained with: as a run of this configuration would see it, as far as that can be known. */
export interface Surroundings {
  readonly options: TransformOptions
  readonly origin: Origin
  readonly message: Message
  /** Whether the document's id is the one that a run gives it. */
  readonly isRunId: boolean
  /** Of a document of this table; without a configuration what is usual. */
  readonly outputs: (table: string) => readonly OutputVerdict[]
  /** Where a record goes that is rejected; absent without a configuration. */
  readonly deadLetters?: string
}

/** No hub, no position: such documents have no `azure` part. */
const nowhere: Origin = { source: 'explain', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }

/** The clients of Azure and Elasticsearch come with a configuration; without one nobody should wait for them. */
export async function surroundingsOf(chosen: Chosen, path: string | undefined): Promise<Surroundings> {
  const { body, dataset, deadLetter, line } = chosen
  const message = { body, ...positionOf(deadLetter, line) }
  const known = deadLetter === undefined ? nowhere : partialOrigin(deadLetter)
  const partial = dataset === 'event' ? known : { ...known, dataset }
  if (path === undefined) {
    const isRunId = isIdOfItem(chosen)
    return { options: mapOptions, origin: partial, message, isRunId, outputs: table => [usualOutput(table)] }
  }
  const { loadConfig } = await import('../../config.ts')
  const config = await loadConfig(configurationAt(path))
  const { outputVerdict } = await import('../../output/verdict.ts')
  const origin = dataset === 'event' ? await wholeOrigin(config, partial) : partial
  const { ids } = config.transform
  return {
    options: { ...config.transform, ids: origin === undefined ? 'content' : ids },
    origin: origin ?? partial,
    message,
    isRunId: dataset === 'event' ? ids === 'content' || origin !== undefined : isIdOfItem(chosen),
    outputs: table => config.outputs.map(output => outputVerdict(output, table, new Date())),
    deadLetters: config.deadLetter.file.path,
  }
}

/** Ids of items do not depend on a run, but for rows of vulnerabilities: a page may have no other time than its own. */
function isIdOfItem({ dataset, deadLetter }: Chosen): boolean {
  return dataset === 'alert' || dataset === 'incident' || (dataset === 'vulnerability' && deadLetter !== undefined)
}

function usualOutput(table: string): OutputVerdict {
  const detail = `Elasticsearch, data stream ${dataStream(datasetOf(table), 'default')}`
  return { output: 'by default', kind: 'elasticsearch', takes: true, detail }
}

/** A dead letter knows neither namespace nor consumer group. */
function partialOrigin({ source, event_hub: eventHub, partition_id: partitionId }: DeadLetterLine): Origin {
  return { ...nowhere, source, eventHub, partitionId }
}

/** Undefined when the configuration has no such source: its namespace is part of every id. */
async function wholeOrigin({ sources }: Config, partial: Origin): Promise<Origin | undefined> {
  const source = sources.find(({ name }) => name === partial.source)
  if (source === undefined) return undefined
  if (source.kind !== 'event_hub') {
    const { datasets } = await import('../../collect/kinds.ts')
    return { ...partial, dataset: datasets[source.kind] }
  }
  const { hubAddress } = await import('../../consumer/client.ts')
  const { consumerGroup } = source.options
  return { ...partial, namespace: hubAddress(source.options).namespace, consumerGroup }
}

function positionOf(letter: DeadLetterLine | undefined, line: number): Omit<Message, 'body'> {
  if (letter === undefined) return { sequenceNumber: line, offset: '', enqueuedTime: 0 }
  const enqueuedTime = Date.parse(letter.enqueued_time ?? '')
  return {
    sequenceNumber: letter.sequence_number,
    offset: letter.offset,
    enqueuedTime: Number.isNaN(enqueuedTime) ? 0 : enqueuedTime,
  }
}
