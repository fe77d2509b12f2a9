import { XdrelayError } from '../../core/errors.ts'
import { redact } from '../../core/secret.ts'
import { type HttpHeaders, jsonObject } from './http.ts'

interface Answer {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: Buffer | string
}

/** What an answer other than the wanted one stands for, with the id of the request that Microsoft's support asks for. */
export function apiRefusal({ status, headers, body }: Answer): XdrelayError {
  const text = redact(`status ${status}${messageIn(String(body))}`)
  const facts = { status, ...(typeof headers['request-id'] === 'string' && { request_id: headers['request-id'] }) }
  if (status === 401) return new XdrelayError('api_unauthorized', text, { facts })
  if (status === 403) return new XdrelayError('api_forbidden', text, { facts })
  return new XdrelayError('api_failed', text, { facts })
}

/** The status of the answer that an error stands for; undefined where it stands for none. */
export function statusOf(error: unknown): unknown {
  return error instanceof XdrelayError ? error.facts.status : undefined
}

/** Whether the API says that the application lacks a permission. */
export function lacksRole({ status, body }: Answer): boolean {
  return status === 403 && /application roles|application permissions|Insufficient privileges/i.test(String(body))
}

/** What the API says, in its own words. */
function messageIn(body: string): string {
  const { error } = jsonObject(body) as { error?: { message?: unknown } | null }
  return typeof error?.message === 'string' ? `: ${error.message.slice(0, 500)}` : ''
}
