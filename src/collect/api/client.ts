import type { Readable } from 'node:stream'
import { XdrelayError } from '../../core/errors.ts'
import { isWholeObject } from '../../core/json-slices.ts'
import type { Api } from '../access/clouds.ts'
import type { TokenSource } from '../access/token-source.ts'
import { pinned, pinnedFile } from './addresses.ts'
import { askBytes, askStream, discard, type HttpBytes, type HttpHeaders, type HttpRequest } from './http.ts'
import { type Pace, realPace } from './pace.ts'
import { apiRefusal } from './refusal.ts'
import { RequestBudget } from './request-budget.ts'
import { persist, retryAfter } from './retry.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: HttpHeaders
  readonly body: Buffer
  /** The server's `Date`: milliseconds since the epoch. */
  readonly date: number
}

interface GetOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** For callers with a way out of their own: how often it is tried. Waits that the API asked for do not count. */
  readonly maxAttempts?: number
  /** For the same: statuses that are given at once instead of tried again. */
  readonly asIs?: ReadonlySet<number>
  /** Bytes of an answer, beyond which it is `api_too_large`; 256 MiB unless said. */
  readonly mostBytes?: number
}

/** Reads one of Microsoft's APIs for one source. */
export interface ApiClient {
  /**
   * One GET with a token, whole. Keeps to the budget of requests, waits as `Retry-After` says, tries again after 429,
   * 500, 502, 503, 504, no answer and one that was cut off, and asks for a new token once on a 401. Any other status is
   * given as it is, also the last one when tries or patience are used up. Throws `api_unreachable` where no answer came.
   * Of a body of status 200 it is known that it is one JSON object from its first brace to its last; not that it parses.
   */
  get(url: string, signal: AbortSignal, options?: GetOptions): Promise<ApiAnswer>
  /** An address that an answer gave, as it came. Throws `api_address_refused` for one that no token may go to. */
  follow(link: string): string
  /**
   * A file behind an address that needs no token, as a stream; an error of the stream means that it was cut. Throws what
   * the answer stands for where there is no file, `status` among its facts.
   */
  download(url: string, signal: AbortSignal): Promise<Readable>
}

export interface ApiSettings {
  readonly api: Api
  /** Scheme, host and port. */
  readonly endpoint: string
  readonly tokens: TokenSource
  /** Requests in any sixty seconds; 150 unless said. */
  readonly perMinute?: number
  /** Milliseconds that one request is tried for, and that an answer read whole may take; two minutes unless said. */
  readonly patience?: number
  readonly pace?: Pace
}

/** Pages are far smaller; this only bounds what a server can do to the memory here. */
const usualMost = 256 << 20

export function createApiClient(settings: ApiSettings): ApiClient {
  return new Client(settings)
}

class Client implements ApiClient {
  readonly #settings: ApiSettings
  readonly #pace: Pace
  readonly #patience: number
  readonly #budget: RequestBudget
  /** The API asked for no request before: milliseconds since the epoch. */
  #notBefore = 0

  constructor(settings: ApiSettings) {
    const { pace = realPace, perMinute = 150, patience = 120_000 } = settings
    this.#settings = settings
    this.#pace = pace
    this.#patience = patience
    this.#budget = new RequestBudget(perMinute, pace)
  }

  async get(url: string, signal: AbortSignal, options: GetOptions = {}): Promise<ApiAnswer> {
    const target = this.follow(url)
    const { headers, mostBytes = usualMost, ...persistence } = options
    const request = { url: target, headers: { accept: 'application/json', ...headers }, signal }
    const answer = await persist(() => this.#authorised(request, mostBytes), {
      pace: this.#pace,
      patience: this.#patience,
      signal,
      ...persistence,
    })
    return { ...answer, date: Date.parse(String(answer.headers.date)) || this.#pace.now() }
  }

  follow(link: string): string {
    return pinned(link, this.#settings.endpoint, this.#settings.api)
  }

  async download(url: string, signal: AbortSignal): Promise<Readable> {
    const target = pinnedFile(url, this.#settings.endpoint)
    const ask = async () => {
      const answer = await askStream({ url: target, signal })
      if (answer.status !== 200) discard(answer)
      return answer
    }
    const answer = await persist(ask, { pace: this.#pace, patience: this.#patience, signal })
    if (answer.status === 200) return answer.body
    throw apiRefusal({ ...answer, body: '' })
  }

  async #authorised(request: HttpRequest, most: number): Promise<HttpBytes> {
    const { signal } = request
    const { tokens } = this.#settings
    const token = await tokens.token(signal)
    const send = async (bearer: string) => {
      await this.#turn(signal)
      const headers = { ...request.headers, authorization: `Bearer ${bearer}` }
      return this.#send({ ...request, headers }, most)
    }
    const answer = await send(token.value.reveal())
    if (answer.status !== 401) return answer
    return send((await tokens.renew(token, signal)).value.reveal())
  }

  async #send(request: HttpRequest, most: number): Promise<HttpBytes> {
    const answer = await askBytes({ ...request, patience: this.#patience }, most)
    const wait = retryAfter(answer, this.#pace)
    if (wait !== undefined) this.#notBefore = Math.max(this.#notBefore, this.#pace.now() + wait)
    // The length of an answer that comes in pieces is not known beforehand, and a proxy may end it early.
    if (answer.status !== 200 || isWholeObject(answer.body)) return answer
    const { host } = new URL(request.url)
    throw new XdrelayError('api_unreachable', `the answer of ${host} was cut off`, { facts: { host } })
  }

  /** Once the API and the budget allow a request. */
  async #turn(signal: AbortSignal): Promise<void> {
    const wait = this.#notBefore - this.#pace.now()
    if (wait > 0) await this.#pace.sleep(wait, signal)
    await this.#budget.take(signal)
  }
}
