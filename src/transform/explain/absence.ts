import type { Source } from '../mapping/rule.ts'
import { kindOf } from '../mapping/run.ts'
import { isEmpty } from '../mapping/values.ts'
import type { Facts } from './facts.ts'

export function sourceName(source: Source): string {
  if (source.kind === 'field') return source.path
  if (source.kind === 'envelope') return envelopeNames[source.key] ?? `${source.key} of the envelope`
  return source.key === undefined ? source.column : `${source.column}.${source.key}`
}

const envelopeNames: Readonly<Record<string, string>> = {
  id: 'the id of the document',
  original: 'the text of the record',
  enqueued_time: 'the enqueued time',
}

/** Why sources have no value; those with the same reason together. */
export function absences(sources: readonly Source[], facts: Facts): string[] {
  const byReason = new Map<string, { names: Set<string>; one: string; many: string }>()
  for (const source of sources) {
    const [name, one, many] = absence(source, facts)
    const entry = byReason.get(one) ?? { names: new Set(), one, many }
    entry.names.add(name)
    byReason.set(one, entry)
  }
  return [...byReason.values()].map(
    ({ names, one, many }) => `${list([...names], 'and')} ${names.size === 1 ? one : many}`,
  )
}

type Absence = [name: string, one: string, many: string]

function absence(source: Source, facts: Facts): Absence {
  const name = sourceName(source)
  if (source.kind === 'field') return [name, 'has no value', 'have no value']
  if (source.kind === 'envelope') return [name, 'is not there', 'are not there']
  const { column, key } = source
  const columnValue = facts.value({ kind: 'column', column })
  if (key !== undefined && columnValue !== undefined) return [name, 'is not there', 'are not there']
  if (!facts.knows(source)) {
    const table = facts.plan.table || 'an unknown table'
    return [name, `is no column of ${table}`, `are no columns of ${table}`]
  }
  const { properties } = facts.record
  if (!Object.hasOwn(properties, column)) return [column, 'is not in the record', 'are not in the record']
  const raw = properties[column]
  if (isEmpty(raw)) return [column, 'is empty', 'are empty']
  if (raw === '-') return [column, 'is "-", which stands for none', 'are "-", which stands for none']
  const type = facts.column(column)!.type
  const misfit = `${kindOf(raw)} where ${type} is expected`
  return [column, `is of no use (${misfit})`, `are of no use (${misfit})`]
}

const mostNames = 4

/** Long lists by their first and their number. */
export function list(names: readonly string[], word: 'and' | 'or'): string {
  if (names.length > mostNames) {
    return `${names.slice(0, mostNames - 1).join(', ')} ${word} ${names.length - mostNames + 1} others`
  }
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)}`
}
