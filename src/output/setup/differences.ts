import type { Json } from './assets.ts'

/** What a server adds by itself to what it was given. */
const added = new Set([
  ...['created_date', 'created_date_millis', 'modified_date', 'modified_date_millis'],
  ...['template.aliases', 'data_stream.hidden', 'data_stream.allow_custom_routing', 'data_stream.failure_store'],
])

/** How an asset on the server differs from the wanted one, in a few words each; empty when they say the same. */
export function differences(found: Json, wanted: Json): string[] {
  const [before, after] = [leaves(found), leaves(wanted)]
  const [old, now] = [namesOf(before), namesOf(after)]
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path))
  const changed = paths.filter(path => old.has(nameOf(path)) && now.has(nameOf(path)))
  return [
    ...words(
      'adds',
      paths.filter(path => !old.has(nameOf(path))).map(path => withValue(path, after.get(path))),
    ),
    ...words(
      'changes',
      changed.map(path => `${nameOf(path)} from ${before.get(path) ?? 'nothing'} to ${after.get(path) ?? 'nothing'}`),
    ),
    ...words('removes', paths.filter(path => !now.has(nameOf(path))).map(nameOf)),
  ]
}

function namesOf(leaves: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...leaves.keys()].map(nameOf))
}

function words(verb: string, names: readonly string[]): string[] {
  const different = [...new Set(names)]
  if (different.length === 0) return []
  const rest = different.length - 3
  return [`${verb} ${different.slice(0, 3).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`]
}

/** The type of a new field says less than the number of others. */
function withValue(path: string, value: string | undefined): string {
  return path.startsWith('template.mappings.') ? nameOf(path) : `${nameOf(path)} ${value}`
}

/** A field is named as in a document, whatever of it differs. */
function nameOf(path: string): string {
  const [, fields] = /^template\.mappings\.properties\.(.*)$/.exec(path) ?? []
  if (fields === undefined) return path.replace(/^template\./, '')
  return fields
    .replaceAll('.properties.', '.')
    .replace(/\.(type|ignore_\w+|depth_limit|value|index|doc_values|enabled|fields\..*)$/, '')
}

/** Every value by its path. The server writes numbers and booleans of settings as text. */
function leaves(value: unknown, path = '', found = new Map<string, string>()): Map<string, string> {
  if (added.has(path)) return found
  if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) leaves(inner, path === '' ? key : `${path}.${key}`, found)
  } else {
    found.set(path, String(value))
  }
  return found
}
