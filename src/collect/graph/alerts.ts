import type { ApiClient } from '../api/client.ts'
import { type Pace, realPace } from '../api/pace.ts'
import type { Collector } from '../collector.ts'
import { GraphCollector, type IsNew } from './collector.ts'
import { Ladder } from './ladder.ts'
import { GraphList } from './list.ts'
import type { GraphItem } from './page.ts'
import type { Piece } from './progress.ts'

export interface GraphSettings {
  readonly api: ApiClient
  /** Scheme, host and port. */
  readonly endpoint: string
  /** Milliseconds before the first start that are looked at. */
  readonly since: number
  /** Milliseconds before the cursor that are looked at again. */
  readonly overlap: number
  /** Proves that the collection can be read, see `probeCollector`. */
  readonly probe: (signal: AbortSignal) => Promise<string>
  readonly pace?: Pace
}

/** Each version of each alert that is there when it is looked at. */
export function createAlertsCollector({ pace = realPace, ...settings }: GraphSettings): Collector {
  const list = alertsList({ ...settings, pace })
  return new GraphCollector({ ...settings, pace, list, dataset: 'alert', pieces: newAlerts })
}

export function alertsList({
  api,
  endpoint,
  pace,
}: Pick<GraphSettings, 'api' | 'endpoint'> & { pace: Pace }): GraphList {
  const rungs = [1000, 250, 50, 10].map(top => ({ top, expand: false }))
  const ladder = new Ladder(rungs, { pages: 10 }, pace)
  return new GraphList({ api, endpoint, collection: 'alerts_v2', ladder, pace })
}

async function* newAlerts(items: readonly GraphItem[], isNew: IsNew): AsyncGenerator<Piece, void> {
  for (const { slice, key, instant } of items) if (isNew(key, instant)) yield { parts: [slice], keys: [key], instant }
}
