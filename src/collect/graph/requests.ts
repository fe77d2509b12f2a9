import { classify, XdrelayError } from '../../core/errors.ts'
import type { ApiAnswer, ApiClient } from '../api/client.ts'
import type { Pace } from '../api/pace.ts'
import { apiRefusal } from '../api/refusal.ts'
import type { Ladder, Rung } from './ladder.ts'
import { type GraphPage, readPage } from './page.ts'

/** Enum members that came later are sent to those only who ask for them. */
const headers = { prefer: 'include-unknown-enum-members' }
/** What a server answers that was asked for too much at once. */
const tooMuch = new Set([500, 504])
/** Bytes of an answer beyond which less is asked for, as long as that is possible. */
const mostBytes = 64 << 20
/** Milliseconds that it may take to fail again, so that all ways together are tried within a minute. */
const shakyTime = 15_000
/** Milliseconds between two tries, at least; up to twice as much. */
const pause = 500

/** Reads pages of a collection, each as large as the server can serve. */
export class GraphRequests {
  readonly #api: ApiClient
  readonly #ladder: Ladder
  readonly #pace: Pace

  constructor(api: ApiClient, ladder: Ladder, pace: Pace) {
    this.#api = api
    this.#ladder = ladder
    this.#pace = pace
  }

  /** Throws what a status other than 200 stands for, `status` among its facts. */
  async page(urlOf: (rung: Rung) => string, signal: AbortSignal): Promise<GraphPage & Rung> {
    for (;;) {
      const { rung } = this.#ladder
      const answer = await this.#get(urlOf(rung), signal)
      const page = this.#accepted(answer)
      if (page !== undefined) return { ...page, ...rung }
      if (answer?.status === 400 && this.#ladder.limit(limitOf(answer))) continue
      await this.#failed(answer, signal)
    }
  }

  /** The page behind a link, as it is. Undefined when it is too much for the server: pages are smaller from now on. */
  async linked(link: string, signal: AbortSignal): Promise<GraphPage | undefined> {
    for (;;) {
      const answer = await this.#get(link, signal)
      const page = this.#accepted(answer)
      if (page !== undefined) return page
      if (await this.#failed(answer, signal)) return undefined
    }
  }

  /** Undefined when it took too long, or was too long. */
  async #get(url: string, signal: AbortSignal): Promise<ApiAnswer | undefined> {
    // With no way further down, the server gets all the time there is.
    if (this.#ladder.isLowest) return this.#api.get(url, signal, { headers })
    const limit = this.#ladder.isShaky ? AbortSignal.timeout(shakyTime) : undefined
    try {
      const either = limit === undefined ? signal : AbortSignal.any([signal, limit])
      return await this.#api.get(url, either, { headers, mostBytes, asIs: tooMuch })
    } catch (error) {
      const isTooMuch = limit?.aborted || classify(error).kind === 'api_too_large'
      if (isTooMuch && !signal.aborted) return undefined
      throw error
    }
  }

  /** Of an answer that is one; links are checked before anything of the page is handed on. */
  #accepted(answer: ApiAnswer | undefined): GraphPage | undefined {
    if (answer?.status !== 200) return undefined
    const page = readPage(answer)
    if (page?.nextLink !== undefined) this.#api.follow(page.nextLink)
    if (page !== undefined) this.#ladder.succeeded()
    return page
  }

  /** Whether less is asked for from now on. Throws where trying again would not help. */
  async #failed(answer: ApiAnswer | undefined, signal: AbortSignal): Promise<boolean> {
    const { status } = answer ?? {}
    const { isLowest } = this.#ladder
    if (answer !== undefined && (isLowest || (status !== 200 && !tooMuch.has(answer.status)))) {
      throw status === 200 ? new XdrelayError('api_failed', 'the answer is no page of items') : apiRefusal(answer)
    }
    const isLess = this.#ladder.failed()
    await this.#pace.sleep(pause * (1 + this.#pace.random()), signal)
    return isLess
  }
}

/** `The limit of '50' for Top query has been exceeded.` */
function limitOf({ body }: ApiAnswer): number {
  return Number(/limit of '(\d+)' for Top query/i.exec(body.toString())?.[1] ?? 0)
}
