import { membersOf } from '../api/json-parts.ts'
import { realPace } from '../api/pace.ts'
import type { Collector } from '../collector.ts'
import type { GraphSettings } from './alerts.ts'
import { GraphCollector, type IsNew } from './collector.ts'
import { IncidentAlerts } from './incident-alerts.ts'
import { Ladder, type Rung } from './ladder.ts'
import { GraphList } from './list.ts'
import type { GraphItem } from './page.ts'
import { mostBytes, type Piece } from './progress.ts'
import { keyOf } from './seen.ts'

export interface IncidentSettings extends GraphSettings {
  /** Asks for the alerts inside the incidents; otherwise, or where the service cannot, they are asked for by themselves. */
  readonly expandAlerts: boolean
}

/** Milliseconds until the service is asked again for what it could not serve. */
const healthyAgain = 3_600_000
const plain: readonly Rung[] = [50, 10].map(top => ({ top, expand: false }))
const expanded: readonly Rung[] = [50, 10].map(top => ({ top, expand: true }))

/**
 * Each pair of an incident's version and an alert's version in it, as incidents that hold those of their alerts that are
 * new: an alert that changed while its incident did not is handed on without the others.
 */
export function createIncidentsCollector({ pace = realPace, ...settings }: IncidentSettings): Collector {
  const { api, endpoint, expandAlerts } = settings
  const rungs = expandAlerts ? [...expanded, ...plain] : plain
  const ladder = new Ladder(rungs, { milliseconds: healthyAgain }, pace)
  const list = new GraphList({ api, endpoint, collection: 'incidents', ladder, pace })
  const alerts = new IncidentAlerts(api, endpoint, pace)
  const pieces = async function* (items: readonly GraphItem[], isNew: IsNew, signal: AbortSignal) {
    let index = 0
    const isKnown = ({ key, instant }: GraphItem) => !isNew(key, instant)
    for await (const inside of alerts.of(items, isKnown, signal)) yield* piecesOf(items[index++]!, inside, isNew)
  }
  return new GraphCollector({ ...settings, pace, list, dataset: 'incident', pieces })
}

/** An incident with many alerts comes in several pieces; one without any, or what is no incident, in one. */
function* piecesOf(incident: GraphItem, alerts: readonly GraphItem[], isNew: IsNew): Generator<Piece, void> {
  const { instant, key, slice } = incident
  if (alerts.length === 0) {
    if (isNew(key, instant)) yield { parts: slice[0] === brace ? [head(incident), end] : [slice], keys: [key], instant }
    return
  }
  const pairs = new Map(alerts.map(alert => [keyOf(key, alert.key), alert.slice]))
  let parts: Uint8Array[] = []
  let keys: string[] = []
  let bytes = 0
  for (const [pair, text] of pairs) {
    if (!isNew(pair, instant)) continue
    if (parts.length > 0 && bytes + text.length > mostBytes / 2) {
      yield { parts: [head(incident), ...parts, end], keys, instant }
      ;[parts, keys, bytes] = [[], [], 0]
    }
    parts.push(...(parts.length > 0 ? [comma, text] : [text]))
    keys.push(pair)
    bytes += text.length
  }
  if (parts.length > 0) yield { parts: [head(incident), ...parts, end], keys: [key, ...keys], instant }
}

const brace = 0x7b
const comma = Buffer.from(',')
const end = Buffer.from(']}')

/** The incident's own text without its alerts and what is said of them, up to the bracket behind which alerts stand. */
function head({ slice }: GraphItem): Buffer {
  const own = membersOf(slice)?.filter(({ key }) => key !== 'alerts' && !key.startsWith('alerts@')) ?? []
  const members = own.flatMap(({ whole }) => [whole, comma])
  return Buffer.concat([Buffer.from('{'), ...members, Buffer.from('"alerts":[')])
}
