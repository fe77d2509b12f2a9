/** What the operator asked for: `stop` finishes what is under way, `abort` gives up now. */
export interface StopSignals {
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  /** Takes the listeners off again. */
  release(): void
}

/** npm and terminals send a signal twice; what comes within this many milliseconds counts as one. */
const oneRequest = 1000

/** First SIGTERM or SIGINT stops, a later second one aborts. */
export function listenForSignals(say: (text: string) => void): StopSignals {
  const stop = new AbortController()
  const abort = new AbortController()
  let first: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    if (first === undefined) {
      first = Date.now()
      say(`${signal}: finishing what is under way; once more to give up now`)
      stop.abort()
    } else if (Date.now() - first >= oneRequest) {
      say(`${signal} again: giving up`)
      abort.abort()
    }
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  return {
    stop: stop.signal,
    abort: abort.signal,
    release: () => void process.off('SIGTERM', onSignal).off('SIGINT', onSignal),
  }
}
