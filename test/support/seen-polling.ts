import type { Fault } from '../../src/emulator/microsoft/faults.ts'
import type { Call, Reply } from '../../src/emulator/microsoft/reply.ts'

/** How somebody polls the alerts of a stand-in, as its answers show. */
export class SeenPolling {
  /** When each pass began that came after one which was answered to its end: milliseconds since the epoch. */
  readonly begins: number[] = []
  readonly faults: Record<string, number> = {}
  requests = 0
  /** Next links that were followed, as happens where a moment has more items than a page. */
  links = 0
  /** Whether the last page said that more is behind it. */
  goesOn = false
  #filter: string | null = null
  #isOver = true
  #isLinked = false

  answered({ url, now }: Call, { status, body }: Reply, fault: Fault | undefined): void {
    if (!url.pathname.endsWith('/alerts_v2')) return
    this.requests++
    if (fault !== undefined) {
      const name = fault.kind === 'status' ? String(fault.status) : fault.kind
      this.faults[name] = (this.faults[name] ?? 0) + 1
    }
    const filter = url.searchParams.get('$filter')
    const isLink = url.searchParams.has('$skiptoken')
    // A moment that filled more than a page is asked for again with the same filter, in the same pass.
    const isAgain = this.#isLinked && filter === this.#filter
    if (this.#isOver && !isLink && !isAgain) {
      this.begins.push(now)
      this.#isLinked = false
    }
    if (isLink) this.links++
    this.#isLinked ||= isLink
    this.#filter = filter
    if (status === 200) this.goesOn = '@odata.nextLink' in (body as object)
    this.#isOver = fault === undefined && status === 200 && !this.goesOn
  }

  /**
   * Whether what was there from `from` to `to` was there for so many intervals, each from one pass to the next that began
   * `least` milliseconds later.
   */
  hadIntervals(count: number, from: number, to: number, least = 1): boolean {
    let at: number | undefined = from - least
    for (let begun = 0; begun <= count && at !== undefined; begun++) {
      const earliest: number = at + least
      at = this.begins.find(begin => begin >= earliest)
    }
    return at !== undefined && at <= to
  }
}
