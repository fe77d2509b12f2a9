import { XdrelayError } from '../../core/errors.ts'

/** How often an answer may be one that was not asked for. */
export const mostStrays = 3

/** The links of a walk. One leads on, also where the page before came twice; a circle of them does not. */
export class Links {
  readonly #times = new Map<string, number>()

  /** Throws `api_failed` for a link that came too often. */
  follow(link: string): string {
    const times = (this.#times.get(link) ?? 0) + 1
    if (times > mostStrays) throw new XdrelayError('api_failed', 'the API gives the same page again and again')
    this.#times.set(link, times)
    return link
  }
}
