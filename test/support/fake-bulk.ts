import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { onTestFinished } from 'vitest'

export interface BulkRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly bytes: number
  readonly ids: readonly string[]
  /** Of each document, where it shall go. */
  readonly streams: readonly string[]
}

export interface BulkAnswer {
  readonly status?: number
  readonly headers?: Record<string, string>
  /** Text as it is, or an object as JSON; by default every document is created. */
  readonly body?: string | object
  /** Ends the connection: before any answer, or in the middle of its body. `drip`: never ends, a byte now and then. */
  readonly cut?: 'before' | 'within' | 'drip'
}

/**
 * A stand-in for Elasticsearch's `_bulk`, only for what a healthy node cannot be made to do. Answers as told, and
 * keeps what was asked.
 */
export async function startFakeBulk(
  answer: (request: BulkRequest, count: number) => BulkAnswer | Promise<BulkAnswer>,
  port = 0,
) {
  const requests: BulkRequest[] = []
  const server = createServer(async (request, response) => {
    const bulk = await readRequest(request)
    requests.push(bulk)
    reply(response, bulk, await answer(bulk, requests.length))
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const stop = () => {
    server.closeAllConnections()
    return new Promise<unknown>(resolve => server.close(resolve))
  }
  onTestFinished(async () => void (await stop()))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, stop }
}

/**
 * Decides by the announced length: answers 413 at once and closes, with the body unread; takes the rest in full, one
 * document each.
 */
export async function startHastyServer(statusFor: (request: { length: number }) => 200 | 413): Promise<string> {
  const server = createServer((request, response) => {
    const status = statusFor({ length: Number(request.headers['content-length']) })
    const text = JSON.stringify(status === 200 ? { errors: false, items: [item(201)] } : {})
    const headers = { 'content-type': 'application/json', 'content-length': text.length }
    if (status === 413) response.writeHead(413, { ...headers, connection: 'close' }).end(text)
    else request.resume().on('end', () => response.writeHead(200, headers).end(text))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** The answer item of a document: created, or with an error. */
export function item(status: number, type?: string, reason = 'because'): object {
  return { create: { status, ...(type !== undefined && { error: { type, reason } }) } }
}

async function readRequest(request: IncomingMessage): Promise<BulkRequest> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  const raw = Buffer.concat(parts)
  const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
  const lines = body.toString().split('\n')
  const actions = lines.filter((_, index) => index % 2 === 0 && index + 1 < lines.length)
  const creates = actions.map(line => JSON.parse(line).create as { _id: string; _index: string })
  return {
    method: request.method!,
    path: request.url!,
    headers: request.headers,
    bytes: body.length,
    ids: creates.map(({ _id: id }) => id),
    streams: creates.map(({ _index: stream }) => stream),
  }
}

function reply(response: ServerResponse, { ids }: BulkRequest, { status = 200, headers, body, cut }: BulkAnswer): void {
  if (cut === 'before') return void response.destroy()
  const content = body ?? { errors: false, items: ids.map(() => item(201)) }
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(cut !== 'drip' && { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  })
  if (cut === undefined) return void response.end(text)
  if (cut === 'within') return void response.write(text.slice(0, text.length / 2), () => response.destroy())
  drip(response)
}

/** The beginning of an answer, and white space for as long as somebody reads it. */
export function drip(response: ServerResponse): void {
  response.write('{')
  const timer = setInterval(() => response.write(' '), 20)
  response.on('close', () => clearInterval(timer))
}
