import type { Reject } from '../core/types.ts'

/** One dead letter as it stands in a segment: `bytes` are the bytes as received, so that it can be driven in again. */
export function deadLetterLine(reject: Reject, now: Date): Buffer {
  const { reason, pointer, detail, origin, message, recordIndex, bytes, output } = reject
  const fields = {
    '@timestamp': now.toISOString(),
    reason,
    pointer,
    detail,
    source: origin.source,
    event_hub: origin.eventHub,
    partition_id: origin.partitionId,
    sequence_number: message.sequenceNumber,
    offset: message.offset,
    enqueued_time: isoTime(message.enqueuedTime),
    record_index: recordIndex,
    bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
    ...(message.bodyType !== undefined && { body_type: message.bodyType }),
    ...(output !== undefined && { output }),
    ...(origin.dataset !== undefined && { dataset: origin.dataset }),
  }
  return Buffer.from(`${JSON.stringify(fields)}\n`)
}

/** Times come from the wire; one that no calendar holds must not stop a dead letter. */
function isoTime(milliseconds: number): string | null {
  const time = new Date(milliseconds)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}
