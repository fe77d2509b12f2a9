import { valueAt } from '../cases/documents.ts'
import { isExactNumber } from '../digits.ts'
import { vendorRoot } from '../mapping/datasets.ts'
import type { Column } from '../mapping/names.ts'
import { kindOf } from '../mapping/run.ts'
import { runtime } from '../mapping/runtime.ts'
import { isEmpty, jsonText } from '../mapping/values.ts'
import { absences } from './absence.ts'
import type { Facts } from './facts.ts'
import type { ExplainedColumn } from './model.ts'
import { isOverwritten, type Seen } from './seen.ts'
import { placeName } from './words.ts'

type Where = ExplainedColumn['in']

/** Where each column and each key of the envelope went, in the order of the record. */
export function explainColumns(seen: Seen): ExplainedColumn[] {
  const { envelope, properties } = seen.facts.record
  return [
    ...Object.keys(envelope)
      .filter(key => key !== 'properties')
      .map(key => explainColumn(seen, 'envelope', key, envelope[key])),
    ...Object.keys(properties).map(column => explainColumn(seen, 'properties', column, properties[column])),
  ]
}

function explainColumn(seen: Seen, where: Where, name: string, raw: unknown): ExplainedColumn {
  const { facts } = seen
  const column = (where === 'envelope' ? facts.plan.envelope : facts.plan.columns).find(each => each.column === name)
  const fields = fieldsOf(seen, where, name)
  const vendor = vendorOf(seen, where, name, column, raw)
  const kept = keptAs(seen.document, name, raw)
  const isCovered = vendor.length > 0 || kept !== null
  const duplicate = isCovered || !column?.duplicate ? undefined : duplicateOf(seen, name)
  const rest = { fields, vendor, duplicate_of: duplicate ?? null, kept }
  const nothing = isCovered || duplicate !== undefined ? null : nothingOf(facts, where, name, raw, column)
  return { column: name, in: where, value: raw, type: column?.type ?? null, ...rest, nothing }
}

function fieldsOf({ trace, verdicts }: Seen, where: Where, name: string): ExplainedColumn['fields'] {
  return verdicts.flatMap(({ rule, read }) => {
    const isRead = read.some(source =>
      where === 'envelope'
        ? source.kind === 'envelope' && source.key === name
        : source.kind === 'column' && source.column === name,
    )
    if (!isRead) return []
    return trace.assignments
      .filter(assignment => assignment.rule === rule)
      .map(assignment => ({
        field: assignment.field,
        rule: placeName(rule.place),
        overwritten: isOverwritten(trace, assignment),
      }))
  })
}

function vendorOf(
  { trace, document, facts }: Seen,
  where: Where,
  name: string,
  column: Column | undefined,
  raw: unknown,
): ExplainedColumn['vendor'] {
  const other = trace.others.find(each => each.name === name && each.where === where)
  const paths =
    column === undefined
      ? other?.field.startsWith(vendorRoot(facts.plan.dataset))
        ? [{ field: other.field, type: 'dynamic' }]
        : []
      : trace.vendor
          .filter(each => each.column === column && each.value !== undefined)
          .map(({ field }) => ({ field, type: typeOf(column, field) }))
  return paths.map(({ field, type }) => ({ field, type, converted: conversionOf(raw, valueAt(document, field)) }))
}

function typeOf({ fieldType, name }: Column, field: string): string {
  if (!field.endsWith(name)) return 'flattened'
  return fieldType === 'lower' || fieldType === 'keywords' ? 'keyword' : fieldType
}

/** In words, what makes the written value different from what came; null when nothing does. */
function conversionOf(raw: unknown, written: unknown): string | null {
  if (JSON.stringify(raw) === JSON.stringify(written)) return null
  if (typeof written === 'boolean') return `boolean from ${JSON.stringify(raw)}`
  if (typeof written === 'number') return typeof raw === 'string' ? `number from text ${JSON.stringify(raw)}` : null
  if (typeof written === 'string')
    return typeof raw === 'string' ? textConversion(raw, written) : `text from ${kindOf(isExactNumber(raw) ? 0 : raw)}`
  if (typeof written !== 'object' || written === null) return null
  const isWrapped = Object.keys(written).join() === 'value'
  if (typeof raw === 'string') return isWrapped ? 'text, put under `value`' : 'parsed from JSON text'
  return isWrapped ? 'put under `value`' : 'without its empty values'
}

function textConversion(raw: string, written: string): string {
  return raw.toLowerCase() === written.toLowerCase() ? 'in lower case' : 'date in UTC'
}

function keptAs(document: object, name: string, raw: unknown): string | null {
  const kept = valueAt(document, 'xdrelay.kept')
  if (typeof kept !== 'object' || kept === null) return null
  if (Object.hasOwn(kept, name)) return name
  const text = jsonText(raw)
  const renamed = Object.entries(kept).find(([key, value]) => value === text && !/^\w/.test(key))
  return renamed?.[0] ?? null
}

/** The field in which the value of a column can be read back; the first by the order of the rules. */
function duplicateOf({ facts, trace, fields }: Seen, column: string): string | undefined {
  const value = facts.value({ kind: 'column', column })
  if (value === undefined) return undefined
  return trace.assignments
    .filter(({ rule }) => rule.sources.some(each => each.kind === 'column' && each.column === column && !each.key))
    .map(({ field }) => field)
    .find(field => fields.get(field) === value || runtime.same(fields.get(field), value))
}

function nothingOf(facts: Facts, where: Where, name: string, raw: unknown, column: Column | undefined): string | null {
  if (isEmpty(raw)) return 'empty'
  if (column === undefined) return 'holds nothing but empty values'
  if (where === 'envelope') return null
  if (facts.value({ kind: 'column', column: name }) === undefined) {
    return absences([{ kind: 'column', column: name }], facts)[0]!.slice(name.length + 1)
  }
  const twin = column.second?.to ?? facts.plan.columns.find(each => each.second?.to === name)?.column
  return twin === undefined ? 'holds nothing but empty values' : `the same as ${twin}`
}
