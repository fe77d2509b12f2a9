import { itemId } from '../ids.ts'
import { toMicros } from '../mapping/dates.ts'
import type { Item, Row } from './row.ts'

/** The document that each version of an item replaces with itself. The item's version has been found to be a date. */
export function currentRow(dataset: 'alert' | 'incident', item: Item): Row {
  return { properties: item, id: itemId(dataset, item.id, item), version: toMicros(item.lastUpdateDateTime as string) }
}
