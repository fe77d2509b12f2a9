import { bound } from '../core/bound.ts'
import { XdrelayError } from '../core/errors.ts'
import type { CheckpointsOptions } from '../storage/options.ts'
import { probeCheckpoints } from '../storage/probe.ts'
import { HubQuestions, hubAddress } from './client.ts'
import { hubFailure, isFull, isTakenByAnother } from './hub-failure.ts'
import type { EventHubOptions } from './options.ts'

/** Milliseconds that all questions of a check may take together. */
const limit = 10_000

/** Milliseconds until a message has to have come that the hub says it holds. */
const messageLimit = 5000

/**
 * Proves hub, key, consumer group, container and storage key, all at once and within seconds; the SDK by itself takes
 * 90 seconds to say that a key is wrong (hazard G). Throws the first failure, the hub's before the storage account's.
 */
export async function probe(
  hub: EventHubOptions,
  checkpoints: CheckpointsOptions,
  signal: AbortSignal,
): Promise<{ readonly partitions: number }> {
  const results = await Promise.allSettled([probeHub(hub, signal), probeCheckpoints(checkpoints, signal)])
  for (const result of results) if (result.status === 'rejected') throw result.reason
  return (results[0] as PromiseFulfilledResult<{ partitions: number }>).value
}

/** Throws `hub_*` or `consumer_group_not_found`. */
function probeHub(options: EventHubOptions, signal: AbortSignal): Promise<{ readonly partitions: number }> {
  return questioned(options, signal, async questions => {
    const ids = await questions.partitionIds()
    await attempt(options, questions.tryGroup(ids[0] ?? '0'))
    return { partitions: ids.length }
  })
}

export interface HubSurvey {
  readonly partitions: number
  /** Messages that the event hub holds, read or not. */
  readonly messages: number
  /** `taken`: not tried further, because others read the partition through this consumer group. */
  readonly reading: 'one message' | 'nothing there' | 'taken'
}

/**
 * `probeHub` for those who have the time: asks every partition what it holds and reads one message where there is one.
 * Not before a run, which finds out by itself what reading brings, and shall start soon.
 */
export function surveyHub(options: EventHubOptions, signal: AbortSignal): Promise<HubSurvey> {
  return questioned(options, signal, async questions => {
    const ids = await questions.partitionIds()
    const states = await Promise.all(ids.map(async id => ({ id, ...(await questions.partition(id)) })))
    const filled = states.filter(({ isEmpty }) => !isEmpty)
    const messages = filled.reduce(
      (sum, { beginningSequenceNumber: first, lastEnqueuedSequenceNumber: last }) => sum + last - first + 1,
      0,
    )
    const [one] = filled
    const admitted = await attempt(
      options,
      one ? readOne(questions, one.id, one.lastEnqueuedSequenceNumber) : questions.tryGroup(ids[0] ?? '0'),
    )
    return { partitions: ids.length, messages, reading: !admitted ? 'taken' : one ? 'one message' : 'nothing there' }
  })
}

async function readOne(questions: HubQuestions, partitionId: string, sequenceNumber: number): Promise<void> {
  const late = AbortSignal.timeout(messageLimit)
  await bound(questions.receive(partitionId, sequenceNumber), late).catch(error => {
    if (error !== late.reason) throw error
    const text = `partition ${partitionId} holds messages, but none came within ${messageLimit / 1000} seconds`
    throw new XdrelayError('hub_failed', text)
  })
}

/** Whether a receiver was admitted, or refused because of others in the group, which therefore exists. */
async function attempt(options: EventHubOptions, receiving: Promise<void>): Promise<boolean> {
  try {
    await receiving
    return true
  } catch (error) {
    if (isTakenByAnother(error) || isFull(error)) return false
    throw asGroupFailure(error, options)
  }
}

async function questioned<Answer>(
  options: EventHubOptions,
  signal: AbortSignal,
  ask: (questions: HubQuestions) => Promise<Answer>,
): Promise<Answer> {
  const questions = new HubQuestions(options)
  try {
    return await bound(ask(questions), AbortSignal.any([signal, AbortSignal.timeout(limit)]))
  } catch (error) {
    throw hubFailure(error, options)
  } finally {
    void questions.close()
  }
}

/** The hub has answered before, so what is not found now is the group. */
function asGroupFailure(error: unknown, options: EventHubOptions): XdrelayError {
  const failure = hubFailure(error, options)
  if (failure.kind !== 'hub_not_found') return failure
  const { eventHub } = hubAddress(options)
  return new XdrelayError(
    'consumer_group_not_found',
    `\`${eventHub}\` has no consumer group \`${options.consumerGroup}\``,
    { facts: failure.facts },
  )
}
