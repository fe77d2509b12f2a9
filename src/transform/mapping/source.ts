import type { Dataset } from '../../core/types.ts'
import { type Collected, fullPath, holders } from './datasets.ts'
import type { Place, Source } from './rule.ts'
import { ruleError } from './yaml-file.ts'

/** Keys of a collected item, from the outer one in. */
const itemKeys = /^\.((?:@odata\.)?[A-Za-z]\w*)(?:\.(.+))?$/

/** A column, a key inside of one, a key of the envelope (`$…`) or a field. */
export function readSource(name: string, place: Place, dataset: Dataset): Source {
  if (name.startsWith('$')) return { kind: 'envelope', key: name.slice(1) }
  const path = fullPath(name, dataset)
  if (dataset !== 'event' && path.startsWith('.')) return itemColumn(path, place, dataset)
  if (/^[A-Z][A-Za-z0-9]*$/.test(path)) return { kind: 'column', column: path }
  const [, column, key] = /^([A-Z][A-Za-z0-9]*)\.(.+)$/.exec(path) ?? []
  if (column !== undefined) return columnOf(column, key)
  if (!/^[@a-z][\w.@]*$/i.test(path)) throw ruleError(place, `${name} is no column, envelope key or field`)
  return { kind: 'field', path }
}

/** A column of an item, and a key inside of one. */
function itemColumn(path: string, place: Place, dataset: Collected): Source {
  const [, key, rest] = itemKeys.exec(path) ?? []
  if (key === undefined) throw ruleError(place, `${path} is no key of an item`)
  if (rest === undefined || !holders[dataset].includes(key)) return columnOf(key, rest)
  const [, inner, within] = itemKeys.exec(`.${rest}`) ?? []
  if (inner === undefined) throw ruleError(place, `${path} is no key of an item`)
  return columnOf(`${key}.${inner}`, within)
}

function columnOf(column: string, key: string | undefined): Source {
  return key === undefined ? { kind: 'column', column } : { kind: 'column', column, key }
}
