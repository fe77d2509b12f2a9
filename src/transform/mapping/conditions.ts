import type { Dataset } from '../../core/types.ts'
import type { Comparison, Condition, Place } from './rule.ts'
import { readSource } from './source.ts'
import { isObject, isTexts, ruleError, type YamlFile } from './yaml-file.ts'

const comparisons = new Set<Comparison>(['is', 'contains', 'starts', 'ends', 'one_of', 'list_has'])

/** The named conditions of a file; one may use those above it. */
export function readConditions(yaml: YamlFile, dataset: Dataset): ReadonlyMap<string, Condition> {
  const named = new Map<string, Condition>()
  const rows = yaml.data.conditions ?? {}
  if (!isObject(rows)) throw ruleError(yaml.place('conditions'), 'conditions is a mapping from names')
  for (const [name, row] of Object.entries(rows)) {
    named.set(name, readCondition(row, yaml.place('conditions', name), named, dataset))
  }
  return named
}

/** A condition's name, a list (all must hold), or a mapping all of whose entries must hold. */
export function readCondition(
  row: unknown,
  place: Place,
  named: ReadonlyMap<string, Condition>,
  dataset: Dataset,
): Condition {
  const read = (part: unknown) => readCondition(part, place, named, dataset)
  if (typeof row === 'string') {
    const condition = named.get(row)
    if (!condition) throw ruleError(place, `no condition above is named ${row}`)
    return condition
  }
  if (Array.isArray(row)) return { all: row.map(read) }
  if (!isObject(row)) throw ruleError(place, 'a condition is a name, a list or a mapping')
  const parts = Object.entries(row).map(([key, value]) => readEntry(key, value, place, dataset, read))
  return parts.length === 1 ? parts[0]! : { all: parts }
}

function readEntry(
  key: string,
  value: unknown,
  place: Place,
  dataset: Dataset,
  read: (part: unknown) => Condition,
): Condition {
  const list = Array.isArray(value) ? value : [value]
  switch (key) {
    case 'all':
      return { all: list.map(read) }
    case 'any':
      return { any: list.map(read) }
    case 'not':
      return { not: read(value) }
    case 'table':
      return { table: texts(value, place) }
    case 'has':
      return { all: texts(value, place).map(name => ({ has: readSource(name, place, dataset) })) }
    case 'lacks':
      return { all: texts(value, place).map(name => ({ not: { has: readSource(name, place, dataset) } })) }
    default:
      return readComparison(key, value, place, dataset)
  }
}

function readComparison(name: string, value: unknown, place: Place, dataset: Dataset): Condition {
  const source = readSource(name, place, dataset)
  if (source.kind === 'field') throw ruleError(place, `a condition reads columns and the envelope, not ${name}`)
  if (!isObject(value)) return { source, comparison: 'is', values: lower(value, place) }
  const all = Object.entries(value).map(([comparison, values]): Condition => {
    if (!comparisons.has(comparison as Comparison)) throw ruleError(place, `unknown comparison ${comparison}`)
    return { source, comparison: comparison as Comparison, values: lower(values, place) }
  })
  return all.length === 1 ? all[0]! : { all }
}

function lower(value: unknown, place: Place): string[] {
  const list = texts(value, place)
  const upper = list.find(text => text !== text.toLowerCase())
  if (upper !== undefined) throw ruleError(place, `values are compared in lower case, write ${upper.toLowerCase()}`)
  return list
}

function texts(value: unknown, place: Place): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (!isTexts(list)) throw ruleError(place, 'a text or a list of texts is expected')
  return list
}
