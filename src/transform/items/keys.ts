import type { Item } from './row.ts'

/** Gives keys the known spelling, whatever their case. Of several that are the same then, the others stay as they came. */
export function spelling(known: Iterable<string>): (item: Item) => Item {
  const byLower = new Map([...known].map(key => [key.toLowerCase(), key]))
  return item => {
    const spelt: Record<string, unknown> = {}
    for (const key in item) {
      const wanted = byLower.get(key.toLowerCase()) ?? key
      const isFree = wanted === key || !(Object.hasOwn(item, wanted) || Object.hasOwn(spelt, wanted))
      put(spelt, isFree ? wanted : key, item[key])
    }
    return spelt
  }
}

/** `__proto__` is a key like any other, but not for an assignment. */
function put(holder: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
  } else holder[key] = value
}
