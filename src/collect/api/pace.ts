import { setTimeout as wait } from 'node:timers/promises'

/** Time and chance, as those who wait see them. */
export interface Pace {
  /** Milliseconds since the epoch. */
  now(): number
  /** Rejects with the signal's reason once it aborts. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>
  /** From 0 up to, but not including, 1. */
  random(): number
}

export const realPace: Pace = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    signal.throwIfAborted()
    await wait(milliseconds, undefined, { signal })
  },
  random: () => Math.random(),
}
