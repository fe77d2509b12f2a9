import type { Place, Source } from './rule.ts'
import { ruleError } from './yaml-file.ts'

/** A column, a key inside of one, a key of the envelope (`$…`) or a field. */
export function readSource(name: string, place: Place): Source {
  if (name.startsWith('$')) return { kind: 'envelope', key: name.slice(1) }
  if (/^[A-Z][A-Za-z0-9]*$/.test(name)) return { kind: 'column', column: name }
  const [, column, key] = /^([A-Z][A-Za-z0-9]*)\.(.+)$/.exec(name) ?? []
  if (column !== undefined && key !== undefined) return { kind: 'column', column, key }
  if (!/^[@a-z][\w.@]*$/i.test(name)) throw ruleError(place, `${name} is no column, envelope key or field`)
  return { kind: 'field', path: name }
}
