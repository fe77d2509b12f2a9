import type { Column } from '../names.ts'
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
  /** The column that holds the evidence. */
  readonly column: Pick<Column, 'label' | 'name'>
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
  readonly #name: string

  constructor(file: EvidenceFile, keys: EvidenceKeys, options: EvidenceOptions, observer?: Observer) {
    const rules = evidenceRules(options.dataset, file)
    this.#file = file
    this.#keys = keys
    this.#label = options.column.label
    this.#name = options.column.name
    this.fields = [...new Set(rules.map(({ rule }) => rule.add))]
    this.#gatherer = new Gatherer(rules, keys, observer)
    this.#keeper = new Keeper(keys, options.column.label, options.dataset, options.preserveDuplicates)
  }

  /** `value` is within the limits. What is no list of objects is kept beside, with a note. */
  map(value: unknown, run: Run): EvidenceResult {
    const items = Array.isArray(value) ? value : [value]
    const fields = new FieldLists(this.#file.sorted)
    const kept: object[] = []
    for (const [index, item] of items.entries()) {
      if (isEmpty(item)) continue
      const before = run.reject
      const rest = this.#mapItem(item, fields, run)
      if (rest !== undefined) kept.push(rest)
      // The mapper knows columns, and this one holds many items.
      if (run.reject !== undefined && run.reject !== before) {
        run.reject = {
          ...run.reject,
          pointer: `${run.pointerTo(this.#label)}${Array.isArray(value) ? `/${index}` : ''}`,
        }
      }
    }
    return { fields: fields.result(), kept: kept.length === 0 ? undefined : kept }
  }

  #mapItem(item: unknown, fields: FieldLists, run: Run): object | undefined {
    if (!isItem(item)) {
      keepBeside(this.#label, item, 'object', run)
      return undefined
    }
    this.#report(item, run)
    return this.#keeper.item(item, this.#gatherer.gather(item, fields), run)
  }

  /** Kinds and keys that no schema knows are new to us: kept, and counted. */
  #report(item: Item, run: Run): void {
    const label = [this.#label, kindOf(item)].filter(part => part !== '').join('.')
    const field = `${run.root}.${this.#name}`
    const known = this.#keys.kinds.get(kindOf(item))
    if (known === undefined) {
      run.newColumn(label, item, field)
      return
    }
    for (const key in item) if (!known.has(key)) run.newColumn(`${label}.${key}`, item[key], field)
  }
}
