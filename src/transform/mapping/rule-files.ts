import { readdirSync, readFileSync } from 'node:fs'
import { isMap, LineCounter, parseDocument } from 'yaml'
import { XdrelayError } from '../../core/errors.ts'
import { readConditions } from './conditions.ts'
import { readRule } from './read-rule.ts'
import type { Place, Rule, RuleFile } from './rule.ts'

const directory = new URL('./rules/', import.meta.url)
const known = new Set(['family', 'tables', 'extra_columns', 'conditions', 'rules'])

/** A YAML file as plain data, with the place of anything in it. */
export interface YamlFile {
  readonly file: string
  readonly data: Record<string, unknown>
  place(...path: (string | number)[]): Place
}

/** Throws an error with file and line for anything that is not a rule. */
export function loadRuleFiles(): RuleFile[] {
  return readdirSync(directory)
    .filter(name => name.endsWith('.yaml') && name !== 'names.yaml')
    .sort()
    .map(name => parseRuleFile(readYaml(name)))
}

export function readYaml(name: string): YamlFile {
  return parseYaml(name, readFileSync(new URL(name, directory), 'utf8'))
}

export function parseYaml(file: string, text: string): YamlFile {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const problem = document.errors[0]
  if (problem) throw ruleError({ file, line: problem.linePos?.[0].line ?? 1 }, problem.message.split('\n')[0]!)
  const data: unknown = document.toJS()
  if (!isObject(data)) throw ruleError({ file, line: 1 }, 'a mapping is expected')
  return {
    file,
    data,
    place(...path) {
      const node = document.getIn(path, true)
      const parent = document.getIn(path.slice(0, -1), true)
      const key = isMap(parent) ? parent.items.find(item => String(item.key) === String(path.at(-1)))?.key : undefined
      const at = [key, node].find(hasRange)?.range[0] ?? 0
      return { file, line: lines.linePos(at).line }
    },
  }
}

export function parseRuleFile(yaml: YamlFile): RuleFile {
  for (const key of Object.keys(yaml.data)) if (!known.has(key)) throw ruleError(yaml.place(key), `unknown key ${key}`)
  const { tables, extra_columns: extra = {}, rules } = yaml.data
  if (tables !== 'all' && tables !== 'others' && !isTexts(tables)) {
    throw ruleError(yaml.place('tables'), 'tables is a list of tables, `all` or `others`')
  }
  if (!isObject(extra) || !Object.values(extra).every(isTexts)) {
    throw ruleError(yaml.place('extra_columns'), 'extra_columns has a list of columns for each table')
  }
  if (!Array.isArray(rules)) throw ruleError(yaml.place('rules'), 'rules is a list')
  const conditions = readConditions(yaml)
  return {
    file: yaml.file,
    tables,
    extraColumns: new Map(Object.entries(extra as Record<string, string[]>)),
    rules: rules.map((row, index): Rule => readRule(row, yaml.place('rules', index), conditions)),
  }
}

export function ruleError(place: Place, problem: string): XdrelayError {
  return new XdrelayError('internal', `mapping rules, ${place.file}:${place.line}: ${problem}`, {
    facts: { file: place.file, line: place.line },
  })
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(item => typeof item === 'string')
}

function hasRange(node: unknown): node is { range: [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)
}
