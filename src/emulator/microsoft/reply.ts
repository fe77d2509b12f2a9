import { randomUUID } from 'node:crypto'

/** What a request is answered with. A body that is iterable is sent piece by piece. */
export interface Reply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: object | string | AsyncIterable<Uint8Array>
}

/** A request as the endpoints see it. */
export interface Call {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Of a form, decoded as UTF-8. */
  readonly body: string
  /** Milliseconds, by the clock of this server. */
  readonly now: number
}

/** Which API speaks: each has its own form of errors. */
export type Api = 'graph' | 'defender'

/** Ends a request with an error of the API. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }

  reply(api: Api, now: number): Reply {
    const id = randomUUID()
    const date = new Date(now).toISOString().slice(0, 19)
    const detail =
      api === 'graph'
        ? { innerError: { date, 'request-id': id, 'client-request-id': id } }
        : { target: `|${id.slice(0, 8)}.` }
    return {
      status: this.status,
      headers: { ...this.headers, ...(api === 'graph' && { 'request-id': id }) },
      body: { error: { code: this.code, message: this.message, ...detail } },
    }
  }
}
