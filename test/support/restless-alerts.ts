import { onTestFinished } from 'vitest'
import type { SecurityStore } from '../../src/emulator/microsoft/security-store.ts'

interface Alert {
  readonly id: string
  readonly lastUpdateDateTime: string
}

/**
 * The alerts of a stand-in, which become more and change without end. One changes only once its version has arrived
 * everywhere, since nobody can see one that is gone: so each version that ever was has to arrive.
 */
export class RestlessAlerts {
  /** All that ever were, by name. */
  readonly versions = new Map<string, Alert>()
  readonly stop: () => void
  readonly #store: SecurityStore
  readonly #arrived: (version: string) => boolean
  #time = 0

  /** The stand-in has to write dates with three digits: they name a version in a document. */
  constructor(store: SecurityStore, arrived: (version: string) => boolean) {
    this.#store = store
    this.#arrived = arrived
    const timer = setInterval(() => this.#move(), 300)
    this.stop = () => clearInterval(timer)
    onTestFinished(this.stop)
  }

  /** A new one, and changes of the two that have been the same for the longest time. */
  #move(): void {
    const { alerts } = this.#store
    this.#time = Math.max(Date.now(), this.#time + 1)
    const lastUpdateDateTime = new Date(this.#time).toISOString()
    const ready = [...alerts.values()].filter(alert => this.#arrived(versionName(alert.id, alert.lastUpdateDateTime)))
    const oldest = ready.toSorted((one, other) => (one.lastUpdateDateTime < other.lastUpdateDateTime ? -1 : 1))
    const changed = oldest.slice(0, 2).map(alert => ({ ...alert, status: 'inProgress', lastUpdateDateTime }))
    for (const alert of changed) alerts.set(alert.id, alert)
    const before = new Set(alerts.keys())
    this.#store.add(1, this.#time)
    const added = [...alerts.values()].filter(({ id }) => !before.has(id))
    for (const alert of [...changed, ...added]) {
      this.versions.set(versionName(alert.id, alert.lastUpdateDateTime), alert)
    }
  }
}

export function versionName(id: string, lastUpdate: string): string {
  return `${id} ${lastUpdate}`
}

/** Of a document of an alert, whose time is that of its last update. */
export function versionOfDocument(document: { '@timestamp': string; event: { id: string } }): string {
  return versionName(document.event.id, document['@timestamp'])
}
