import { randomUUID } from 'node:crypto'

/** An AMQP error: what a link is detached with, or a request answered with. */
export interface Condition {
  readonly condition: string
  /** In the service's words: SDKs and users' scripts look for them. */
  readonly description: string
}

export function stolen(by: OwnerLevel, from: OwnerLevel): Condition {
  return describe(
    'amqp:link:stolen',
    `New receiver 'nil' with higher epoch of '${by}' is created hence current receiver 'nil' with epoch '${from}' ` +
      'is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.',
  )
}

export function lowerEpoch(existing: OwnerLevel, refused: OwnerLevel): Condition {
  return describe(
    'amqp:link:stolen',
    `Receiver 'nil' with a higher epoch '${existing}' already exists. Receiver 'nil' with epoch ${refused} cannot be ` +
      'created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all ' +
      'old epoch receivers are closed or disconnected.',
  )
}

export function epochRequired(existing: OwnerLevel): Condition {
  return describe(
    'amqp:link:stolen',
    `At least one receiver for the endpoint is created with epoch of '${existing}', and so non-epoch receiver is not ` +
      'allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.',
  )
}

export function tooManyReceivers(limit: number): Condition {
  return describe(
    'amqp:resource-limit-exceeded',
    `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${limit}. ` +
      `List of connected receivers - ${Array(limit).fill('nil').join(', ')}.`,
  )
}

export function entityNotFound(path: string): Condition {
  return describe('amqp:not-found', `The messaging entity 'sb://127.0.0.1/${path}' could not be found.`)
}

export function partitionOutOfRange(count: number): Condition {
  return describe(
    'com.microsoft:argument-out-of-range',
    'The specified partition is invalid for an EventHub partition sender or receiver. ' +
      `It should be between 0 and ${count - 1}.`,
  )
}

export function invalidFilter(expression: string): Condition {
  return describe(
    'com.microsoft:argument-error',
    `The filter '${expression}' is not a valid amqp filter for EventHub entities`,
  )
}

export function beyondTheEnd(what: 'offset' | 'sequence number', supplied: number, last: number): Condition {
  return describe(
    'com.microsoft:argument-error',
    `The supplied ${what} '${supplied}' is invalid. The last ${what} in the system is '${last}'`,
  )
}

export function messageTooLarge(size: number, limit: number): Condition {
  return describe(
    'amqp:link:message-size-exceeded',
    `The received message (delivery-id:0, size:${size} bytes) exceeds the limit (${limit} bytes) currently allowed on the link.`,
  )
}

export function undecodable(): Condition {
  return describe('amqp:decode-error', 'The message could not be decoded.')
}

export function unauthorized(claim: 'Listen' | 'Send' | 'Manage', path: string): Condition {
  return describe(
    'amqp:unauthorized-access',
    `Unauthorized access. '${claim}' claim(s) are required to perform this operation. Resource: 'sb://127.0.0.1/${path}'.`,
  )
}

export function detachForced(): Condition {
  return describe('amqp:link:detach-forced', 'The link is force detached by the broker.')
}

export function serverBusy(): Condition {
  return describe(
    'com.microsoft:server-busy',
    'The request was terminated because the entity is being throttled. Please wait 4 seconds and try again.',
  )
}

/** `bigint` beyond 2^53. */
type OwnerLevel = number | bigint

/** A receiver's owner level; undefined for one without. */
export type Epoch = OwnerLevel | undefined

function describe(condition: string, text: string): Condition {
  const tracking = `TrackingId:${randomUUID()}, SystemTracker:emulator, Timestamp:${new Date().toISOString().slice(0, 19)}`
  return { condition, description: `${text} ${tracking}` }
}
