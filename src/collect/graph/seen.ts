import { createHash } from 'node:crypto'
import type { Instant } from '../instant.ts'

/** Characters of a key: 66 bits, so that two of them are never taken for one another. */
const width = 11
const minuteWidth = '2026-03-01T08:15'.length

/** Names a version, or a pair of versions, in few characters. */
export function keyOf(...parts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:${part}`)
  return hash.digest('base64url').slice(0, width)
}

/** What has been handed on already and may be answered once more, with the moment of its last update. */
export class Seen {
  readonly #keys: Map<string, Instant>

  constructor(keys: Iterable<readonly [string, Instant]> = []) {
    this.#keys = new Map(keys)
  }

  has(key: string): boolean {
    return this.#keys.has(key)
  }

  add(key: string, instant: Instant): void {
    this.#keys.set(key, instant)
  }

  /** Leaves out what no answer holds any more. */
  forgetBefore(instant: Instant): void {
    for (const [key, at] of this.#keys) if (at < instant) this.#keys.delete(key)
  }

  get newest(): Instant | undefined {
    let newest: Instant | undefined
    for (const at of this.#keys.values()) if (newest === undefined || at > newest) newest = at
    return newest
  }

  /** The newest of them in up to `most` characters: those of each minute, one after the other. */
  encode(most: number): Encoded {
    const minutes: Record<string, string> = {}
    let left = most
    for (const [key, at] of [...this.#keys].sort(([, a], [, b]) => (a < b ? 1 : a > b ? -1 : 0))) {
      const minute = at.slice(0, minuteWidth)
      left -= width + (minutes[minute] === undefined ? minuteWidth + 6 : 0)
      if (left < 0) break
      minutes[minute] = (minutes[minute] ?? '') + key
    }
    return minutes
  }

  /** Kept until the end of their minute, and so long enough. */
  static decode(minutes: Encoded): Seen {
    const entries = Object.entries(minutes).flatMap(([minute, keys]) =>
      (keys.match(/.{11}/g) ?? []).map(key => [key, `${minute}:59.9999999Z`] as const),
    )
    return new Seen(entries)
  }
}

/** Keys by the minute of their last update, such as `2026-03-01T08:15`. */
export type Encoded = Readonly<Record<string, string>>
