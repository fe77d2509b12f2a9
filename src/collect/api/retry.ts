import { classify, type ErrorName } from '../../core/errors.ts'
import { retryAfterOf } from '../../core/retry-after.ts'
import type { HttpHeaders } from './http.ts'
import type { Pace } from './pace.ts'

interface Answer {
  readonly status: number
  readonly headers: HttpHeaders
}

export interface Persistence {
  readonly pace: Pace
  /** Milliseconds, without the waits that the server asked for. */
  readonly patience: number
  readonly maxAttempts?: number
  /** Statuses that end it, though they may pass. */
  readonly asIs?: ReadonlySet<number>
  readonly signal: AbortSignal
}

/** What may be otherwise in a moment. */
const passingStatus = new Set([429, 500, 502, 503, 504])
const passingErrors = new Set<ErrorName>(['api_unreachable', 'entra_unavailable'])
/** Milliseconds: the first wait, which doubles each time, and the longest. */
const firstWait = 500
const longestWait = 30_000
/** Milliseconds: the least and the most that a server may ask to wait, and all such waits of one request together. */
const leastAsked = 1000
const longestAsked = 3_600_000
const mostAsked = 600_000

/**
 * Tries until the answer is none that passes. Gives the last answer, or throws the last error, once tries or patience
 * are used up; an error that does not pass at once, and the signal's reason when it aborts.
 */
export async function persist<T extends Answer>(attempt: () => Promise<T>, how: Persistence): Promise<T> {
  const { pace, signal, maxAttempts = Number.POSITIVE_INFINITY } = how
  const end = pace.now() + how.patience
  let asked = 0
  for (let tries = 1; ; ) {
    const outcome = await outcomeOf(attempt, how)
    if (!outcome.passes || (outcome.status !== undefined && how.asIs?.has(outcome.status))) return outcome.finish()
    const wish = outcome.wait
    const wait = wish ?? backOff(tries, pace)
    if (wish !== undefined) asked += wait
    else tries++
    const isUsedUp = tries > maxAttempts || asked > mostAsked || pace.now() - asked + wait > end
    if (isUsedUp) return outcome.finish()
    await pace.sleep(wait, signal)
  }
}

interface Outcome<T> {
  readonly passes: boolean
  readonly status?: number
  /** Milliseconds that the server asked for. */
  readonly wait?: number | undefined
  /** Gives the answer, or throws the error. */
  finish(): T
}

async function outcomeOf<T extends Answer>(
  attempt: () => Promise<T>,
  { pace, signal }: Persistence,
): Promise<Outcome<T>> {
  try {
    const answer = await attempt()
    const { status } = answer
    return { passes: passingStatus.has(status), status, wait: retryAfter(answer, pace), finish: () => answer }
  } catch (error) {
    signal.throwIfAborted()
    const finish = () => {
      throw error
    }
    return { passes: passingErrors.has(classify(error).kind), finish }
  }
}

/** With a random part, so that those who failed together do not come back together. */
function backOff(tries: number, pace: Pace): number {
  return Math.min(longestWait, firstWait * 2 ** (tries - 1)) * (0.5 + pace.random() / 2)
}

/** Milliseconds that the answer asks to wait; a date is one of the server's own clock, where it tells what that says. */
export function retryAfter({ status, headers }: Answer, pace: Pace): number | undefined {
  if (!passingStatus.has(status)) return undefined
  const wait = retryAfterOf(headers['retry-after'], Date.parse(String(headers.date)) || pace.now())
  return wait === undefined ? undefined : Math.min(Math.max(wait, leastAsked), longestAsked)
}
