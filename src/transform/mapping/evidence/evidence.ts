import type { Observer } from '../observer.ts'
import type { Run } from '../run.ts'
import { isEmpty } from '../values.ts'
import { type EvidenceFile, evidenceRules, type WithEvidence } from './evidence-file.ts'
import { FieldLists } from './fields.ts'
import { Gatherer, type Item, isItem, kindOf } from './gather.ts'
import { Keeper, keepBeside } from './keep.ts'
import type { EvidenceKeys } from './keys.ts'

/** What the evidence of an alert comes to. */
export interface EvidenceResult {
  /** ECS fields by their paths; every value is a list. */
  readonly fields: Readonly<Record<string, readonly unknown[]>>
  /** The items as the vendor field holds them; undefined for none. */
  readonly kept: readonly object[] | undefined
}

export interface EvidenceOptions {
  readonly dataset: WithEvidence
  /** The column that holds the evidence: for notes and drift. */
  readonly label: string
  readonly preserveDuplicates: boolean
}

/** Maps the evidence of a dataset's alerts. Linear in the number of items. */
export class Evidence {
  /** The fields that its rules can set. */
  readonly fields: readonly string[]
  readonly #file: EvidenceFile
  readonly #keys: EvidenceKeys
  readonly #gatherer: Gatherer
  readonly #keeper: Keeper
  readonly #label: string

  constructor(file: EvidenceFile, keys: EvidenceKeys, options: EvidenceOptions, observer?: Observer) {
    const rules = evidenceRules(options.dataset, file)
    this.#file = file
    this.#keys = keys
    this.#label = options.label
    this.fields = [...new Set(rules.map(({ rule }) => rule.add))]
    this.#gatherer = new Gatherer(rules, keys, observer)
    this.#keeper = new Keeper(keys, options.label, options.dataset, options.preserveDuplicates)
  }

  /** `value` is within the limits. What is no list of objects is kept beside, with a note. */
  map(value: unknown, run: Run): EvidenceResult {
    const items = Array.isArray(value) ? value : [value]
    const fields = new FieldLists(this.#file.sorted)
    const kept: object[] = []
    for (const item of items) {
      if (isEmpty(item)) continue
      if (!isItem(item)) {
        keepBeside(this.#label, item, 'object', run)
        continue
      }
      const taken = this.#gatherer.gather(item, fields)
      this.#report(item, run)
      const rest = this.#keeper.item(item, taken, run)
      if (rest !== undefined) kept.push(rest)
    }
    return { fields: fields.result(), kept: kept.length === 0 ? undefined : kept }
  }

  /** Kinds and keys that no schema knows are new to us: kept, and counted. */
  #report(item: Item, run: Run): void {
    const kind = kindOf(item)
    const known = this.#keys.kinds.get(kind)
    if (known === undefined) {
      run.newColumn(`${this.#label}.${kind}`, item, this.#label)
      return
    }
    for (const key in item) {
      if (!known.has(key)) run.newColumn(`${this.#label}.${kind}.${key}`, item[key], this.#label)
    }
  }
}
