import type { ElementTransform, MessageContext, Place } from './documents.ts'
import { failure } from './documents.ts'
import { alertRows } from './items/alert.ts'
import { incidentRows } from './items/incident.ts'
import type { ItemRows, Row } from './items/row.ts'
import { vulnerabilityRows } from './items/vulnerability.ts'
import type { Collected } from './mapping/datasets.ts'
import { isObject, nameOf } from './message.ts'

const rowsOf: Record<Collected, () => ItemRows> = {
  alert: () => alertRows,
  incident: () => incidentRows,
  vulnerability: vulnerabilityRows,
}

/** What an element of an API's page becomes; `time` is that of the page. */
export function itemRows(dataset: Collected): (item: unknown, time: string | undefined) => ReturnType<ItemRows> {
  const rows = rowsOf[dataset]()
  return (item, time) => {
    if (isObject(item)) return rows(item, time)
    return { reason: 'bad_envelope', detail: `The item is ${nameOf(item)}, not an object.`, pointer: '' }
  }
}

/** Makes documents of the items of an API's pages. */
export function itemTransform(dataset: Collected): ElementTransform {
  const rows = itemRows(dataset)
  return (context, item, place) => {
    try {
      const found = rows(item, place.position?.enqueuedTime)
      return 'reason' in found ? found : addRows(context, dataset, found, place)
    } catch (error) {
      return failure(error)
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
  for (const [number, { id, properties, pointer }] of rows.entries()) {
    // An item's text stands in one of its documents; a busy incident has hundreds.
    const original = number === 0 ? place.original : undefined
    const record = { ...place, original, table: dataset, category: dataset, envelope: noEnvelope, properties, id }
    const { document, reject } = mapper.map(record)
    if (reject === undefined) lines.add(JSON.stringify(document), id, dataset, index, place.index)
    else rejected ??= { ...reject, pointer: pointer?.(reject.pointer) ?? reject.pointer }
  }
  return rejected
}
