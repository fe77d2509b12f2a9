import { expect, test } from 'vitest'
import { createAlertsCollector } from '../../../src/collect/graph/alerts.ts'
import { createIncidentsCollector } from '../../../src/collect/graph/incidents.ts'
import { Random } from '../../../src/emulator/generator/random.ts'
import type { Fault } from '../../../src/emulator/microsoft/faults.ts'
import { connected, type Item, Reader, versionOf } from '../support.ts'

const interval = 60_000
const passes = 20

const faults: readonly Fault[] = [
  { kind: 'status', status: 429, retryAfter: 3 },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 504 },
  { kind: 'cut', share: 0.6 },
  { kind: 'body', text: '{"value":[{"id":"a","lastUpdateDateTime":' },
  { kind: 'repeat' },
  { kind: 'foreign_link', origin: 'https://evil.example' },
]

interface Life {
  readonly from: number
  to: number
}

/** When each version was the current one, by the server's clock. */
class Lives {
  readonly #lives = new Map<string, Life>()

  see(items: Iterable<Pick<Item, 'id' | 'lastUpdateDateTime'>>, now: number): void {
    for (const item of items) {
      const version = versionOf(item)
      const life = this.#lives.get(version)
      if (life === undefined) this.#lives.set(version, { from: now, to: now })
      else life.to = now
    }
  }

  /** Those that are current now, or were for three intervals. */
  due(now: number): string[] {
    return [...this.#lives].filter(([, { from, to }]) => to === now || to - from >= 3 * interval).map(([name]) => name)
  }

  get count(): number {
    return this.#lives.size
  }
}

test.each(
  (['alert', 'incident'] as const).flatMap(dataset => ['one', 'two', 'three'].map(seed => [dataset, seed] as const)),
)(
  'each %s version that is current at the end, or was for three intervals, arrives once (%s)',
  async (dataset, seed) => {
    const random = new Random(seed)
    const { service, api, pace } = await connected({
      seed,
      start: Date.parse('2026-03-01T08:00:00Z'),
      mostAlerts: 40,
      filterByIncident: seed === 'two',
      ordered: seed !== 'three',
      ...(seed === 'one' && { digits: 0 }),
    })
    const { store } = service
    const current = () => (dataset === 'alert' ? store.alerts : store.incidents).values() as Iterable<Item>
    const settings = { api, endpoint: service.url, since: 86_400_000, overlap: 300_000, probe: async () => '', pace }
    const create = () =>
      dataset === 'alert'
        ? createAlertsCollector(settings)
        : createIncidentsCollector({ ...settings, expandAlerts: true })
    const lives = new Lives()
    /** Changes that the tenant still makes in this pass. */
    let left = 0
    const change = () => {
      if (left-- <= 0) return
      pace.advance(random.below(400))
      if (random.chance(0.3)) store.add(random.below(4), pace.now())
      store.change(random.below(4), pace.now())
      lives.see(current(), pace.now())
    }
    store.add(150, pace.now() - 3_600_000)
    // The tenant goes on living between any two requests.
    const live = () => {
      service.faults.heal()
      service.faults.add(/security/, { kind: 'delay', milliseconds: 0 }, 1, () => {
        change()
        return false
      })
    }
    const items: Item[] = []
    let state: string | undefined
    let faulty = 0
    let isFaulty = false
    let collector = create()
    for (let pass = 0; pass < passes; pass++) {
      const isCalm = pass >= passes - 3
      left = isCalm ? 0 : 20
      live()
      // Not in each: three intervals are enough only where one pass of them gets what there is.
      isFaulty = !isCalm && !isFaulty && random.chance(0.8)
      if (isFaulty) faulty++
      if (isFaulty) service.faults.add(/security/, random.pick(faults), random.between(1, 3))
      if (random.chance(0.2)) collector = create()
      const reader = new Reader(collector, state)
      await reader.pass().catch(() => {})
      items.push(...reader.items)
      state = reader.state
      while (left > 0) change()
      pace.advance(interval)
      lives.see(current(), pace.now())
    }
    expect(faulty).toBeGreaterThan(passes / 4)
    expect(lives.count).toBeGreaterThan(200)
    const arrived = dataset === 'alert' ? items.map(versionOf) : items.flatMap(pairsOf)
    expect(arrived.filter((version, index) => arrived.indexOf(version) !== index)).toEqual([])
    const versions = new Set(items.map(versionOf))
    expect(lives.due(pace.now()).filter(version => !versions.has(version))).toEqual([])
    if (dataset === 'incident') {
      const pairs = [...store.incidents.values()].flatMap(incident => pairsOf(store.expanded(incident) as never))
      expect(pairs.filter(pair => !arrived.includes(pair))).toEqual([])
    }
  },
)

function pairsOf(incident: Item): string[] {
  return (incident.alerts as Item[]).map(alert => `${versionOf(incident)} / ${versionOf(alert)}`)
}
