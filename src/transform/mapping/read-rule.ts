import type { Dataset } from '../../core/types.ts'
import { readCondition } from './conditions.ts'
import { conversions } from './convert.ts'
import { fullPath } from './datasets.ts'
import type { Condition, Place, Rule, Source } from './rule.ts'
import { readSource } from './source.ts'
import { splits } from './split.ts'
import { isObject, isTexts, ruleError } from './yaml-file.ts'

const known = new Set([
  ...['from', 'inputs', 'value', 'as', 'split', 'map', 'otherwise'],
  ...['to', 'add', 'unless_set', 'when', 'copy'],
])

export function readRule(row: unknown, place: Place, named: ReadonlyMap<string, Condition>, dataset: Dataset): Rule {
  if (!isObject(row)) throw ruleError(place, 'a rule is a mapping')
  const wrong = Object.keys(row).find(key => !known.has(key))
  if (wrong !== undefined) throw ruleError(place, `unknown key ${wrong}`)
  if (['from', 'inputs', 'value'].filter(key => key in row).length !== 1) {
    throw ruleError(place, 'a rule has exactly one of from, inputs and value')
  }
  if ('to' in row === 'add' in row) throw ruleError(place, 'a rule has either to or add')
  if (row.unless_set !== undefined && (typeof (row.to ?? row.add) !== 'string' || row.unless_set !== true)) {
    throw ruleError(place, 'unless_set is true, and goes with one field')
  }
  const split = optionalText(row, 'split', place)
  const add = optionalText(row, 'add', place)
  const copy = optionalText(row, 'copy', place)
  const map = readMap(row.map, place)
  const sources = texts(row.from ?? row.inputs ?? [], place).map(name => readSource(name, place, dataset))
  const together = 'inputs' in row
  const as = readConversions(row.as, place)
  // A key inside of a column may hold anything, but an index takes no object where it expects a text.
  const isAnything = !together && split === undefined && as.length === 0 && sources.some(hasKey)
  return {
    place,
    sources,
    together,
    ...('value' in row ? { constant: scalar(row.value, place) } : {}),
    as: isAnything ? ['text'] : as,
    ...(split === undefined ? {} : { split: check(split, splits, 'split', place) }),
    ...(map ? { map } : {}),
    ...('otherwise' in row ? { otherwise: scalar(row.otherwise, place) as string | number } : {}),
    to: readTargets(row.to, split, place).map(({ part, field }) => ({ part, field: fullPath(field, dataset) })),
    ...(add === undefined ? {} : { add: fullPath(add, dataset) }),
    unlessSet: row.unless_set === true,
    ...('when' in row ? { when: readCondition(row.when, place, named, dataset) } : {}),
    ...(copy === undefined ? {} : { copy: fullPath(`V.${copy}`, dataset) }),
  }
}

function hasKey(source: Source): boolean {
  return source.kind === 'column' && source.key !== undefined
}

function readTargets(to: unknown, split: string | undefined, place: Place): Rule['to'] {
  if (to === undefined) return []
  if (split === undefined) return texts(to, place).map(field => ({ part: '', field }))
  if (!isObject(to)) throw ruleError(place, 'a split has a field for each part')
  return Object.entries(to).map(([part, field]) => {
    if (!splits[split]!.parts.includes(part)) throw ruleError(place, `${split} has no part ${part}`)
    if (typeof field !== 'string') throw ruleError(place, `the field of ${part} is a text`)
    return { part, field }
  })
}

function readMap(map: unknown, place: Place): Rule['map'] {
  if (map === undefined) return undefined
  if (!isObject(map)) throw ruleError(place, 'map is a mapping')
  return new Map(
    Object.entries(map).map(([key, value]) => {
      if (key !== key.toLowerCase()) throw ruleError(place, `the keys of a map are in lower case: ${key}`)
      return [key, value === null ? null : (scalar(value, place) as string | number)]
    }),
  )
}

function readConversions(as: unknown, place: Place): string[] {
  return as === undefined ? [] : texts(as, place).map(name => check(name, conversions, 'conversion', place))
}

function check(name: string, table: object, what: string, place: Place): string {
  if (!Object.hasOwn(table, name)) throw ruleError(place, `unknown ${what} ${name}`)
  return name
}

function optionalText(row: Record<string, unknown>, key: string, place: Place): string | undefined {
  const value = row[key]
  if (value !== undefined && typeof value !== 'string') throw ruleError(place, `${key} is a text`)
  return value
}

function scalar(value: unknown, place: Place): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw ruleError(place, 'a text, a number or a boolean is expected')
}

function texts(value: unknown, place: Place): string[] {
  const list = Array.isArray(value) ? value : [value]
  if (!isTexts(list)) throw ruleError(place, 'a text or a list of texts is expected')
  return list
}
