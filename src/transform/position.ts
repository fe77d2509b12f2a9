import type { Message, Origin } from '../core/types.ts'
import { toMillis } from './mapping/dates.ts'
import type { Position } from './record.ts'

/**
 * Where and when a message was read. Undefined for records of a hub that come from a file, and for a page from a file
 * that does not tell its time.
 */
export function positionOf(
  { dataset = 'event', eventHub, consumerGroup, partitionId }: Origin,
  message: Message,
  body: Readonly<Record<string, unknown>>,
): Position | undefined {
  const enqueuedTime = dataset === 'event' ? hubTime(eventHub, message) : pageTime(message, body)
  if (enqueuedTime === undefined) return undefined
  const { sequenceNumber, offset, receivedTime: received } = message
  const receivedTime = received === undefined ? {} : { receivedTime: new Date(received).toISOString() }
  return { eventHub, consumerGroup, partitionId, sequenceNumber, offset, enqueuedTime, ...receivedTime }
}

function hubTime(eventHub: string, { enqueuedTime }: Message): string | undefined {
  return eventHub === '' ? undefined : new Date(enqueuedTime).toISOString()
}

/** An export says when it was made; other pages are of the time at which they were asked for. */
function pageTime({ enqueuedTime }: Message, { generatedTime }: Readonly<Record<string, unknown>>): string | undefined {
  const generated = typeof generatedTime === 'string' ? toMillis(generatedTime) : undefined
  return generated ?? (enqueuedTime === 0 ? undefined : new Date(enqueuedTime).toISOString())
}
