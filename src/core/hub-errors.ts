import { redact } from './secret.ts'

/** What tells the errors of the Event Hubs SDK apart: they have no class of their own. */
interface ErrorLike {
  readonly name: string
  readonly message: string
  readonly code: string | undefined
}

/** The SDK wraps retries into an AggregateError whose own message is empty. */
export function flatten(error: unknown): ErrorLike[] {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.flatMap(flatten)
  if (!(error instanceof Error)) return [{ name: '', message: String(error), code: undefined }]
  const { code } = error as { code?: unknown }
  return [{ name: error.name, message: error.message, code: typeof code === 'string' ? code : undefined }]
}

/** What all of them say, once each. The SDK's texts may quote the key, so they are redacted. */
export function textOf(errors: readonly ErrorLike[]): string {
  return redact([...new Set(errors.map(({ message }) => message.trim()).filter(Boolean))].join('; ').slice(0, 400))
}

export function isUnauthorized({ code, name, message }: ErrorLike): boolean {
  return (
    code === 'UnauthorizedError' ||
    /^(Authentication|CredentialUnavailable)/.test(name) ||
    /status-code: 40[13]|unauthorized|InvalidSignature|ExpiredToken/i.test(message)
  )
}

export function isNotFound({ code, message }: ErrorLike): boolean {
  return code === 'MessagingEntityNotFoundError' || /could not be found|amqp:not-found|status-code: 404/i.test(message)
}

export function isUnreachable({ code, name, message }: ErrorLike): boolean {
  return (
    /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPROTO|CERT_|getaddrinfo/.test(
      `${code} ${message}`,
    ) ||
    /^(OperationTimeoutError|AbortError|TimeoutError|ConnectionLostError|ServiceCommunicationError)$/.test(code ?? name)
  )
}
