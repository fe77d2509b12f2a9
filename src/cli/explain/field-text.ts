import type { ExplainedField, NotBy, SetBy } from '../../transform/explain/model.ts'
import type { Answer } from './answer.ts'
import { columnLines, short } from './column-text.ts'
import { entry, json, labelOfRow, remark, row, title } from './layout.ts'

/** A field, its value and what it was made from: on one line where there is room for that. */
export function fieldLines({ field, value, set_by: setBy, not_by: notBy }: ExplainedField): string[] {
  const current = setBy.filter(({ overwritten }) => !overwritten)
  const [only] = current
  const line = current.length === 1 && only ? row(short(field), json(value), madeFrom(only), only.rule) : undefined
  return [
    ...(line === undefined ? entry(short(field), json(value, 300), labelOfRow) : [line]),
    ...(line === undefined ? current.flatMap(each => remark(partOf(each, current.length), each.rule)) : []),
    ...setBy
      .filter(({ overwritten }) => overwritten)
      .flatMap(each => remark(`overwritten: ${json(each.value, 40)}, ${madeFrom(each)}`, each.rule)),
    ...notBy
      .filter(({ kind }) => kind === 'held_back')
      .flatMap(each => remark(`not needed: ${origin(each)}`, each.rule)),
  ]
}

function madeFrom({ from, as, because }: Pick<SetBy, 'from' | 'as' | 'because'>): string {
  const made = [...from, ...as].join(', ')
  return because.length === 0 ? made : `${made}, because ${because.join('; ')}`
}

/** Of a set that several rules have added to, what this one has. */
function partOf(setBy: SetBy, rules: number): string {
  return rules === 1 ? madeFrom(setBy) : `${json(setBy.value, 60)}: ${madeFrom(setBy)}`
}

function origin({ from, constant }: NotBy): string {
  return constant === null ? from.join(', ') : `the constant ${json(constant)}`
}

/** The answer to "why is this field as it is", or is not there. */
export function questionLines({ fields, columns, elsewhere, envelope }: Answer, wanted: string): string[] {
  const table = envelope?.schema ?? `unknown tables such as ${envelope?.table}`
  if (elsewhere !== null) {
    return [title(`${wanted} is not in this document.`), ...elsewhereLines(elsewhere, table, wanted)]
  }
  const parts = [
    ...fields.map(field => (field.value === null ? absentField(field, table) : presentField(field))),
    ...(columns.length === 0 ? [] : [[title('Columns'), ...columns.flatMap(each => columnLines(each, 0))]]),
  ]
  return parts.flatMap((lines, index) => (index === 0 ? lines : ['', ...lines]))
}

function presentField({ field, value, set_by: setBy, not_by: notBy }: ExplainedField): string[] {
  const possible = notBy.filter(({ by_table: byTable }) => !byTable)
  const current = setBy.filter(({ overwritten }) => !overwritten)
  return [
    title(`${field} is ${json(value)}`),
    ...current.flatMap(each => remark(partOf(whole(each), current.length), each.rule, 2)),
    ...setBy
      .filter(({ overwritten }) => overwritten)
      .flatMap(each => remark(`overwritten: ${json(each.value, 60)}, ${madeFrom(whole(each))}`, each.rule, 2)),
    ...(possible.length === 0 ? [] : ['  Other rules did not set it:', ...possible.flatMap(reasonLines)]),
  ]
}

/** With what had to be otherwise for the rule's condition to fail. */
function whole(setBy: SetBy): SetBy {
  return { ...setBy, because: [...setBy.because, ...setBy.and_not] }
}

function absentField({ field, not_by: notBy }: ExplainedField, table: string): string[] {
  const possible = notBy.filter(({ by_table: byTable }) => !byTable)
  const never = notBy.filter(({ by_table: byTable }) => byTable)
  return [
    title(`${field} is not in this document.`),
    ...(possible.length === 0 ? [`  No rule can set it for ${table}.`] : ['  Rules that could set it, and why not:']),
    ...possible.flatMap(reasonLines),
    ...(never.length === 0 ? [] : [`  Never for ${table}:`, ...never.flatMap(reasonLines)]),
  ]
}

function reasonLines(not: NotBy): string[] {
  // What has no value names itself.
  if (not.kind === 'no_value') return entry(not.rule, not.why.join('; '), 16, 4)
  return [...entry(not.rule, origin(not), 16, 4), ...remark(not.why.join('; '), '', 22)]
}

function elsewhereLines(
  { rules, column, suggestion }: NonNullable<Answer['elsewhere']>,
  table: string,
  wanted: string,
): string[] {
  if (column !== null) return [`  ${column} is a column of ${table}, but not in this record.`]
  if (rules.length === 0) {
    const hint = suggestion === null ? '' : ` Is ${suggestion} meant?`
    return [`  No rule sets it, and neither the record nor ${table} has such a column.${hint}`]
  }
  return [
    `  No rule sets it for ${table}. Rules for other tables do:`,
    ...rules.flatMap(({ field, rule }) => entry(rule, field === wanted ? '' : field, 16, 4)),
  ]
}
