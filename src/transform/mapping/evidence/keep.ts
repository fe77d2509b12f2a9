import { isExactNumber } from '../../digits.ts'
import { type Run, kindOf as typeOf } from '../run.ts'
import { clean, isEmpty, scalarText } from '../values.ts'
import { toFlattened, toKeywords, writes } from '../vendor.ts'
import type { WithEvidence } from './evidence-file.ts'
import { type Item, isItem, scalarOf } from './gather.ts'
import { type Entry, type EvidenceKeys, type Keys, nameOf } from './keys.ts'

/** What a field may be called: stranger names are no use in an index, and some it refuses. */
const fieldName = /^[a-z][a-z0-9_]{0,99}$/

type Holder = Record<string, unknown>

/** Writes the vendor copy of items: `snake_case` keys, values in the form of their field, nothing lost. */
export class Keeper {
  readonly #keys: EvidenceKeys
  readonly #isLeftOut: (entry: Entry) => boolean
  readonly #label: string

  /** `label` is the column that holds the evidence. */
  constructor(keys: EvidenceKeys, label: string, dataset: WithEvidence, preserve: boolean) {
    this.#keys = keys
    this.#label = label
    this.#isLeftOut = ({ duplicate }) =>
      duplicate === 'always' || (!preserve && (duplicate === true || duplicate === dataset))
  }

  /** `taken` has the paths whose values stand in ECS fields. Undefined when nothing is left. */
  item(item: Item, taken: ReadonlySet<string>, run: Run): object | undefined {
    return this.#object(item, this.#keys.root, '', taken, run)
  }

  #object(item: Item, keys: Keys, prefix: string, taken: ReadonlySet<string>, run: Run): Holder | undefined {
    const holder: Holder = {}
    for (const key in item) {
      const value = item[key]
      if (isEmpty(value)) continue
      const own = keys.byKey.get(key)
      const entry = own ?? keys.byName.get(nameOf(key))
      if (entry === undefined) this.#unknown(holder, key, value, keys, prefix, run)
      else if (own === undefined || !taken.has(own.path) || !this.#isLeftOut(own))
        this.#known(holder, entry, value, prefix, taken, run)
    }
    return isEmpty(holder) ? undefined : holder
  }

  #known(holder: Holder, entry: Entry, value: unknown, prefix: string, taken: ReadonlySet<string>, run: Run): void {
    const label = `${this.#label}.${prefix}${entry.path}`
    const list = Array.isArray(value) ? value : [value]
    const objects: unknown[] = []
    const scalars: unknown[] = []
    for (const item of list) {
      if (isEmpty(item)) continue
      const isScalar = scalarText(item) !== undefined
      if (isScalar && entry.scalar !== undefined) {
        const written = writes[entry.scalar](scalarOf(item), label, run)
        if (written !== undefined) scalars.push(written)
      } else if (isItem(item) && entry.inner !== undefined) {
        objects.push(this.#object(item, entry.inner, prefix, taken, run))
      } else if (entry.hasObjects) {
        objects.push(this.#open(item, entry, run))
      } else {
        keepBeside(label, item, entry.scalar ?? 'object', run)
      }
    }
    const single = (values: readonly unknown[]) => (Array.isArray(value) ? values : values[0])
    const kept = objects.filter(object => object !== undefined)
    const objectsName = entry.scalar === undefined ? entry.name : `${entry.name}_fields`
    const put = (name: string, found: readonly unknown[], shown: unknown) => {
      if (found.length > 0 && !place(holder, name, shown)) keepBeside(label, shown, 'one value', run)
    }
    put(entry.name, scalars, single(scalars))
    put(objectsName, kept, entry.inner === undefined ? toFlattened(single(kept)) : single(kept))
  }

  /** What is in an object without documented keys of its own, or in a list where none was expected. */
  #open(value: unknown, entry: Entry, run: Run): unknown {
    if (entry.isOpen) return clean(value)
    if (!isItem(value)) return clean(value)
    if (!entry.isEvidence && typeof value['@odata.type'] !== 'string') return clean(inSnakeCase(value))
    // All of it stays: no field says that it came from here.
    return this.#object(value, this.#keys.root, `${entry.path}.`, nothing, run)
  }

  #unknown(holder: Holder, key: string, value: unknown, keys: Keys, prefix: string, run: Run): void {
    const name = nameOf(key)
    const cleaned = clean(value)
    if (cleaned === undefined) return
    // A list is of texts or of objects; Elasticsearch takes no mixture.
    const kept = Array.isArray(cleaned) && toKeywords(cleaned) === undefined ? toFlattened(cleaned) : cleaned
    const isFree = fieldName.test(name) && !keys.reserved.has(name)
    if (!isFree || !place(holder, name, kept)) run.stow(`${this.#label}.${prefix}${key}`, kept)
  }
}

const nothing: ReadonlySet<string> = new Set()

/** With a note, unless it is empty all through. */
export function keepBeside(label: string, value: unknown, expected: string, run: Run): void {
  const cleaned = clean(value)
  if (cleaned !== undefined) run.keep(label, cleaned, expected, isExactNumber(value) ? 'number' : typeOf(value))
}

/** Sets a name with dots for objects below; false when the place is taken. */
function place(holder: Holder, name: string, value: unknown): boolean {
  const parts = name.split('.')
  const leaf = parts.pop()!
  let at = holder
  for (const part of parts) {
    const inner = Object.hasOwn(at, part) ? at[part] : {}
    if (!isItem(inner)) return false
    at[part] = inner
    at = inner as Holder
  }
  if (Object.hasOwn(at, leaf)) return false
  at[leaf] = value
  return true
}

/** Keys at all depths. Two that would become one stay as they are. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase)
  if (!isItem(value)) return value
  const counts = new Map<string, number>()
  for (const key in value) counts.set(nameOf(key), (counts.get(nameOf(key)) ?? 0) + 1)
  // Not an assignment: a key may be `__proto__`.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = nameOf(key)
      return [counts.get(name) === 1 && name !== '' ? name : key, inSnakeCase(inner)]
    }),
  )
}
