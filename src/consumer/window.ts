import type { Message } from '../core/types.ts'
import { toMessage } from './body.ts'
import { readEach } from './client.ts'
import { hubFailure } from './hub-failure.ts'
import type { EventHubOptions } from './options.ts'

/**
 * Reads what an event hub holds at this moment, beside its owners and without a checkpoint; needs a consumer group
 * that nobody owns. Messages of a partition come in order. Throws an `XdrelayError` when the hub refuses.
 */
export async function readWindow(
  options: EventHubOptions,
  visit: (partitionId: string, message: Message) => void,
): Promise<void> {
  try {
    await readEach(options, (partitionId, events) => {
      for (const event of events) visit(partitionId, toMessage(event))
    })
  } catch (error) {
    throw hubFailure(error, options)
  }
}
