import { EcsFlat } from '@elastic/ecs'

/** What the index is told of one field. */
export interface FieldMapping {
  readonly type: string
  readonly [parameter: string]: unknown
}

/**
 * Longer texts stay in the document but out of the index: Lucene refuses terms beyond 32,766 bytes, and what is counted
 * here takes up to three of them.
 */
const longestTerm = 10_922

export const keyword: FieldMapping = { type: 'keyword', ignore_above: longestTerm }
/**
 * A term of `flattened` has the key in front, so there is less room for the value. `depth_limit` is what `limits.depth`
 * of the configuration allows at most; the server's own is 20.
 */
export const flattened: FieldMapping = { type: 'flattened', ignore_above: 8191, depth_limit: 500 }

interface EcsField {
  readonly type: string
  readonly ignore_above?: number
  readonly index?: boolean
  readonly doc_values?: boolean
  readonly scaling_factor?: number
  readonly multi_fields?: readonly { readonly name: string; readonly type: string }[]
}

const ecs = EcsFlat as unknown as Readonly<Record<string, EcsField>>

/**
 * Fields that detection content reads although ECS has none of that name. Those of a process have the types of
 * `process.*`; whatever else is not listed by itself is a keyword.
 */
const beyondEcs: readonly (readonly [pattern: RegExp, mapping: (path: string) => FieldMapping | undefined])[] = [
  [/^Target\.process\.(.+)$/, path => ecsField(path.replace('Target.', ''))],
  [/^process\.parent\.group_leader\.(.+)$/, path => ecsField(path.replace('parent.', ''))],
  [/^process\.Ext\.api\.parameters\.(address|desired_access_numeric|size)$/, () => ({ type: 'long' })],
  [/^process\.Ext\./, () => keyword],
  [/^dll\.Ext\.size$/, () => ({ type: 'long' })],
  [/^(application\.name|url\.user_info|resource\.(id|name)|vulnerability\.(cve|title))$/, () => keyword],
  [/^vulnerability\.published_date$/, () => ({ type: 'date' })],
]

/**
 * The field at a path, or the fields below it where ECS has an object there; undefined for a path that is neither in
 * ECS nor listed above.
 */
export function fieldsAt(path: string): Map<string, FieldMapping> | undefined {
  const field = ecsField(path) ?? beyondEcs.find(([pattern]) => pattern.test(path))?.[1](path)
  if (field !== undefined) return new Map([[path, field]])
  const below = Object.keys(ecs).filter(name => name.startsWith(`${path}.`))
  const fields = below.flatMap(name => [...(fieldsAt(name) ?? [])])
  return fields.length === 0 ? undefined : new Map(fields)
}

/** Undefined for what is no field but an object. */
function ecsField(path: string): FieldMapping | undefined {
  const field = Object.hasOwn(ecs, path) ? ecs[path]! : undefined
  if (field === undefined || field.type === 'object' || field.type === 'nested') return undefined
  const { type, ignore_above, index, doc_values, scaling_factor, multi_fields: views = [] } = field
  return {
    type,
    ...(ignore_above !== undefined && { ignore_above }),
    // No limit of this type, but of the one that stands in for it where a server lacks it.
    ...(type === 'wildcard' && { ignore_above: longestTerm }),
    ...(index === false && { index }),
    ...(doc_values === false && { doc_values }),
    ...(scaling_factor !== undefined && { scaling_factor }),
    ...(views.length > 0 && { fields: Object.fromEntries(views.map(view => [view.name, { type: view.type }])) }),
  }
}
