import { messageOf, XdrelayError } from '../core/errors.ts'
import { redact } from '../core/secret.ts'
import { isFlaw, parseStorageConnectionString } from './connection-string.ts'
import type { CheckpointsOptions } from './options.ts'

/** An error of the table for whatever a call to the storage account ended with. */
export function storageFailure(error: unknown, options: CheckpointsOptions): XdrelayError {
  if (error instanceof XdrelayError) return error
  const status = statusOf(error)
  const code = codeOf(error)
  const where = accountOf(options)
  const text = redact(messageOf(error).split('\n')[0] ?? '')
  const facts = { container: options.container }
  if (code === 'ContainerNotFound') return notFound(options)
  if (status === 401 || status === 403 || isAuthentication(error))
    return new XdrelayError(
      'storage_unauthorized',
      `${where} refuses \`${credentialField(options)}\` of \`checkpoints\`${code ? ` (${code})` : ''}: ${text}`,
      { facts },
    )
  if (status === undefined)
    return new XdrelayError('storage_unreachable', `${where} cannot be reached: ${text}`, { facts })
  return new XdrelayError('storage_failed', `${where} answered ${status}${code ? ` ${code}` : ''}: ${text}`, { facts })
}

export function notFound({ container }: CheckpointsOptions): XdrelayError {
  return new XdrelayError('container_not_found', `the container \`${container}\` does not exist`, {
    facts: { container },
  })
}

function accountOf({ connectionString, storageAccount, endpoint }: CheckpointsOptions): string {
  const parsed = connectionString && parseStorageConnectionString(connectionString.reveal())
  const named = parsed && !isFlaw(parsed) ? parsed.account : undefined
  return `storage account ${storageAccount ?? named ?? endpoint ?? ''}`.trim()
}

function credentialField({ connectionString, storageAccountKey }: CheckpointsOptions): string {
  if (connectionString) return 'connection_string'
  return storageAccountKey ? 'storage_account_key' : 'auth'
}

export function isConflict(error: unknown): boolean {
  const status = statusOf(error)
  return status === 412 || (status === 409 && codeOf(error) === 'BlobAlreadyExists')
}

function isAuthentication(error: unknown): boolean {
  return error instanceof Error && /^(Authentication|CredentialUnavailable)/.test(error.name)
}

export function statusOf(error: unknown): number | undefined {
  return isAnswer(error) ? error.statusCode : undefined
}

/** The service's own code. Answers to HEAD have no body, so it may stand in a header only. */
export function codeOf(error: unknown): string | undefined {
  if (!isAnswer(error)) return undefined
  return error.details?.errorCode ?? error.response?.headers.get('x-ms-error-code') ?? error.code
}

interface RestError extends Error {
  readonly statusCode?: number
  readonly code?: string
  readonly details?: { readonly errorCode?: string }
  readonly response?: { readonly headers: { get(name: string): string | undefined } }
}

/** What the storage client throws, told by its name as the client's own check does. */
function isAnswer(error: unknown): error is RestError {
  return error instanceof Error && error.name === 'RestError'
}
