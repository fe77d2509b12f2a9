import { isRawJson } from '../digits.ts'
import { flat } from '../flat.ts'
import { referenceSplits, references } from './cells/references.ts'
import { collect } from './cells/sets.ts'
import { conversions, toWords } from './convert.ts'
import { splits } from './split.ts'
import { scalarText } from './values.ts'
import { reads } from './vendor.ts'

const lowered = new Map<string, string>()
const mostLowered = 5000

/** What the compiled functions call, under the name `X`, and whoever explains what they did. */
export const runtime = {
  json: reads.json,
  as: conversions,
  split: splits,
  ref: references,
  parts: referenceSplits,

  /** For comparing: action types and the like, so few that each is lowered once. */
  lower(value: unknown): string {
    const text = scalarText(value) ?? ''
    const known = lowered.get(text)
    if (known !== undefined) return known
    const lower = text.toLowerCase()
    // A text that is a view into a message would keep all of it.
    if (lowered.size < mostLowered && text.length < 100) lowered.set(flat(text), flat(lower))
    return lower
  },

  listHas: (value: unknown, words: ReadonlySet<string>): boolean =>
    toWords(value)?.some(word => words.has(word.toLowerCase())) === true,

  lookup(map: ReadonlyMap<string, unknown>, value: unknown, otherwise: unknown): unknown {
    const found = map.get(runtime.lower(value))
    if (found === undefined) return otherwise
    return found === null ? undefined : found
  },

  /** Adds one value, or each of a list, to a set that keeps its order. */
  add(set: unknown[] | undefined, value: unknown): unknown[] | undefined {
    if (value === undefined) return set
    if (Array.isArray(value)) return value.length === 0 ? set : [...new Set([...(set ?? []), ...value])]
    if (set === undefined) return [value]
    if (!set.includes(value)) set.push(value)
    return set
  },

  collect,

  /** Whether `value` can be read back from a field: the same text, case aside, or the same number. */
  same(field: unknown, value: unknown): boolean {
    if (field === undefined) return false
    if (typeof field === 'string' && typeof value === 'string') {
      return field.length === value.length && field.toLowerCase() === value.toLowerCase()
    }
    if (Array.isArray(field)) return field.some(item => item === value || runtime.same(item, value))
    const [left, right] = [isRawJson(field) ? field.rawJSON : scalarText(field), scalarText(value)]
    return left !== undefined && left.toLowerCase() === right?.toLowerCase()
  },

  /** Whether each text of a list can be read back from one of the fields. */
  hasAll(fields: readonly unknown[], value: unknown): boolean {
    const words = toWords(value)
    return words?.every(word => fields.some(field => runtime.same(field, word))) === true
  },
}
