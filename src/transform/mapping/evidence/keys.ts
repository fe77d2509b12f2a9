import { readFileSync } from 'node:fs'
import { packageFolder } from '../../../core/package-folder.ts'
import { type FieldType, usualFieldType } from '../names.ts'
import type { ColumnType } from '../schemas.ts'
import { snakeCase } from '../snake-case.ts'
import { ruleError } from '../yaml-file.ts'
import type { Duplicate, EvidenceFile } from './evidence-file.ts'

/** The types of values that stand alone; a list of them is indexed alike. */
export type ScalarType = Extract<FieldType, 'keyword' | 'long' | 'double' | 'boolean' | 'date' | 'ip'>

/** A key of evidence and what is kept of it. */
export interface Entry {
  /** With dots, from the item on: `fileDetails.sha1`. */
  readonly path: string
  /** Below the object that holds it; may have dots itself. */
  readonly name: string
  readonly duplicate: Duplicate
  /** Of an object with keys of its own: these. It has no other form. */
  readonly inner?: Keys
  /** How texts, numbers and the like are indexed; absent: they are documented nowhere. */
  readonly scalar?: ScalarType
  /** Objects are documented too: `flattened`, under the name itself or, beside a scalar, under `<name>_fields`. */
  readonly hasObjects: boolean
  /** The objects are evidence themselves. */
  readonly isEvidence: boolean
  /** The keys of the objects stay as they came. */
  readonly isOpen: boolean
}

/** The keys of an object, by key and by name. */
export interface Keys {
  readonly byKey: ReadonlyMap<string, Entry>
  readonly byName: ReadonlyMap<string, Entry>
  /** Names with others below them, and of what goes beside scalars: nothing else may have them. */
  readonly reserved: ReadonlySet<string>
}

export interface EvidenceKeys {
  readonly root: Keys
  /** Kind → the keys that are documented for it. */
  readonly kinds: ReadonlyMap<string, ReadonlySet<string>>
}

interface Property {
  readonly $ref?: string
  readonly anyOf?: readonly Property[]
  readonly items?: Property
  readonly properties?: Readonly<Record<string, Property>>
  readonly 'x-type'?: ColumnType
  readonly type?: unknown
}

type Definitions = Readonly<Record<string, Property>>

/** Reads the schema of evidence. One type per path over all kinds: ruling R4. */
export function readEvidenceKeys(file: EvidenceFile): EvidenceKeys {
  const url = new URL('evidence.json', packageFolder('schemas'))
  const { definitions } = JSON.parse(readFileSync(url, 'utf8')) as { definitions: Definitions }
  const kinds = Object.entries(definitions).filter(([name]) => name.endsWith('Evidence'))
  const unused = new Set(file.keys.keys())
  const all = new Map<string, Property[]>([['@odata.type', [{ 'x-type': 'string' }]]])
  for (const [, { properties = {} }] of kinds) {
    for (const [key, property] of Object.entries(properties)) all.set(key, [...(all.get(key) ?? []), property])
  }
  const root = keysOf(all, '', { definitions, file, unused })
  const [wrong] = unused
  if (wrong !== undefined) throw ruleError(file.place('keys', wrong), `no kind of evidence has a key ${wrong}`)
  return {
    root,
    kinds: new Map(
      kinds.map(([kind, { properties = {} }]) => [kind, new Set(['@odata.type', ...Object.keys(properties)])]),
    ),
  }
}

interface Context {
  readonly definitions: Definitions
  readonly file: EvidenceFile
  readonly unused: Set<string>
}

function keysOf(all: ReadonlyMap<string, readonly Property[]>, prefix: string, context: Context): Keys {
  const byKey = new Map<string, Entry>()
  const byName = new Map<string, Entry>()
  const reserved = new Set<string>()
  for (const [key, properties] of all) {
    const entry = entryOf(key, properties, prefix, context)
    const other = byName.get(entry.name)
    if (other !== undefined && !isAlike(entry, other)) {
      throw ruleError(
        context.file.place('keys'),
        `${entry.name} of ${entry.path} has another type than that of ${other.path}`,
      )
    }
    byKey.set(key, entry)
    byName.set(entry.name, entry)
    if (entry.name.includes('.')) reserved.add(entry.name.split('.', 1)[0]!)
    if (entry.scalar !== undefined && entry.hasObjects) reserved.add(`${entry.name}_fields`)
  }
  const clash = [...byName.keys()].find(name => reserved.has(name))
  if (clash !== undefined) throw ruleError(context.file.place('keys'), `${prefix}${clash} has fields below it`)
  return { byKey, byName, reserved }
}

