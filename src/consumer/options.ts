import type { OptionSchema } from '../core/options.ts'
import type { Secret } from '../core/secret.ts'
import { type AuthOptions, authSchema } from '../storage/options.ts'

export interface EventHubOptions {
  readonly connectionString?: Secret
  /** Fully qualified host name, for identities. */
  readonly namespace?: string
  /** May be left out when the connection string has an EntityPath. */
  readonly eventHub?: string
  readonly consumerGroup: string
  /** Where to begin in a partition that has no checkpoint. */
  readonly start: 'earliest' | 'latest' | Date
  /** Milliseconds. */
  readonly ownership: { readonly renew: number; readonly expiry: number }
  readonly auth?: AuthOptions
  /** Messages handed on at once at most. */
  readonly maxBatch: number
  /** Milliseconds without progress, although the hub has newer messages, until a partition is read anew. */
  readonly stallAfter: number
}

export const eventHubSchema: OptionSchema = {
  type: 'object',
  description: 'An event hub that the Defender XDR Streaming API writes to.',
  properties: {
    connection_string: {
      type: 'string',
      format: 'secret',
      minLength: 1,
      description: 'Connection string of a policy with the Listen right, of the namespace or of the event hub.',
    },
    namespace: {
      type: 'string',
      minLength: 1,
      description: 'Host name of the namespace, for example contoso.servicebus.windows.net; needs `auth`.',
    },
    event_hub: {
      type: 'string',
      minLength: 1,
      description: 'Name of the event hub; may be left out when the connection string has an EntityPath.',
    },
    consumer_group: {
      type: 'string',
      minLength: 1,
      maxLength: 50,
      default: '$Default',
      description: 'Consumer group; xdrelay needs one of its own.',
    },
    start: {
      type: 'string',
      format: 'start',
      default: 'earliest',
      description: 'Where to begin in a partition without a checkpoint: earliest, latest or a time (ISO 8601).',
    },
    ownership: {
      type: 'object',
      default: {},
      description: 'How replicas share the partitions.',
      properties: {
        renew: {
          type: 'string',
          format: 'duration',
          minimum: 100,
          maximum: 12 * 3_600_000,
          default: '5s',
          description: 'How often a replica confirms its partitions and looks for free ones; at most 12h.',
        },
        expiry: {
          type: 'string',
          format: 'duration',
          maximum: 24 * 3_600_000,
          default: '15s',
          description:
            'After this time without confirmation a replica counts as dead; at least twice `renew`, at most 1d.',
        },
      },
    },
    auth: authSchema,
    max_batch: {
      type: 'integer',
      minimum: 1,
      maximum: 1000,
      default: 64,
      description: 'Messages handed on at once at most.',
    },
    stall_after: {
      type: 'string',
      format: 'duration',
      minimum: 5000,
      maximum: 24 * 3_600_000,
      default: '90s',
      description:
        'A partition that gets nothing for so long, although the hub has newer messages, is read anew; at most 1d, and at least 5s, as a receiver that works shows it every second or so.',
    },
  },
}
