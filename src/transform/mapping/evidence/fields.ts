import { jsonText } from '../values.ts'

/** ECS fields as lists without doubles, in the order in which values come; a few are sorted. Linear in their number. */
export class FieldLists {
  readonly #lists = new Map<string, Map<unknown, unknown>>()
  readonly #sorted: ReadonlySet<string>

  constructor(sorted: ReadonlySet<string>) {
    this.#sorted = sorted
  }

  add(field: string, value: unknown): void {
    const list = this.#lists.get(field) ?? new Map<unknown, unknown>()
    if (list.size === 0) this.#lists.set(field, list)
    // A number that a double cannot hold is an object, and another one each time.
    const key = typeof value === 'object' ? jsonText(value) : value
    if (!list.has(key)) list.set(key, value)
  }

  result(): Record<string, unknown[]> {
    return Object.fromEntries(
      [...this.#lists].map(([field, list]) => {
        const values = [...list.values()]
        return [field, this.#sorted.has(field) ? values.sort(bySize) : values]
      }),
    )
  }
}

function bySize(left: unknown, right: unknown): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  const difference = BigInt(jsonText(left)) - BigInt(jsonText(right))
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}
