import type { Item } from './row.ts'

/** The keys of an object that belongs to an item, as columns: `alerts.title`. */
export function columnsBelow(holder: string, object: Item): Item {
  const columns: Record<string, unknown> = {}
  for (const key in object) columns[`${holder}.${key}`] = object[key]
  return columns
}

/** The item, its own keys that look like such columns under other names: they would take the place of those. */
export function withoutColumnsBelow(holders: readonly string[], item: Item): Item {
  const looksLikeOne = (key: string) => key.includes('.') && holders.some(holder => key.startsWith(`${holder}.`))
  if (!Object.keys(item).some(looksLikeOne)) return item
  return Object.fromEntries(
    Object.entries(item).map(([key, value]) => [looksLikeOne(key) ? freeKey(key, item) : key, value]),
  )
}

function freeKey(key: string, taken: Item): string {
  const other = `_${key}`
  return Object.hasOwn(taken, other) ? freeKey(other, taken) : other
}
