import { fieldsOfRule } from '../mapping/rule.ts'
import { loadRuleFiles } from '../mapping/rule-files.ts'
import { placeName } from './words.ts'

/** A rule for other tables. */
export interface Elsewhere {
  readonly field: string
  readonly rule: string
}

/** Every rule of every file, with the fields it can set. */
export function allRules(): Elsewhere[] {
  return loadRuleFiles().flatMap(({ rules }) =>
    rules.flatMap(rule => fieldsOfRule(rule, false).map(field => ({ field, rule: placeName(rule.place) }))),
  )
}
