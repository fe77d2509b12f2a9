import { readFileSync } from 'node:fs'
import { collected, vendorRoot } from '../../../src/transform/mapping/datasets.ts'
import { type Column, loadNames, Names } from '../../../src/transform/mapping/names.ts'
import type { Condition, Rule, RuleFile, Source } from '../../../src/transform/mapping/rule.ts'
import { loadRuleFiles } from '../../../src/transform/mapping/rule-files.ts'
import { loadSchemas, type TableSchema } from '../../../src/transform/mapping/schemas.ts'
import { readYaml, rulesDirectory } from '../../../src/transform/mapping/yaml-file.ts'
import { code, conditionWords, conversionWords, named, sourceWords } from './page-words.ts'

type Row = Readonly<Record<string, unknown>>

/** A rule file, read and as it stands in YAML. */
interface Family extends RuleFile {
  readonly title: string
  /** The comment at the top of the file. */
  readonly about: string
  readonly names: readonly string[]
  readonly conditions: Row
  readonly rows: readonly Row[]
}

const schemas = loadSchemas()
const columnsOf = new Map(schemas.map(({ table, columns }) => [table, new Set(columns.keys())]))
const rulesFolder = '../src/transform/mapping/rules'

/** By name; what holds for unknown tables and for all of them comes last. */
const order = (file: RuleFile) => (file.tables === 'all' ? 2 : file.tables === 'others' ? 1 : 0)
const families = loadRuleFiles()
  .sort((a, b) => order(a) - order(b))
  .map(familyOf)
const envelope = families.at(-1)!

function familyOf(file: RuleFile): Family {
  const { data } = readYaml(file.file)
  return {
    ...file,
    title: file.file.replace('.yaml', ''),
    about: aboutOf(file.file),
    names: file.dataset === 'event' && Array.isArray(file.tables) ? file.tables : [],
    conditions: (data.conditions ?? {}) as Row,
    rows: data.rules as Row[],
  }
}

