import type { Dataset } from '../../core/types.ts'
import { fullPath } from './datasets.ts'
import type { Place, Source } from './rule.ts'
import { ruleError } from './yaml-file.ts'

/** A column of a collected item, and a key inside of it; those of an incident's alert have `alerts.` in front. */
const itemColumn = /^\.((?:alerts\.)?(?:@odata\.)?[A-Za-z]\w*)(?:\.(.+))?$/

/** A column, a key inside of one, a key of the envelope (`$…`) or a field. */
export function readSource(name: string, place: Place, dataset: Dataset): Source {
  if (name.startsWith('$')) return { kind: 'envelope', key: name.slice(1) }
  const path = fullPath(name, dataset)
  const [, item, within] = itemColumn.exec(path) ?? []
  if (item !== undefined && dataset !== 'event') return columnOf(item, within)
  if (/^[A-Z][A-Za-z0-9]*$/.test(path)) return { kind: 'column', column: path }
  const [, column, key] = /^([A-Z][A-Za-z0-9]*)\.(.+)$/.exec(path) ?? []
  if (column !== undefined) return columnOf(column, key)
  if (!/^[@a-z][\w.@]*$/i.test(path)) throw ruleError(place, `${name} is no column, envelope key or field`)
  return { kind: 'field', path }
}

function columnOf(column: string, key: string | undefined): Source {
  return key === undefined ? { kind: 'column', column } : { kind: 'column', column, key }
}
