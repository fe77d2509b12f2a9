import { versionId } from '../ids.ts'
import { holders } from '../mapping/datasets.ts'
import { isEmpty } from '../mapping/values.ts'
import { isObject } from '../message.ts'
import { columnsBelow, withoutColumnsBelow } from './columns.ts'
import { currentRow } from './current.ts'
import type { Item, PageRows, Row } from './row.ts'
import { versionProblem } from './version.ts'

/**
 * Each update of an incident is a document for each of its alerts, or one if it has none. The alert's keys become
 * columns: `alerts.title`. Its current state is the incident alone: alerts move from one to another.
 */
export const incidentRows: PageRows =
  ({ current }) =>
  item => {
    const problem = versionProblem(item)
    if (problem !== undefined) return problem
    const { alerts, ...rest } = item
    const incident = withoutColumnsBelow(holders.incident, rest)
    return [...versionRows(incident, alerts), ...(current ? [currentRow('incident', incident)] : [])]
  }

function versionRows(incident: Item, alerts: unknown): Row[] {
  if (!Array.isArray(alerts)) return [row(incident, undefined, alerts === undefined ? {} : { alerts })]
  const pairs = alerts.flatMap((alert: unknown, index) => (isEmpty(alert) ? [] : [pair(incident, alert, index)]))
  return pairs.length === 0 ? [row(incident, undefined, {})] : pairs
}

function pair(incident: Item, alert: unknown, index: number): Row {
  // No object: it is kept as it came.
  const columns = isObject(alert) ? columnsBelow('alerts', alert) : { alerts: alert }
  const pointer = (column: string) => column.replace(/^\/alerts(\.|$)/, (_, dot) => `/alerts/${index}${dot && '/'}`)
  return { ...row(incident, alert, columns), pointer }
}

function row(incident: Item, alert: unknown, columns: Item): Row {
  const { id, lastUpdateDateTime } = incident
  const { id: alertId, lastUpdateDateTime: alertVersion } = isObject(alert) ? alert : {}
  const further = alertId === undefined || alertVersion === undefined ? [alert] : [alertId, alertVersion]
  return {
    properties: { ...incident, ...columns },
    id: versionId('incident', [id, lastUpdateDateTime], further, [incident, alert ?? null]),
  }
}
