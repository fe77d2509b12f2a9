import { readdirSync } from 'node:fs'
import { readConditions } from './conditions.ts'
import { readRule } from './read-rule.ts'
import type { Rule, RuleFile } from './rule.ts'
import { isObject, isTexts, readYaml, ruleError, rulesDirectory, type YamlFile } from './yaml-file.ts'

const known = new Set(['family', 'tables', 'keep_copies', 'extra_columns', 'conditions', 'rules'])

/** Throws an error with file and line for anything that is not a rule. */
export function loadRuleFiles(): RuleFile[] {
  return readdirSync(rulesDirectory)
    .filter(name => name.endsWith('.yaml') && name !== 'names.yaml')
    .sort()
    .map(name => parseRuleFile(readYaml(name)))
}

export function parseRuleFile(yaml: YamlFile): RuleFile {
  for (const key of Object.keys(yaml.data)) if (!known.has(key)) throw ruleError(yaml.place(key), `unknown key ${key}`)
  const { tables, extra_columns: extra = {}, keep_copies: keepCopies = false, rules } = yaml.data
  if (tables !== 'all' && tables !== 'others' && !isTexts(tables)) {
    throw ruleError(yaml.place('tables'), 'tables is a list of tables, `all` or `others`')
  }
  if (typeof keepCopies !== 'boolean') throw ruleError(yaml.place('keep_copies'), 'keep_copies is true or false')
  if (!isObject(extra) || !Object.values(extra).every(isTexts)) {
    throw ruleError(yaml.place('extra_columns'), 'extra_columns has a list of columns for each table')
  }
  if (!Array.isArray(rules)) throw ruleError(yaml.place('rules'), 'rules is a list')
  const conditions = readConditions(yaml)
  return {
    file: yaml.file,
    tables,
    keepCopies,
    extraColumns: new Map(Object.entries(extra as Record<string, string[]>)),
    rules: rules.map((row, index): Rule => readRule(row, yaml.place('rules', index), conditions)),
  }
}
