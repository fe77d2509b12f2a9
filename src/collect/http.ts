import { Agent, request } from 'undici'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { redact } from '../core/secret.ts'

export interface HttpRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

/** Answers that are read whole; what is larger is read as a stream or not at all. */
const mostBytes = 1 << 20
const agent = new Agent({ connect: { timeout: 10_000 }, headersTimeout: 60_000, bodyTimeout: 60_000 })

/**
 * One small request, its answer whole, whatever its status. Follows no redirect, so that nothing is sent to a host that
 * nobody chose. Throws `api_unreachable` where there is no answer.
 */
export async function ask({ url, method = 'GET', headers = {}, body, signal }: HttpRequest): Promise<HttpAnswer> {
  try {
    const answer = await request(url, { method, headers, body: body ?? null, signal, dispatcher: agent })
    return { status: answer.statusCode, headers: answer.headers, body: await textOf(answer.body) }
  } catch (error) {
    const { host } = new URL(url)
    throw new XdrelayError('api_unreachable', redact(`no answer from ${host}: ${reasonOf(error)}`), {
      cause: error,
      facts: { host },
    })
  }
}

/** The JSON object of an answer; without any key where there is none. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > mostBytes) throw new Error(`the answer has more than ${mostBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function reasonOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  if (code === 'ENOTFOUND' || cause?.code === 'ENOTFOUND') return 'there is no such host (DNS)'
  return messageOf(error) || String(code)
}
