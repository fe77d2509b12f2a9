import type { OptionSchema } from '../core/options.ts'
import { convert, expected, type Problem, type Raw } from './convert.ts'
import { type Finding, finding } from './finding.ts'
import { interpolate, type Lookup } from './interpolate.ts'
import { camelCase, joinPath } from './keys.ts'
import { suggest } from './suggest.ts'
import {
  type Entry,
  entryOf,
  isEmpty,
  type List,
  type Mapping,
  type Place,
  type Scalar,
  type Tree,
  treeOf,
} from './tree.ts'

/**
 * Checks a tree against a schema and gives the options as the parts want them: camelCase, converted, defaults filled
 * in. Every problem is a finding; where there is one, the options are incomplete at that place.
 */
export function check(tree: Tree, schema: OptionSchema, lookup: Lookup): { options: unknown; findings: Finding[] } {
  const checker = new Checker(lookup)
  const options = checker.value(tree, schema, { path: '', place: tree.place })
  return { options, findings: checker.findings }
}

/** A value's path, and where findings about it point to: its key for a map, the value itself for the rest. */
interface Spot {
  readonly path: string
  readonly place: Place
}

/** Names become file names, labels and parts of stream names, hence the narrow alphabet. */
const nameForm = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/

class Checker {
  readonly findings: Finding[] = []
  readonly #lookup: Lookup

  constructor(lookup: Lookup) {
    this.#lookup = lookup
  }

  value(tree: Tree, schema: OptionSchema, spot: Spot): unknown {
    const kind = isEmpty(tree) && schema.type === 'object' ? 'map' : tree.kind
    if (kind === 'map' && schema.type === 'object') return this.#map(tree, schema, spot)
    if (tree.kind === 'list' && schema.type === 'array') return this.#list(tree, schema, spot.path)
    if (tree.kind === 'scalar' && schema.type !== 'object' && schema.type !== 'array')
      return this.#scalar(tree, schema, spot.path)
    const fix = schema.type === 'array' ? 'Write [ ] around the value.' : `Write ${expected(schema)} here.`
    return this.#report({ ...spot, place: tree.place }, shown(tree, schema), `expected ${expected(schema)}`, fix)
  }

  #map(tree: Tree, schema: OptionSchema, spot: Spot): unknown {
    const map: Mapping = tree.kind === 'map' ? tree : { kind: 'map', place: spot.place, entries: [] }
    if (schema.named) return this.#named(map, schema.named, spot.path)
    const properties = schema.properties ?? {}
    const unknown = map.entries.filter(({ key }) => !Object.hasOwn(properties, key))
    const meant = unknown.map(entry => this.#unknownKey(entry, map, properties, spot.path))
    // An unknown key is most likely the misspelt kind, and one mistake is one finding.
    if (unknown.length === 0 || kindsIn(map, schema).length > 1) this.#kind(map, schema, spot)
    const options: Record<string, unknown> = {}
    for (const [key, property] of Object.entries(properties)) {
      const path = joinPath(spot.path, key)
      const entry = entryOf(map, key)
      if (entry) options[camelCase(key)] = this.value(entry.value, property, { path, place: entry.place })
      else if (schema.required?.includes(key)) {
        if (!meant.includes(key))
          this.#report({ path, place: spot.place }, 'nothing', 'is required', `Add ${key}: ${expected(property)}.`)
      } else if (!schema.oneOf?.includes(key)) this.#fillIn(options, key, property, path)
    }
    return options
  }

