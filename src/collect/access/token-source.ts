import { classify } from '../../core/errors.ts'
import { type Pace, realPace } from '../api/pace.ts'
import type { Token } from './token.ts'

/** A token that is kept and renewed. */
export interface TokenSource {
  /** One that is good for some minutes yet, where Entra gives one. Throws what its refusal stands for. */
  token(signal: AbortSignal): Promise<Token>
  /** Another one than `refused`, which the API did not take. */
  renew(refused: Token, signal: AbortSignal): Promise<Token>
}

/** Milliseconds before its end that a token is renewed, at least; up to half as much again, so that replicas do not ask at once. */
const early = 5 * 60_000
/** Milliseconds between two tries while Entra does not answer and the old token still works. */
const again = 30_000

/** `request` asks for a token; one such request is under way at a time. */
export function createTokenSource(
  request: (signal: AbortSignal) => Promise<Token>,
  pace: Pace = realPace,
): TokenSource {
  return new Tokens(request, pace)
}

class Tokens implements TokenSource {
  readonly #request: (signal: AbortSignal) => Promise<Token>
  readonly #pace: Pace
  #current: Token | undefined
  /** When the current one is renewed: milliseconds since the epoch. */
  #due = 0
  #renewal: { readonly token: Promise<Token>; readonly signal: AbortSignal } | undefined

  constructor(request: (signal: AbortSignal) => Promise<Token>, pace: Pace) {
    this.#request = request
    this.#pace = pace
  }

  async token(signal: AbortSignal): Promise<Token> {
    const current = this.#current
    if (current === undefined) return this.#renewed(signal)
    if (this.#pace.now() < this.#due) return current
    try {
      return await this.#renewed(signal)
    } catch (error) {
      const { kind } = classify(error)
      const passes = kind === 'entra_unavailable' || kind === 'api_unreachable'
      if (!passes || this.#pace.now() >= current.expires) throw error
      this.#due = this.#pace.now() + again
      return current
    }
  }

  async renew(refused: Token, signal: AbortSignal): Promise<Token> {
    // Another request met the same refusal and has renewed it already.
    if (this.#current !== undefined && this.#current !== refused) return this.#current
    return this.#renewed(signal)
  }

  async #renewed(signal: AbortSignal): Promise<Token> {
    for (;;) {
      this.#renewal ??= { token: this.#ask(signal), signal }
      const renewal = this.#renewal
      try {
        return await renewal.token
      } catch (error) {
        signal.throwIfAborted()
        // Given up by the one who asked first, which says nothing to the others.
        if (!renewal.signal.aborted) throw error
      } finally {
        if (this.#renewal === renewal) this.#renewal = undefined
      }
    }
  }

  async #ask(signal: AbortSignal): Promise<Token> {
    const token = await this.#request(signal)
    const lifetime = token.expires - this.#pace.now()
    // Half of a lifetime that is shorter than usual, so that it is not renewed with each request.
    const margin = Math.min(early * (1 + this.#pace.random() / 2), lifetime / 2)
    this.#current = token
    this.#due = token.expires - margin
    return token
  }
}
