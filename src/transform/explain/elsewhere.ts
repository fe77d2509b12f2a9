import type { Dataset } from '../../core/types.ts'
import { fieldsOfRule } from '../mapping/rule.ts'
import { loadRuleFiles } from '../mapping/rule-files.ts'
import { placeName } from './words.ts'

/** A rule for other tables. */
export interface Elsewhere {
  readonly field: string
  readonly rule: string
}

/** Every rule of every file of a dataset, with the fields it can set. */
export function allRules(dataset: Dataset): Elsewhere[] {
  return loadRuleFiles(dataset).flatMap(({ rules }) =>
    rules.flatMap(rule => fieldsOfRule(rule, false).map(field => ({ field, rule: placeName(rule.place) }))),
  )
}
