import type { Dataset } from '../../core/types.ts'
import { datasets, vendorRoot } from './datasets.ts'
import { evidenceRules } from './evidence/evidence-file.ts'
import { loadNames } from './names.ts'
import { fieldsOfRule } from './rule.ts'
import { loadRuleFiles } from './rule-files.ts'
import { loadSchemas } from './schemas.ts'

let known: readonly string[] | undefined

/**
 * The paths of the fields that documents of documented tables can have; what is within an object is not listed. Schemas
 * and rules are read once, at the first call.
 */
export function documentFields(): readonly string[] {
  known ??= listFields()
  return known
}

function listFields(): string[] {
  return [...new Set([...datasets.flatMap(fieldsOf), 'azure', 'xdrelay'])]
}

function fieldsOf(dataset: Dataset): string[] {
  const schemas = loadSchemas(dataset)
  const names = loadNames(dataset, schemas)
  const rules = [
    ...loadRuleFiles(dataset).flatMap(file => file.rules),
    ...evidenceRules(dataset).map(({ rule }) => rule),
  ]
  const set = rules.flatMap(rule => fieldsOfRule(rule, true))
  const columns = [...names.envelope(), ...schemas.flatMap(({ table, columns }) => names.columns(table, columns))]
  const vendor = columns.flatMap(({ name, second }) => (second ? [name, second.otherwise] : [name]))
  return [...set, ...vendor.map(name => `${vendorRoot(dataset)}.${name}`)]
}
