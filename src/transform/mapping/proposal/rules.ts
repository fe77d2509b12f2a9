import type { Rule, RuleFile } from '../rule.ts'
import type { Draft } from './draft.ts'

/** A row for the end of a rule file. */
export interface ProposedRule {
  readonly file: string
  readonly rule: object
}

/** What the rules that a table has do with a column already, and the rules of other tables that suit it as well. */
export interface RuleAdvice {
  /** Fields that rules of the table set from the column, conditions permitting. */
  readonly fields: readonly string[]
  readonly rules: readonly ProposedRule[]
}

/** The column has to be in the draft's schema already. */
export function adviseRules(draft: Draft, table: string, column: string): RuleAdvice {
  const { own, all, file } = filesOf(draft.files, table)
  const fields = new Set([...own, ...all].flatMap(each => each.rules.filter(reads(column)).flatMap(targets)))
  const taken = new Set([...own, ...all].flatMap(each => each.rules.flatMap(targets)))
  const others = draft.files.filter(each => each.tables !== 'all' && !own.includes(each))
  for (const other of others.toSorted((a, b) => generality(draft, b, column) - generality(draft, a, column))) {
    const rows = suitable(draft, other, column).filter(({ rule }) => !targets(rule).some(field => fields.has(field)))
    const rules = rows
      .map(({ rule, row }) => proposed(rule, row, { table, column, taken }))
      .filter(row => row !== undefined && draft.tryRule(file, row))
      .map(rule => ({ file, rule: rule! }))
    if (rules.length > 0) return { fields: [...fields], rules }
  }
  return { fields: [...fields], rules: [] }
}

/** What a name means in general: rules for any table say so, and then those of the family that has it most often. */
function generality(draft: Draft, { tables }: RuleFile, column: string): number {
  if (!Array.isArray(tables)) return Number.POSITIVE_INFINITY
  return tables.filter(table => draft.schema(table)?.columns.has(column)).length + tables.length / 1000
}

function filesOf(files: readonly RuleFile[], table: string) {
  const listed = files.filter(file => Array.isArray(file.tables) && file.tables.includes(table))
  const own = listed.length > 0 ? listed : files.filter(file => file.tables === 'others')
  return { own, all: files.filter(file => file.tables === 'all'), file: own[0]!.file }
}

const reads = (column: string) => (rule: Rule) =>
  rule.sources.some(source => source.kind === 'column' && source.column === column)

/** Rules that take the column by itself and in every case: others depend on what their tables are about. */
function suitable(draft: Draft, { file, rules }: RuleFile, column: string): { rule: Rule; row: object }[] {
  const isPlain = (rule: Rule) =>
    rule.when === undefined &&
    !rule.together &&
    rule.copy === undefined &&
    rule.sources.every(source => source.kind === 'column' && source.key === undefined)
  return draft.rules.get(file)!.flatMap((row, index) => {
    const rule = rules[index]!
    return isPlain(rule) && reads(column)(rule) ? [{ rule, row }] : []
  })
}

/** The rule for this table alone; never over a value that the rules before it have set. */
function proposed(
  rule: Rule,
  row: object,
  { table, column, taken }: { table: string; column: string; taken: ReadonlySet<string> },
): object | undefined {
  const own = { ...row, from: column, when: { table } }
  if (rule.add !== undefined) return own
  if (rule.split === undefined && rule.to.length === 1) return { ...own, unless_set: true }
  return targets(rule).some(field => taken.has(field)) ? undefined : own
}

function targets({ to, add }: Rule): string[] {
  return [...to.map(({ field }) => field), ...(add === undefined ? [] : [add])]
}