function aboutOf(file: string): string {
  const [head] = /^(# .*\n)+/.exec(readFileSync(new URL(file, rulesDirectory), 'utf8'))!
  return head
    .replaceAll(/^# |\n$/gm, '')
    .replaceAll('\n', ' ')
    .replace(' The format is explained in README.md.', '')
}

/** Whether a condition holds for a table whatever the record; undefined where the record decides. */
function settled(condition: Condition | undefined, table: string): boolean | undefined {
  if (condition === undefined) return true
  if ('table' in condition) return condition.table.includes(table)
  if ('has' in condition) return isKnown(condition.has, table) ? undefined : false
  if ('source' in condition) return isKnown(condition.source, table) ? undefined : false
  if ('not' in condition) {
    const inner = settled(condition.not, table)
    return inner === undefined ? undefined : !inner
  }
  const decisive = 'any' in condition
  const parts = ('any' in condition ? condition.any : condition.all).map(part => settled(part, table))
  return parts.includes(decisive) ? decisive : parts.includes(undefined) ? undefined : !decisive
}

function isKnown(source: Source, table: string): boolean {
  if (source.kind !== 'column') return true
  const extra = families.flatMap(({ extraColumns }) => extraColumns.get(table) ?? [])
  return columnsOf.get(table)!.has(source.column) || extra.includes(source.column)
}

function applies(rule: Rule, table: string): boolean {
  const hasSource = rule.constant !== undefined || rule.sources.some(source => isKnown(source, table))
  return hasSource && settled(rule.when, table) !== false
}

/** The values that a field can get in a table. */
function valuesOf(field: string, table: string, rules: readonly Rule[]): string {
  let values: unknown[] = []
  let certain = false
  for (const rule of rules) {
    if (rule.add !== field && !rule.to.some(to => to.field === field)) continue
    if (!applies(rule, table) || (rule.unlessSet && certain)) continue
    const always = rule.constant !== undefined && settled(rule.when, table) === true
    if (always && rule.add === undefined && !rule.unlessSet) values = []
    certain ||= always
    values.push(...resultsOf(rule))
  }
  return [...new Set(values)].join(', ')
}

function resultsOf({ constant, map, otherwise, sources }: Rule): unknown[] {
  if (constant !== undefined) return [constant]
  if (map !== undefined) return [...map.values(), otherwise].filter(value => value !== null && value !== undefined)
  return sources.map(source => (source.kind === 'column' ? `as ${code(source.column)}` : ''))
}

/** Every table with what its events are. */
export function tableIndex(): string {
  const fields = ['event.kind', 'event.category', 'event.type', 'event.action', 'event.outcome']
  const rows = families.flatMap(family =>
    family.names.map(table => {
      const rules = [...family.rules, ...envelope.rules]
      const values = fields.map(field => valuesOf(field, table, rules))
      return `| ${table} | [${family.title}](#${family.title}) | ${values.join(' | ')} |\n`
    }),
  )
  const head = ['table', 'family', ...fields.map(field => field.replace('event.', ''))]
  return tableOf(head, rows.sort(byLetters))
}

/** A section for each family. */
export function familySections(): string {
  return families.map(sectionOf).join('\n')
}

/** A section for each rule file of what the APIs give; what holds for several comes last. */
export function itemSections(): string {
  const files = new Map(collected.flatMap(loadRuleFiles).map(file => [file.file, file]))
  const sorted = [...files.values()].sort((a, b) => order(a) - order(b))
  return sorted.map(file => sectionOf(familyOf(file))).join('\n')
}

function sectionOf(family: Family): string {
  const { title, about, names, conditions, keepCopies } = family
  const words = Object.entries(conditions).map(([name, row]) => `- ${named(name)}: ${conditionWords(row)}\n`)
  return [
    `### ${title}\n\n${about}${keepCopies ? ' All vendor copies stay.' : ''}\n\n`,
    ...(names.length === 0 ? [] : [`Tables: ${names.join(', ')}.\n\n`]),
    ...(words.length === 0 ? [] : [`Conditions:\n\n${words.join('')}\n`]),
    tableOf(['field', 'from', 'conversion', 'when', 'tables', 'rule'], fieldRows(family)),
  ].join('')
}

/** By field; the rules of one field in their order, in which a later one overwrites. */
function fieldRows(family: Family): string[] {
  const rows = family.rules.flatMap((rule, index) => {
    const row = family.rows[index]!
    const targets = rule.add === undefined ? rule.to : [{ part: '', field: rule.add }]
    const when = row.when === undefined ? '' : conditionWords(row.when)
    const link = `[${rule.place.line}](${rulesFolder}/${family.file}#L${rule.place.line})`
    return targets.map(({ part, field }) => {
      const shown = code(field.replace(vendorRoot(family.dataset), 'V'))
      const cells = [shown, sourceWords(row), conversionWords(row, part), when, tablesOf(rule, family.names), link]
      return { field, text: `| ${cells.join(' | ')} |\n` }
    })
  })
  return rows.sort((a, b) => (a.field < b.field ? -1 : a.field > b.field ? 1 : 0)).map(({ text }) => text)
}

/** Empty for all tables of a family. */
function tablesOf(rule: Rule, names: readonly string[]): string {
  const own = names.filter(table => applies(rule, table))
  if (own.length === names.length) return ''
  const others = names.filter(table => !own.includes(table))
  return others.length < own.length ? `all but ${others.join(', ')}` : own.join(', ')
}

/** The vendor field of each key of an item. */
export function itemIndex(): string {
  return collected
    .map(dataset => {
      const [{ columns }] = loadSchemas(dataset) as [TableSchema]
      const rows = loadNames(dataset, loadSchemas(dataset)).columns(dataset, columns)
      const lines = rows.map(column => `| ${columnCells(column).join(' | ')} |\n`)
      return `### ${vendorRoot(dataset)}\n\n${tableOf(columnHead, lines.sort(byLetters))}`
    })
    .join('\n')
}

const columnHead = ['column', 'field', 'type', 'duplicate']

function columnCells({ column, name, fieldType, duplicate }: Column): string[] {
  return [column, code(name), fieldType, duplicate ? 'yes' : '']
}

/** The vendor field of each column. */
export function vendorIndex(): string {
  const names = new Names(schemas)
  const rows = new Map<string, string[]>()
  for (const { table, columns } of schemas) {
    for (const column of names.columns(table, columns)) {
      const row = `| ${columnCells(column).join(' | ')} |`
      rows.set(row, [...(rows.get(row) ?? []), table])
    }
  }
  const shared = (row: string) => [...rows.keys()].filter(other => columnIn(other) === columnIn(row)).length > 1
  const lines = [...rows].map(([row, tables]) => `${row} ${shared(row) ? tables.join(', ') : ''} |\n`)
  return tableOf([...columnHead, 'only in'], lines.sort(byLetters))
}

const byLetters = (a: string, b: string) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)
const columnIn = (row: string) => row.split(' ')[1]

export function tableOf(head: readonly string[], rows: readonly string[]): string {
  return `| ${head.join(' | ')} |\n| ${head.map(() => '---').join(' | ')} |\n${rows.join('')}`
}
