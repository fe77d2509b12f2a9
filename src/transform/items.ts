import type { ElementTransform, MessageContext, PageTransform } from './documents.ts'
import { failure } from './documents.ts'
import { alertRows } from './items/alert.ts'
import { incidentRows } from './items/incident.ts'
import type { Page, PageRows, Row, Rows } from './items/row.ts'
import { vulnerabilityRows } from './items/vulnerability.ts'
import type { Collected } from './mapping/datasets.ts'
import { isObject, nameOf } from './message.ts'
import type { Place } from './record.ts'

const rowsOf: Record<Collected, () => PageRows> = {
  alert: () => alertRows,
  incident: () => incidentRows,
  vulnerability: vulnerabilityRows,
}

/** What the elements of an API's pages become. */
export function itemRows(dataset: Collected): (page: Page) => (element: unknown) => Rows {
  const rowsOfPage = rowsOf[dataset]()
  return page => {
    const rows = rowsOfPage(page)
    return element =>
      isObject(element)
        ? rows(element)
        : { reason: 'bad_envelope', detail: `The item is ${nameOf(element)}, not an object.` }
  }
}

/** Makes documents of the items of an API's pages. */
export function itemTransform(dataset: Collected): PageTransform {
  const rowsOfPage = itemRows(dataset)
  return (body, position, { current = false }) => {
    const rows = rowsOfPage({ time: position?.enqueuedTime, body, current })
    return (context, element, place) => {
      try {
        const found = rows(element)
        return 'reason' in found ? found : addRows(context, dataset, found, place)
      } catch (error) {
        return failure(error)
      }
    }
  }
}

const noEnvelope = {}

/** Those that can be documents go on; the item is rejected for the first that cannot. */
function addRows(
  { index, lines, mapper }: MessageContext,
  dataset: Collected,
  rows: readonly Row[],
  place: Place,
): ReturnType<ElementTransform> {
  let rejected: ReturnType<ElementTransform>
  for (const [number, { id, properties, pointer, version }] of rows.entries()) {
    // An item's text stands in one of its documents; a busy incident has hundreds.
    const original = number === 0 ? place.original : undefined
    const record = { ...place, original, table: dataset, category: dataset, envelope: noEnvelope, properties, id }
    lines.begin()
    const reject = mapper.map(record)
    if (reject === undefined) {
      lines.add(id, dataset, index, place.index)
      if (version !== undefined) lines.versionOfLast(version)
    } else rejected ??= { ...reject, pointer: pointer?.(reject.pointer) ?? reject.pointer }
  }
  return rejected
}
