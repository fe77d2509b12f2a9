import { isExactNumber } from '../../digits.ts'
import { conversions } from '../convert.ts'
import type { Observer } from '../observer.ts'
import type { Source } from '../rule.ts'
import { runtime } from '../runtime.ts'
import { isEmpty, scalarText } from '../values.ts'
import type { EvidenceRule } from './evidence-file.ts'
import type { FieldLists } from './fields.ts'
import type { EvidenceKeys } from './keys.ts'

export type Item = Readonly<Record<string, unknown>>

/** A rule and its sources, split at their dots. */
interface Step {
  readonly rule: EvidenceRule['rule']
  readonly sources: readonly { readonly path: string; readonly keys: readonly string[]; readonly isDate: boolean }[]
}

/** Applies rules to items of evidence. */
export class Gatherer {
  readonly #rules: readonly EvidenceRule[]
  readonly #keys: EvidenceKeys
  readonly #observer: Observer | undefined
  /** By kind; those without rules of their own are one. */
  readonly #steps = new Map<string, readonly Step[]>()
  readonly #ownRules: ReadonlySet<string>

  constructor(rules: readonly EvidenceRule[], keys: EvidenceKeys, observer: Observer | undefined) {
    this.#rules = rules
    this.#keys = keys
    this.#observer = observer
    this.#ownRules = new Set(rules.flatMap(({ kinds }) => [...(kinds ?? [])]))
  }

  /** Adds what the item gives to `fields`; returns the paths of keys all of whose values one field took as they are. */
  gather(item: Item, fields: FieldLists): ReadonlySet<string> {
    const taken = new Set<string>()
    for (const step of this.#stepsFor(kindOf(item))) this.#apply(step, item, fields, taken)
    this.#gatherNested(item, fields)
    return taken
  }

  #stepsFor(kind: string): readonly Step[] {
    const key = this.#ownRules.has(kind) ? kind : ''
    const known = this.#steps.get(key)
    if (known !== undefined) return known
    const steps = this.#rules
      .filter(({ kinds }) => kinds === undefined || kinds.has(kind))
      .map(({ rule }) => ({ rule, sources: rule.sources.map(source => this.#source(source)) }))
    this.#steps.set(key, steps)
    return steps
  }

  #source(source: Source): Step['sources'][number] {
    const path = pathOf(source)
    return { path, keys: path.split('.'), isDate: this.#keys.root.byKey.get(path)?.scalar === 'date' }
  }

  #apply(step: Step, item: Item, fields: FieldLists, taken: Set<string>): void {
    const { rule, sources } = step
    if (rule.constant !== undefined) this.#add(rule, rule.constant, fields)
    // An item has a few of the keys that there are rules for.
    else if (sources.every(({ keys: [first] }) => item[first!] === undefined)) return
    else if (rule.together) this.#applyTogether(step, item, fields, taken)
    else {
      const found = sources.map(({ path, keys }) => ({ path, ...valuesAt(item, keys) }))
      const first = found.find(({ values }) => values.length > 0)
      if (first !== undefined && this.#applyEach(rule, first.values, fields) && first.isAll) taken.add(first.path)
    }
  }

  /** Whether the field has all the values as they are. */
  #applyEach(rule: Step['rule'], values: readonly unknown[], fields: FieldLists): boolean {
    let isSame = true
    for (const value of values) {
      const result = convert(rule, [value])
      if (result === undefined || !runtime.same(result, value)) isSame = false
      if (result !== undefined) this.#add(rule, result, fields)
    }
    return isSame
  }

  /** Dates are given to a conversion of several values as they stand in ECS fields. */
  #applyTogether({ rule, sources }: Step, item: Item, fields: FieldLists, taken: Set<string>): void {
    const found = sources.map(({ path, keys, isDate }) => ({ path, isDate, ...valuesAt(item, keys) }))
    const result = convert(
      rule,
      found.map(({ values: [value], isDate }) => (isDate ? conversions.date(value) : value)),
    )
    if (result === undefined) return
    this.#add(rule, result, fields)
    for (const { path, values, isAll } of found) {
      if (isAll && values.length === 1 && runtime.same(result, values[0])) taken.add(path)
    }
  }

  #add(rule: Step['rule'], value: unknown, fields: FieldLists): void {
    fields.add(rule.add, value)
    this.#observer?.rule(rule, rule.add, value)
  }

  /** Evidence inside of evidence plays another part than its holder, so it only says what the alert is related to. */
  #gatherNested(item: Item, fields: FieldLists): void {
    for (const key in item) {
      const value = item[key]
      if (typeof value !== 'object' || value === null || isExactNumber(value)) continue
      const entry = this.#keys.root.byKey.get(key)
      if (entry?.isOpen === true) continue
      for (const inner of Array.isArray(value) ? value : [value]) {
        if (!isItem(inner)) continue
        if (entry?.isEvidence === true || typeof inner['@odata.type'] === 'string') this.#relate(inner, fields)
        this.#gatherNested(inner, fields)
      }
    }
  }

  #relate(item: Item, fields: FieldLists): void {
    for (const step of this.#stepsFor(kindOf(item))) {
      if (step.rule.add.startsWith('related.')) this.#apply(step, item, fields, new Set())
    }
  }
}

/** Of a key of the item, or of one inside of it. */
function pathOf(source: Source): string {
  if (source.kind !== 'column') return ''
  return source.key === undefined ? source.column : `${source.column}.${source.key}`
}

/** `deviceEvidence`; empty for an item that does not say. */
export function kindOf(item: Item): string {
  const type = item['@odata.type']
  return typeof type === 'string' ? type.slice(type.lastIndexOf('.') + 1) : ''
}

export function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isExactNumber(value)
}

/** The texts, numbers and booleans at a path, of each element where there is a list, and whether there is nothing else. */
function valuesAt(item: Item, keys: readonly string[]): { values: unknown[]; isAll: boolean } {
  const [first = '', ...rest] = keys
  let holders: unknown = item[first]
  for (const key of rest) holders = listOf(holders).flatMap(holder => (isItem(holder) ? holder[key] : []))
  const found = listOf(holders).filter(value => !isEmpty(value))
  const values = found.map(scalarOf).filter(value => value !== undefined)
  return { values, isAll: values.length === found.length }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** Numbers beyond 2^53 as their digits; undefined for objects and lists. */
export function scalarOf(value: unknown): unknown {
  const isWhole = typeof value !== 'number' || Number.isInteger(value)
  return typeof value === 'boolean' || Number.isSafeInteger(value) || !isWhole ? value : scalarText(value)
}

function convert({ as, map, otherwise }: Step['rule'], values: readonly unknown[]): unknown {
  let [result] = values
  let inputs = values
  for (const name of as) {
    result = (conversions[name as keyof typeof conversions] as (...inputs: unknown[]) => unknown)(...inputs)
    if (result === undefined) return undefined
    inputs = [result]
  }
  if (map !== undefined) return runtime.lookup(map, result, otherwise === 'same' ? result : otherwise)
  return as.length === 0 ? scalarText(result) : result
}
