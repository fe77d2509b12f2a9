import { type AmqpValue, amqp } from './codec.ts'
import { type Condition, entityNotFound } from './conditions.ts'
import type { EventHub } from './namespace.ts'
import type { Partition } from './partition.ts'
import type { Contender } from './receivers.ts'
import type { Request, Response } from './requests.ts'

/** What the service reports as the time of the last event of a partition that never had one. */
const beginningOfTime = Date.parse('0001-01-01T00:00:00Z')

/** Answers the READ requests of the `$management` node: properties of a hub or of one of its partitions. */
export function answerManagement<T extends Contender>(
  { properties }: Request,
  hubNamed: (name: string) => EventHub<T> | undefined,
  now: number,
): Response {
  if (properties.operation !== 'READ') return { status: 501, description: 'The operation is not implemented.' }
  const name = String(properties.name)
  const hub = hubNamed(name)
  if (hub === undefined) return failure(404, entityNotFound(name))
  if (properties.type === 'com.microsoft:eventhub') return success(hubProperties(hub))
  const partition = hub.partition(String(properties.partition))
  if ('condition' in partition) return failure(400, partition)
  return success(partitionProperties(hub.name, partition, now))
}

function hubProperties<T extends Contender>(hub: EventHub<T>): Record<string, AmqpValue> {
  return {
    name: amqp.string(hub.name),
    type: amqp.string('com.microsoft:eventhub'),
    created_at: amqp.timestamp(hub.createdAt),
    partition_count: amqp.int(hub.partitions.length),
    partition_ids: amqp.strings(hub.partitions.map(({ id }) => id)),
    georeplication_factor: amqp.int(1),
  }
}

function partitionProperties(hub: string, partition: Partition, now: number): Record<string, AmqpValue> {
  const { last } = partition
  return {
    name: amqp.string(hub),
    type: amqp.string('com.microsoft:partition'),
    partition: amqp.string(partition.id),
    begin_sequence_number: amqp.long(partition.begin),
    last_enqueued_sequence_number: amqp.long(partition.end - 1),
    last_enqueued_offset: amqp.string(String(last?.offset ?? -1)),
    last_enqueued_time_utc: amqp.timestamp(last?.enqueuedTime ?? beginningOfTime),
    is_partition_empty: amqp.boolean(partition.count === 0),
    runtime_info_retrieval_time_utc: amqp.timestamp(now),
  }
}

function success(entries: Record<string, AmqpValue>): Response {
  return { status: 200, description: 'OK', body: amqp.map(entries) }
}

function failure(status: number, { condition, description }: Condition): Response {
  return { status, description, condition }
}
