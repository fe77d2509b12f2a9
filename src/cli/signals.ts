/** What the operator asked for: `stop` finishes what is under way, `abort` gives up now. */
export interface StopSignals {
  readonly stop: AbortSignal
  readonly abort: AbortSignal
  /** Takes the listeners off again. */
  release(): void
}

/** npm and terminals send a signal twice; what comes within this many milliseconds counts as one. */
const oneRequest = 1000

/** SIGHUP comes when a terminal closes, with work under way as with the others. */
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/** The first signal stops, a later second one aborts. */
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
  for (const signal of signals) process.on(signal, onSignal)
  return {
    stop: stop.signal,
    abort: abort.signal,
    release() {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}
