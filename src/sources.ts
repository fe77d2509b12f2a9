import { createCollector, cursorName, wantsCurrent } from './collect/kinds.ts'
import { createCollectorSource } from './collect/source.ts'
import { type Config, isEventHub } from './config.ts'
import { createEventHubSource } from './consumer/source.ts'
import type { XdrelayError } from './core/errors.ts'
import type { Log } from './core/log.ts'
import type { Metrics } from './core/metrics.ts'
import type { RewindableSource } from './core/types.ts'
import { createCursorStore } from './storage/cursor-store.ts'

export interface SourceDeps {
  readonly log: Log
  readonly metrics: Metrics
  /** The id of this process. */
  readonly pid: number
  /** Bytes of messages that may wait in the SDK of each event hub. */
  readonly prefetchBytes: number
  /** Called by a source that cannot be brought back to life. */
  readonly fatal: (error: XdrelayError) => void
}

/** All sources of the configuration, in its order. Throws `credential_unreadable` or `cloud_mismatch`. */
export function createSources({ sources, checkpoints }: Config, deps: SourceDeps): RewindableSource[] {
  return sources.map(source => {
    const { name } = source
    if (isEventHub(source)) return createEventHubSource({ ...deps, name, options: source.options, checkpoints })
    const store = createCursorStore(checkpoints, cursorName(name, source), deps)
    return createCollectorSource({
      ...deps,
      name,
      collector: createCollector(source),
      every: source.options.every,
      current: wantsCurrent(source),
      store,
    })
  })
}