/** Whether two spellings of a key may share a name. */
function isAlike(left: Entry, right: Entry): boolean {
  return left.scalar === right.scalar && left.hasObjects === right.hasObjects && left.inner === right.inner
}

function entryOf(key: string, properties: readonly Property[], prefix: string, context: Context): Entry {
  const path = prefix + key
  const own = context.file.keys.get(path) ?? {}
  context.unused.delete(path)
  const shapes = properties.map(property => shapeOf(property, context.definitions))
  const inner = shapes.flatMap(shape => (shape.inner === undefined ? [] : [shape.inner]))
  const scalars = new Set(shapes.flatMap(({ scalar }) => (scalar === undefined ? [] : [scalar])))
  const hasObjects = shapes.some(shape => shape.hasObjects === true)
  if (inner.length > 0 && (scalars.size > 0 || hasObjects)) {
    throw ruleError(context.file.place('keys'), `${path} is an object with known keys, and something else`)
  }
  const [first = 'keyword'] = scalars
  // Text wins over all that is narrower.
  const scalar = scalars.size === 0 ? undefined : ((own.type as ScalarType) ?? (scalars.size > 1 ? 'keyword' : first))
  return {
    path,
    name: own.name ?? nameOf(key),
    duplicate: own.duplicate ?? false,
    ...(inner.length === 0 ? {} : { inner: innerKeys(inner, path, context) }),
    ...(scalar === undefined ? {} : { scalar }),
    hasObjects,
    isEvidence: shapes.some(shape => shape.isEvidence === true),
    isOpen: context.file.open.has(key),
  }
}

function innerKeys(objects: readonly Property[], path: string, context: Context): Keys {
  const all = new Map<string, Property[]>()
  for (const property of new Set(objects)) {
    for (const [key, inner] of Object.entries(property.properties ?? {})) all.set(key, [...(all.get(key) ?? []), inner])
  }
  return keysOf(all, `${path}.`, context)
}

interface Shape {
  readonly inner?: Property
  readonly scalar?: ScalarType
  readonly hasObjects?: boolean
  readonly isEvidence?: boolean
}

function shapeOf(property: Property, definitions: Definitions): Shape {
  const { items, properties, anyOf, $ref } = property
  if (items !== undefined) return shapeOf(items, definitions)
  if (properties !== undefined) return { inner: property }
  const type = property['x-type']
  if (type === 'dynamic')
    return Array.isArray(property.type) ? { hasObjects: true } : { scalar: 'keyword', hasObjects: true }
  if (type !== undefined) return { scalar: usualFieldType[type] as ScalarType }
  if ($ref === undefined) return shapeOf(anyOf![0]!, definitions)
  const name = $ref.slice($ref.lastIndexOf('/') + 1)
  return name.endsWith('Evidence') ? { hasObjects: true, isEvidence: true } : { inner: definitions[name]! }
}

/** Snake case; annotations like `@odata.type` and `files@odata.count` too. */
export function nameOf(key: string): string {
  return snakeCase(key).replaceAll(/[@.]+/g, '_').replace(/^_+/, '')
}

/** Every path that is kept of evidence and how it is indexed. */
export function evidenceFields({ byKey }: Keys, prefix = ''): Map<string, ScalarType | 'flattened'> {
  const fields = new Map<string, ScalarType | 'flattened'>()
  for (const { name, inner, scalar, hasObjects } of byKey.values()) {
    const path = prefix + name
    if (inner === undefined) fields.set(path, scalar ?? 'flattened')
    else for (const [below, type] of evidenceFields(inner, `${path}.`)) fields.set(below, type)
    if (scalar !== undefined && hasObjects) fields.set(`${path}_fields`, 'flattened')
  }
  return fields
}
