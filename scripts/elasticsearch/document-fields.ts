import type { Dataset } from '../../src/core/types.ts'
import { vendorRoot } from '../../src/transform/mapping/datasets.ts'
import { evidenceRules, readEvidenceFile } from '../../src/transform/mapping/evidence/evidence-file.ts'
import { evidenceFields, readEvidenceKeys } from '../../src/transform/mapping/evidence/keys.ts'
import { type FieldType, loadNames } from '../../src/transform/mapping/names.ts'
import { fieldsOfRule, type Rule } from '../../src/transform/mapping/rule.ts'
import { loadRuleFiles } from '../../src/transform/mapping/rule-files.ts'
import { loadSchemas } from '../../src/transform/mapping/schemas.ts'
import { uriParts } from '../../src/transform/mapping/vendor.ts'
import { type FieldMapping, fieldsAt, flattened, keyword } from './field-types.ts'

const vendorPrefix = 'm365_defender.'

export type Fields = Map<string, FieldMapping>

/** Every field that the mapping rules of a dataset can write. */
export function ruleFields(dataset: Dataset): Fields {
  const ofEvidence = evidenceRules(dataset).map(({ rule }) => rule)
  return fieldsOfRules([...loadRuleFiles(dataset).flatMap(file => file.rules), ...ofEvidence])
}

/** Without the vendor fields. Throws for one that nobody knows. */
export function fieldsOfRules(rules: readonly Rule[]): Fields {
  const fields: Fields = new Map()
  for (const rule of rules) {
    for (const path of fieldsOfRule(rule, true)) {
      if (path.startsWith(vendorPrefix)) continue
      const found = fieldsAt(path)
      const { file, line } = rule.place
      if (found === undefined) {
        throw new Error(
          `${file}:${line}: ${path} is no field of ECS; correct it, or list it in scripts/elasticsearch/field-types.ts`,
        )
      }
      for (const [name, mapping] of found) fields.set(name, mapping)
    }
  }
  return fields
}

/** The vendor field of every column of every table of a dataset, and those that rules write. Throws where two types meet. */
export function vendorFields(dataset: Dataset): Fields {
  const schemas = loadSchemas(dataset)
  const names = loadNames(dataset, schemas)
  const files = loadRuleFiles(dataset)
  const prefix = `${vendorRoot(dataset)}.`
  const documented = new Map(schemas.flatMap(({ columns }) => [...columns]))
  const extra = files
    .flatMap(file => [...file.extraColumns])
    .map(([table, columns]) => ({
      table,
      columns: new Map(columns.map(column => [column, documented.get(column) ?? ('string' as const)])),
    }))
  const fields: Fields = new Map()
  const set = (name: string, mapping: FieldMapping) => {
    const before = fields.get(name)
    if (before !== undefined && before.type !== mapping.type) {
      throw new Error(`${prefix}${name} is ${before.type} in one table and ${mapping.type} in another`)
    }
    fields.set(name, mapping)
  }
  // The empty table stands for unknown ones, whose columns are called as in all others.
  for (const { table, columns } of [...schemas, ...extra, { table: '', columns: documented }]) {
    for (const { name, fieldType, type, second } of names.columns(table, columns)) {
      for (const [below, mapping] of fieldsOfColumn(name, fieldType)) set(below, mapping)
      if (fieldType === 'keywords' || (fieldType === 'keyword' && type === 'dynamic')) set(`${name}_fields`, flattened)
      if (second !== undefined) set(second.otherwise, keyword)
    }
  }
  for (const { name, fieldType } of names.envelope()) {
    for (const [below, mapping] of fieldsOfColumn(name, fieldType)) set(below, mapping)
  }
  const written = files.flatMap(file => file.rules).flatMap(rule => fieldsOfRule(rule, true))
  for (const path of written) {
    const name = path.slice(prefix.length)
    if (path.startsWith(prefix) && !fields.has(name)) set(name, keyword)
  }
  return new Map([...fields].map(([name, mapping]) => [prefix + name, mapping]))
}

/** A column may be kept in several fields. */
function fieldsOfColumn(name: string, fieldType: FieldType): [string, FieldMapping][] {
  if (fieldType === 'uri') return uriParts.map(part => [`${name}.${part}`, part === 'port' ? mappings.long : keyword])
  if (fieldType !== 'evidence') return [[name, mappings[fieldType]]]
  const fields = evidenceFields(readEvidenceKeys(readEvidenceFile()).root)
  return [...fields].map(([path, type]) => [`${name}.${path}`, mappings[type]])
}

const mappings = {
  keyword,
  lower: keyword,
  keywords: keyword,
  long: { type: 'long' },
  double: { type: 'double' },
  boolean: { type: 'boolean' },
  date: { type: 'date' },
  ip: { type: 'ip' },
  flattened,
} as const
