import { XdrelayError } from '../core/errors.ts'
import { flatten, isNotFound, isUnauthorized, isUnreachable, textOf } from '../core/hub-errors.ts'
import { hubAddress } from './client.ts'
import type { EventHubOptions } from './options.ts'

/** An error of the table for whatever the SDK reports. */
export function hubFailure(error: unknown, options: EventHubOptions): XdrelayError {
  if (error instanceof XdrelayError) return error
  const all = flatten(error)
  const text = textOf(all)
  const { namespace, eventHub } = hubAddress(options)
  const group = options.consumerGroup
  const facts = { namespace, 'event hub': eventHub }
  const has = (test: (each: (typeof all)[number]) => boolean) => all.some(test)
  if (has(isUnauthorized))
    return new XdrelayError('hub_unauthorized', `${namespace} refuses the ${credentialField(options)}: ${text}`, {
      facts,
    })
  if (has(isUnreachable))
    return new XdrelayError('hub_unreachable', `${namespace} cannot be reached: ${text}`, { facts })
  if (has(({ message }) => /consumer-?group/i.test(message)) && has(isNotFound))
    return new XdrelayError('consumer_group_not_found', `\`${eventHub}\` has no consumer group \`${group}\`: ${text}`, {
      facts: { ...facts, 'consumer group': group },
    })
  if (has(isNotFound))
    return new XdrelayError('hub_not_found', `${namespace} has no event hub \`${eventHub}\`: ${text}`, { facts })
  return new XdrelayError('hub_failed', `${namespace}: ${text || 'failed without a word'}`, { facts })
}

/** Another reader holds the partition: the hub took the link away, or does not give one without an epoch. */
export function isTakenByAnother(error: unknown): boolean {
  return flatten(error).some(({ code }) => code === 'ReceiverDisconnectedError')
}

/** As many receivers without an epoch as a consumer group takes; one with an epoch makes them yield. */
export function isFull(error: unknown): boolean {
  return flatten(error).some(({ code }) => code === 'QuotaExceededError')
}

/** The position lies behind the newest message: the hub was made anew, or failed over to another region. */
export function isBeyondTheEnd(error: unknown): boolean {
  return flatten(error).some(
    ({ code, message }) => /^Argument/.test(code ?? '') && /supplied (offset|sequence number)/i.test(message),
  )
}

export function isAbort(error: unknown): boolean {
  return flatten(error).some(({ name }) => name === 'AbortError')
}

function credentialField({ connectionString, auth }: EventHubOptions): string {
  return connectionString ? 'key in `connection_string`' : `identity in \`auth\` (${auth?.kind ?? 'none'})`
}
