import type { OptionSchema } from '../core/options.ts'
import type { Secret } from '../core/secret.ts'

export type AuthKind = 'client_secret' | 'workload_identity' | 'managed_identity'

/** An identity of Microsoft Entra ID, instead of a key. */
export interface AuthOptions {
  readonly kind: AuthKind
  readonly tenantId?: string
  /** For a managed identity: the user-assigned one; absent means the system-assigned one. */
  readonly clientId?: string
  readonly clientSecret?: Secret
}

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

export interface CheckpointsOptions {
  readonly storageAccount?: string
  readonly storageAccountKey?: Secret
  readonly connectionString?: Secret
  readonly container: string
  /** Whether a missing container is created. */
  readonly createContainer: boolean
  /** Address of the blob service, when it is not `https://<storage account>.blob.core.windows.net`. */
  readonly endpoint?: string
  readonly auth?: AuthOptions
  /** Milliseconds between checkpoint writes of a partition. */
  readonly interval: number
}

const authSchema: OptionSchema = {
  type: 'object',
  description: 'An identity of Microsoft Entra ID, instead of a key.',
  required: ['kind'],
  properties: {
    kind: {
      type: 'string',
      enum: ['client_secret', 'workload_identity', 'managed_identity'],
      description: 'How the identity proves itself.',
    },
    tenant_id: { type: 'string', minLength: 1, description: 'Directory (tenant) id.' },
    client_id: {
      type: 'string',
      minLength: 1,
      description: 'Application (client) id; for a managed identity the user-assigned one.',
    },
    client_secret: { type: 'string', format: 'secret', minLength: 1, description: 'Secret of the application.' },
  },
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
          default: '5s',
          description: 'How often a replica confirms its partitions and looks for free ones.',
        },
        expiry: {
          type: 'string',
          format: 'duration',
          default: '15s',
          description: 'After this time without confirmation a replica counts as dead; at least twice `renew`.',
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
      default: '90s',
      description: 'A partition that gets nothing for so long, although the hub has newer messages, is read anew.',
    },
  },
}

export const checkpointsSchema: OptionSchema = {
  type: 'object',
  description: 'Where progress is stored: a container of an Azure storage account.',
  properties: {
    storage_account: { type: 'string', minLength: 3, maxLength: 24, description: 'Name of the storage account.' },
    storage_account_key: {
      type: 'string',
      format: 'secret',
      minLength: 1,
      description: 'Key of the storage account.',
    },
    connection_string: {
      type: 'string',
      format: 'secret',
      minLength: 1,
      description: 'Connection string of the storage account, instead of name and key.',
    },
    container: {
      type: 'string',
      minLength: 3,
      maxLength: 63,
      default: 'xdrelay-checkpoints',
      description: 'Blob container for checkpoints and ownership.',
    },
    create_container: { type: 'boolean', default: true, description: 'Whether a missing container is created.' },
    endpoint: {
      type: 'string',
      format: 'url',
      description: 'Address of the blob service, when it is not https://<storage_account>.blob.core.windows.net.',
    },
    auth: authSchema,
    interval: {
      type: 'string',
      format: 'duration',
      default: '5s',
      description: 'Time between checkpoint writes of a partition.',
    },
  },
}
