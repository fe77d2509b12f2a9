import { Names } from './names.ts'
import { vendorRoot } from './rule.ts'
import { loadRuleFiles } from './rule-files.ts'
import { loadSchemas } from './schemas.ts'

/** The paths of the fields that documents of documented tables can have; what is within an object is not listed. */
export function documentFields(): string[] {
  const schemas = loadSchemas()
  const names = new Names(schemas)
  const rules = loadRuleFiles().flatMap(({ rules }) => rules)
  const set = rules.flatMap(({ to, add }) => (add === undefined ? to.map(({ field }) => field) : [add]))
  const copies = rules.flatMap(({ copy }) => (copy === undefined ? [] : [copy]))
  const columns = [...names.envelope(), ...schemas.flatMap(({ table, columns }) => names.columns(table, columns))]
  const vendor = columns.flatMap(({ name, second }) => (second ? [name, second.otherwise] : [name]))
  return [...new Set([...set, ...[...vendor, ...copies].map(name => `${vendorRoot}.${name}`), 'azure', 'xdrelay'])]
}
