import type { Call, Reply } from './reply.ts'

/** What befalls a request instead of, or on top of, its answer. */
export type Fault =
  /** An answer of the given status; with `retryAfter` in seconds. */
  | { readonly kind: 'status'; readonly status: number; readonly code?: string; readonly retryAfter?: number }
  /** The answer breaks off after this share of its bytes, and the connection with it. */
  | { readonly kind: 'cut'; readonly share: number }
  /** Other bytes than the answer's own. */
  | { readonly kind: 'content'; readonly bytes: Uint8Array }
  /** The same page again: the answer is the one before it of the same path. */
  | { readonly kind: 'repeat' }
  /** Status 200 with this body. */
  | { readonly kind: 'body'; readonly text: string }
  /** Nothing for so many milliseconds, then the answer. */
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** The answer, with its next link leading to another host. */
  | { readonly kind: 'foreign_link'; readonly origin: string }

interface Rule {
  readonly path: RegExp
  readonly when: (call: Call) => boolean
  readonly fault: Fault
  left: number
}

/** Scripted misbehaviour of the APIs. Each rule befalls the next `times` requests whose path fits, the oldest rule first. */
export class Faults {
  readonly #rules: Rule[] = []
  readonly #answers = new Map<string, Reply>()

  add(path: RegExp, fault: Fault, times = 1, when: (call: Call) => boolean = () => true): void {
    this.#rules.push({ path, fault, when, left: times })
  }

  /** Ends all that is left. */
  heal(): void {
    this.#rules.length = 0
  }

  next(call: Call): Fault | undefined {
    const rule = this.#rules.find(({ path, when, left }) => left > 0 && path.test(call.url.pathname) && when(call))
    if (rule === undefined) return undefined
    rule.left--
    return rule.fault
  }

  /** The answer that a repeated page gives; remembers this one for the next time. */
  before(path: string, answer: Reply): Reply {
    const last = this.#answers.get(path) ?? answer
    this.#answers.set(path, answer)
    return last
  }
}
