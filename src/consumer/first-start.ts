import type { Cursor } from '../core/types.ts'
import { HubQuestions } from './client.ts'
import { hubFailure } from './hub-failure.ts'
import type { EventHubOptions } from './options.ts'
import type { PositionStore } from './positions.ts'

/**
 * Where a partition without a checkpoint begins; undefined for the start of the hub. `start: latest` means from the first
 * start on. It is fixed by a checkpoint at once, or what comes between two starts, or between two connections, would be
 * skipped without a word.
 */
export async function firstStart(
  options: EventHubOptions,
  positions: PositionStore,
  partitionId: string,
): Promise<Cursor | undefined> {
  if (options.start !== 'latest') return undefined
  const questions = new HubQuestions(options)
  try {
    const state = await questions.partition(partitionId)
    const cursor = { sequenceNumber: state.lastEnqueuedSequenceNumber, offset: state.lastEnqueuedOffset }
    await positions.checkpoint(partitionId, cursor)
    return cursor
  } catch (error) {
    throw hubFailure(error, options)
  } finally {
    void questions.close()
  }
}
