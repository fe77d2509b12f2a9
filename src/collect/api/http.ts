import type { Readable } from 'node:stream'
import { Agent, request } from 'undici'
import { messageOf, XdrelayError } from '../../core/errors.ts'
import { redact } from '../../core/secret.ts'

export interface HttpRequest {
  readonly url: string
  readonly method?: 'GET' | 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
  /** Milliseconds for an answer that is read whole, up to its end; two minutes unless said. A stream takes its time. */
  readonly patience?: number
}

export type HttpHeaders = Readonly<Record<string, string | string[] | undefined>>

export interface HttpAnswer {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: string
}

export interface HttpBytes {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: Buffer
}

export interface HttpStream {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: Readable
}

/** Answers that are read whole; what is larger is read as a stream or not at all. */
const mostBytes = 1 << 20
const usualPatience = 120_000
// A pause ends a stream as well. What comes byte by byte never pauses.
const agent = new Agent({ connect: { timeout: 10_000 }, headersTimeout: 60_000, bodyTimeout: 60_000 })

/**
 * One small request, its answer whole, whatever its status. Follows no redirect, so that nothing is sent to a host that
 * nobody chose. Throws `api_unreachable` where there is no answer.
 */
export async function ask(wanted: HttpRequest): Promise<HttpAnswer> {
  const answer = await askBytes(wanted, mostBytes)
  return { ...answer, body: answer.body.toString() }
}

/** The same for an answer of up to `most` bytes. Throws `api_too_large` for one of more. */
export async function askBytes(wanted: HttpRequest, most: number): Promise<HttpBytes> {
  const { url, signal, patience = usualPatience } = wanted
  const limit = AbortSignal.timeout(patience)
  try {
    const answer = await askStream({ ...wanted, signal: AbortSignal.any([signal, limit]) })
    return { ...answer, body: await whole(answer.body, most) }
  } catch (error) {
    if (limit.aborted && !signal.aborted) throw noAnswer(url, new Error(`it takes more than ${patience / 1000} s`))
    throw noAnswer(url, error)
  }
}

/** The same, with a body that may be larger than memory. Whoever asks reads it to its end, or destroys it. */
export async function askStream({ url, method = 'GET', headers = {}, body, signal }: HttpRequest): Promise<HttpStream> {
  try {
    const answer = await request(url, { method, headers, body: body ?? null, signal, dispatcher: agent })
    return { status: answer.statusCode, headers: answer.headers, body: answer.body }
  } catch (error) {
    throw noAnswer(url, error)
  }
}

/** Gives up an answer that nobody reads. */
export function discard({ body }: HttpStream): void {
  body.on('error', () => {})
  body.destroy()
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

async function whole(body: AsyncIterable<Buffer>, most: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of body) {
    size += part.length
    if (size > most) throw new XdrelayError('api_too_large', `the answer has more than ${most} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts, size)
}

/** Names the host alone: the rest of an address may hold a signature. */
function noAnswer(url: string, error: unknown): XdrelayError {
  if (error instanceof XdrelayError) return error
  const { host } = new URL(url)
  const text = redact(`no answer from ${host}: ${reasonOf(error)}`)
  return new XdrelayError('api_unreachable', text, { cause: error, facts: { host } })
}

function reasonOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } }
  if (code === 'ENOTFOUND' || cause?.code === 'ENOTFOUND') return 'there is no such host (DNS)'
  return messageOf(error) || String(code)
}
