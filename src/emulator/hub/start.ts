import { beyondTheEnd, type Condition, invalidFilter } from './conditions.ts'
import type { Partition, Start } from './partition.ts'

const kinds: Readonly<Record<string, 'offset' | 'sequenceNumber' | 'enqueuedTime'>> = {
  'x-opt-offset': 'offset',
  'x-opt-sequence-number': 'sequenceNumber',
  'x-opt-enqueued-time': 'enqueuedTime',
  'x-opt-enqueuedtimeutc': 'enqueuedTime',
}

/**
 * The sequence number a receiver starts at, from its selector filter, such as `amqp.annotation.x-opt-offset > '42'`;
 * from the oldest event without one. A position beyond the newest event is refused, as the service does.
 */
export function startingPoint(expression: string | undefined, partition: Partition): number | Condition {
  const start = expression === undefined ? 'earliest' : parse(expression)
  if (start === undefined) return invalidFilter(expression ?? '')
  if (typeof start === 'object') {
    const lastOffset = partition.last?.offset ?? -1
    if (start.by === 'offset' && start.value > lastOffset) return beyondTheEnd('offset', start.value, lastOffset)
    const lastSequence = partition.end - 1
    if (start.by === 'sequenceNumber' && start.value > lastSequence) {
      return beyondTheEnd('sequence number', start.value, lastSequence)
    }
  }
  return partition.seek(start)
}

function parse(expression: string): Start | undefined {
  const [, name, operator, value] = /^amqp\.annotation\.([\w-]+) *(>=?) *'?(-?\d+|@latest)'?$/.exec(expression) ?? []
  const by = kinds[name ?? '']
  if (by === undefined || value === undefined) return undefined
  if (value === '@latest') return 'latest'
  if (value === '-1' && by === 'offset') return 'earliest'
  return { by, value: Number(value), inclusive: operator === '>=' }
}
