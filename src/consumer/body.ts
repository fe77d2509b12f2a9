import type { Message } from '../core/types.ts'
import type { ReceivedEventData } from './client.ts'
import { largestFrame } from './frames.ts'

/** A message as the pipeline takes it. Never throws: whatever the body is, it becomes bytes. */
export function toMessage(event: ReceivedEventData): Message {
  const { bodyType } = event.getRawAmqpMessage()
  const body = toBytes(event.body)
  const message = {
    body,
    // See `limitFrames`. A smaller one lies in what was read from the socket, among other frames.
    ...(body.byteLength > largestFrame && { memory: body.buffer as ArrayBuffer }),
    sequenceNumber: event.sequenceNumber,
    offset: String(event.offset),
    enqueuedTime: event.enqueuedTimeUtc?.getTime() ?? 0,
    receivedTime: Date.now(),
  }
  return bodyType === 'value' || bodyType === 'sequence' ? { ...message, bodyType } : message
}

/** The UTF-8 of a text, a binary as it is, the JSON of anything else; several data sections are one body cut in pieces. */
function toBytes(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  if (typeof body === 'string') return Buffer.from(body)
  if (Array.isArray(body) && body.length > 0 && body.every(part => part instanceof Uint8Array))
    return Buffer.concat(body)
  try {
    return Buffer.from(JSON.stringify(body, plain) ?? '')
  } catch {
    return Buffer.from(String(body))
  }
}

/** AMQP has integers beyond those of JSON numbers in JavaScript, and binaries inside of lists and maps. */
function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
