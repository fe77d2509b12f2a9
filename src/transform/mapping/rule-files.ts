import { readdirSync } from 'node:fs'
import type { Dataset } from '../../core/types.ts'
import { readConditions } from './conditions.ts'
import { collected } from './datasets.ts'
import { readRule } from './read-rule.ts'
import type { Rule, RuleFile } from './rule.ts'
import { isObject, isTexts, readYaml, ruleError, rulesDirectory, type YamlFile } from './yaml-file.ts'

const known = new Set(['family', 'tables', 'dataset', 'keep_copies', 'extra_columns', 'conditions', 'rules'])

/** The rule files of a dataset. Throws an error with file and line for anything that is not a rule. */
export function loadRuleFiles(dataset: Dataset = 'event'): RuleFile[] {
  const folder = dataset === 'event' ? '' : 'api/'
  return readdirSync(new URL(folder, rulesDirectory))
    .filter(name => name.endsWith('.yaml') && !/^(.*\.)?names\.yaml$/.test(name))
    .sort()
    .map(name => readYaml(folder + name))
    .filter(yaml => datasetsOf(yaml).includes(dataset))
    .map(yaml => parseRuleFile(yaml, dataset))
}

/** A file that is for several datasets is read for one of them. */
export function parseRuleFile(yaml: YamlFile, dataset: Dataset = 'event'): RuleFile {
  for (const key of Object.keys(yaml.data)) if (!known.has(key)) throw ruleError(yaml.place(key), `unknown key ${key}`)
  const { extra_columns: extra = {}, keep_copies: keepCopies = false, rules } = yaml.data
  if (typeof keepCopies !== 'boolean') throw ruleError(yaml.place('keep_copies'), 'keep_copies is true or false')
  if (!isObject(extra) || !Object.values(extra).every(isTexts)) {
    throw ruleError(yaml.place('extra_columns'), 'extra_columns has a list of columns for each table')
  }
  if (!Array.isArray(rules)) throw ruleError(yaml.place('rules'), 'rules is a list')
  const conditions = readConditions(yaml, dataset)
  return {
    file: yaml.file,
    dataset,
    tables: tablesOf(yaml, dataset),
    keepCopies,
    extraColumns: new Map(Object.entries(extra as Record<string, string[]>)),
    rules: rules.map((row, index): Rule => readRule(row, yaml.place('rules', index), conditions, dataset)),
  }
}

/** What an API gives is one table; files for several datasets come after its own, as those for all tables do. */
function tablesOf(yaml: YamlFile, dataset: Dataset): RuleFile['tables'] {
  const { tables } = yaml.data
  if ('dataset' in yaml.data) {
    if (tables === undefined) return Array.isArray(yaml.data.dataset) ? 'all' : [dataset]
    throw ruleError(yaml.place('tables'), 'a file has either dataset or tables')
  }
  if (tables === 'all' || tables === 'others' || isTexts(tables)) return tables
  throw ruleError(yaml.place('tables'), 'tables is a list of tables, `all` or `others`')
}

/** One or several of those that an API gives; a file without `dataset` is for events. */
function datasetsOf(yaml: YamlFile): readonly Dataset[] {
  const { dataset } = yaml.data
  if (dataset === undefined) return ['event']
  const list = Array.isArray(dataset) ? dataset : [dataset]
  const known: readonly string[] = collected
  if (list.every(name => known.includes(name))) return list
  throw ruleError(yaml.place('dataset'), `dataset is one of ${collected.join(', ')}, or a list of them`)
}
