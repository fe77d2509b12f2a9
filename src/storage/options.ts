import type { OptionSchema } from '../core/options.ts'
import type { Secret } from '../core/secret.ts'

type AuthKind = 'client_secret' | 'workload_identity' | 'managed_identity'

/** An identity of Microsoft Entra ID, instead of a key. */
export interface AuthOptions {
  readonly kind: AuthKind
  readonly tenantId?: string
  /** For a managed identity: the user-assigned one; absent means the system-assigned one. */
  readonly clientId?: string
  readonly clientSecret?: Secret
}

/** A container of a storage account, or a folder. */
export interface CheckpointsOptions {
  /** Absolute path; the fields of the storage account have no use beside it. */
  readonly directory?: string
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

export const authSchema: OptionSchema = {
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

export const checkpointsSchema: OptionSchema = {
  type: 'object',
  description: 'Where progress is stored: a container of an Azure storage account, or a directory of this machine.',
  properties: {
    directory: {
      type: 'string',
      format: 'path',
      minLength: 1,
      description: 'Directory instead of a storage account, for one replica alone and without event hubs.',
    },
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
      minimum: 100,
      maximum: 3_600_000,
      default: '5s',
      description: 'Time between checkpoint writes of a partition; at most 1h.',
    },
  },
}
