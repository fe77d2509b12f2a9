import type { FieldMapping } from './field-types.ts'

interface Properties {
  [name: string]: object
}

/** Dot paths as the nested `properties` of a mapping, sorted by name. Throws where a field lies below another field. */
export function mappingOf(fields: ReadonlyMap<string, FieldMapping>): { properties: Properties } {
  const root: { properties: Properties } = { properties: {} }
  const sorted = [...fields].sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [path, mapping] of sorted) {
    const parts = path.split('.')
    const leaf = parts.pop()!
    let holder = root
    for (const part of parts) {
      const inner = holder.properties[part] ?? { properties: {} }
      holder.properties[part] = inner
      if (!('properties' in inner)) throw new Error(`${path} lies below ${part}, which is a field itself`)
      holder = inner as typeof root
    }
    if (leaf in holder.properties) throw new Error(`${path} has fields below it, or is there twice`)
    holder.properties[leaf] = mapping
  }
  return root
}