  #named(map: Mapping, schema: OptionSchema, path: string): unknown {
    const options: Record<string, unknown> = {}
    for (const { key, value, place } of map.entries) {
      const spot = { path: joinPath(path, key), place }
      if (!nameForm.test(key)) {
        const fix = 'Use letters, digits, _ and -, at most 63, beginning with a letter or a digit.'
        this.#report(spot, key, 'is not a usable name', fix)
      }
      options[key] = this.value(value, schema, spot)
    }
    return options
  }

  #kind(map: Mapping, schema: OptionSchema, spot: Spot): void {
    if (!schema.oneOf) return
    const [first, second] = kindsIn(map, schema)
    const kinds = schema.oneOf.join(', ')
    if (!first) this.#report(spot, 'nothing', 'has no kind', `Add one of ${kinds}.`)
    if (!second) return
    const fix = `Keep one of ${kinds}; give the other a name of its own.`
    this.#report({ ...spot, place: second.place }, second.key, 'has two kinds', fix)
  }

  #list(list: List, schema: OptionSchema, path: string): unknown {
    const { minItems = 0, items = { type: 'string' } } = schema
    if (list.items.length < minItems)
      this.#report({ path, place: list.place }, 'an empty list', `needs at least ${minItems}`, 'Add a value.')
    return list.items.map((item, index) => this.value(item, items, { path: `${path}[${index}]`, place: item.place }))
  }

  #scalar(scalar: Scalar, schema: OptionSchema, path: string): unknown {
    const spot = { path, place: scalar.place }
    if (typeof scalar.value !== 'string' || scalar.from === 'environment') {
      return this.#convert({ ...scalar, loose: scalar.from === 'environment' }, scalar, schema, spot)
    }
    const { text, replaced, plain, fromFile, file, problems } = interpolate(scalar.value, this.#lookup)
    for (const { message, fix } of problems) this.#report(spot, shown(scalar, schema), message, fix)
    if (problems.length > 0) return undefined
    if (schema.format === 'secret' && plain) this.#warnOfPlainSecret(spot)
    const raw = { ...scalar, value: text, text }
    return this.#convert(
      { ...raw, loose: replaced, ...(file && { secretFile: file }) },
      fromFile ? scalar : raw,
      schema,
      spot,
    )
  }

  #convert(raw: Scalar & Raw, show: Scalar, schema: OptionSchema, spot: Spot): unknown {
    const converted = convert(raw, schema, this.#lookup.resolve)
    if ('value' in converted) return converted.value
    return this.#report(spot, shown(show, schema), converted.message, converted.fix)
  }

  /** Defaults are written as in the file. An absent group of settings is filled in when all of it can be. */
  #fillIn(options: Record<string, unknown>, key: string, schema: OptionSchema, path: string): void {
    const value = schema.default ?? (isGroupOfDefaults(schema) ? {} : undefined)
    if (value === undefined) return
    const place = { file: 'a default', line: 0, column: 0 }
    options[camelCase(key)] = this.value(treeOf(value, place), schema, { path, place })
  }

  /** Gives the known key that was meant, if one is close enough to say. */
  #unknownKey(
    { key, place }: Entry,
    map: Mapping,
    properties: NonNullable<OptionSchema['properties']>,
    path: string,
  ): string | undefined {
    const known = Object.keys(properties)
    const near = suggest(
      key,
      known.filter(each => !entryOf(map, each)),
    )
    const fix = near ? `Did you mean \`${near}\`?` : `Known here: ${known.join(', ')}.`
    this.#report({ path: joinPath(path, key), place }, key, 'unknown key', fix)
    return near
  }

  #warnOfPlainSecret({ path, place }: Spot): void {
    const message = 'a secret stands in the file in plain text'
    const fix = `Write \${env:NAME} or \${file:/run/secrets/NAME}, and change it if others could read the file.`
    this.findings.push({ ...finding(place, path, { value: '[redacted]', message, fix }), severity: 'warning' })
  }

  #report({ path, place }: Spot, value: string, message: Problem['message'], fix: Problem['fix']): undefined {
    this.findings.push(finding(place, path, { value, message, fix }))
  }
}

function kindsIn(map: Mapping, { oneOf = [] }: OptionSchema): Entry[] {
  return map.entries.filter(({ key }) => oneOf.includes(key))
}

function isGroupOfDefaults({ type, named, oneOf, required, properties = {} }: OptionSchema): boolean {
  if (type !== 'object' || named || oneOf || required?.length) return false
  return Object.values(properties).some(each => each.default !== undefined || isGroupOfDefaults(each))
}

/** What was found, for people. Nothing of a secret, and nothing of what stands where a secret belongs. */
function shown(tree: Tree, schema: OptionSchema): string {
  if (isEmpty(tree)) return 'nothing'
  if (holdsSecret(schema)) return tree.kind === 'scalar' ? '[redacted]' : `a ${tree.kind}`
  return tree.kind === 'scalar' ? tree.text : `a ${tree.kind}`
}

function holdsSecret({ format, items, named, properties = {} }: OptionSchema): boolean {
  if (format === 'secret' || (items && holdsSecret(items)) || (named && holdsSecret(named))) return true
  return Object.values(properties).some(holdsSecret)
}
