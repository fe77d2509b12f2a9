import type { Condition, Place, Rule, RuleFile, Source } from './rule.ts'
import type { TableSchema } from './schemas.ts'
import { ruleError } from './yaml-file.ts'

/** Finds what would only show, or never show, when a table is compiled: misspelt tables and columns, fields that clash. */
export function checkRules(files: readonly RuleFile[], schemas: readonly TableSchema[]): void {
  const tables = new Map(schemas.map(schema => [schema.table, schema.columns]))
  const common = files.filter(file => file.tables === 'all').flatMap(file => file.rules)
  for (const file of files) {
    const own = Array.isArray(file.tables) ? file.tables : [...tables.keys()]
    for (const name of [...own, ...file.extraColumns.keys()]) {
      if (!tables.has(name)) throw ruleError({ file: file.file, line: 1 }, `there is no table ${name}`)
    }
    const columns = new Set([
      ...own.flatMap(name => [...tables.get(name)!.keys()]),
      ...[...file.extraColumns.values()].flat(),
    ])
    for (const rule of file.rules) checkNames(rule, columns, tables)
    checkFields(file.tables === 'all' ? file.rules : [...file.rules, ...common])
  }
}

function checkNames(rule: Rule, columns: ReadonlySet<string>, tables: ReadonlyMap<string, unknown>): void {
  const conditions = rule.when === undefined ? [] : parts(rule.when)
  const sources = [...rule.sources, ...conditions.flatMap(sourceOf)]
  for (const source of sources) {
    if (source.kind === 'column' && !columns.has(source.column)) {
      throw ruleError(rule.place, `no table of this file has a column ${source.column}`)
    }
  }
  const named = conditions.flatMap(condition => ('table' in condition ? condition.table : []))
  const unknown = named.find(name => !tables.has(name))
  if (unknown !== undefined) throw ruleError(rule.place, `there is no table ${unknown}`)
}

function parts(condition: Condition): Condition[] {
  if ('all' in condition) return condition.all.flatMap(parts)
  if ('any' in condition) return condition.any.flatMap(parts)
  return 'not' in condition ? parts(condition.not) : [condition]
}

function sourceOf(condition: Condition): Source[] {
  if ('has' in condition) return [condition.has]
  return 'source' in condition ? [condition.source] : []
}

/** A field is a set or a value, and a value has no fields below it. */
function checkFields(rules: readonly Rule[]): void {
  const fields = new Map<string, { isSet: boolean; place: Place }>()
  for (const { to, add, place } of rules) {
    for (const path of [...to.map(({ field }) => field), ...(add === undefined ? [] : [add])]) {
      const isSet = add !== undefined
      const before = fields.get(path)
      if (before && before.isSet !== isSet) {
        throw ruleError(
          place,
          `${path} is set here and added to in ${before.place.file}:${before.place.line}, or reversed`,
        )
      }
      fields.set(path, { isSet, place })
    }
  }
  for (const [path, { place }] of fields) {
    const above = path
      .split('.')
      .slice(0, -1)
      .map((_part, index, all) => all.slice(0, index + 1).join('.'))
    const value = above.find(parent => fields.has(parent))
    if (value !== undefined) throw ruleError(place, `${path} lies below ${value}, which is a value itself`)
  }
}
