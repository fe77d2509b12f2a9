import { Names } from './names.ts'
import { fieldsOfRule, vendorRoot } from './rule.ts'
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
  const schemas = loadSchemas()
  const names = new Names(schemas)
  const set = loadRuleFiles().flatMap(({ rules }) => rules.flatMap(rule => fieldsOfRule(rule, true)))
  const columns = [...names.envelope(), ...schemas.flatMap(({ table, columns }) => names.columns(table, columns))]
  const vendor = columns.flatMap(({ name, second }) => (second ? [name, second.otherwise] : [name]))
  return [...new Set([...set, ...vendor.map(name => `${vendorRoot}.${name}`), 'azure', 'xdrelay'])]
}
