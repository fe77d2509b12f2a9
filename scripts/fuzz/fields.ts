import { isIP } from 'node:net'
import { loadAssets } from '../../src/output/setup/assets.ts'

interface Field {
  readonly type?: string
  readonly properties?: Fields
}
type Fields = Readonly<Record<string, Field>>

interface Body {
  readonly composed_of?: readonly string[]
  readonly template: { readonly mappings?: { readonly properties?: Fields } }
}

const bodies = new Map(loadAssets({ enrich: true }).map(({ name, body }) => [name, body as unknown as Body]))

/** By dataset: the fields of its index template. */
const templates = new Map<string, Fields>()

/**
 * Throws for a document that Elasticsearch would refuse, or take without a field: a value of ECS that is not of its
 * field's type, an object where a value belongs, or a value where an object does. Vendor fields keep what came, also
 * where it is no date or number.
 */
export function checkFields(document: { readonly event?: { readonly dataset?: string } }): void {
  const { dataset = '' } = document.event ?? {}
  const fields = templates.get(dataset) ?? readTemplate(dataset)
  templates.set(dataset, fields)
  checkObject(document, fields, '')
}

function readTemplate(dataset: string): Fields {
  const name = `xdrelay-${dataset}`
  const { composed_of = [] } = bodies.get(name)!
  const components = composed_of.filter(component => !component.endsWith('@custom'))
  return merged([...components, name].map(each => bodies.get(each)!.template.mappings?.properties ?? {}))
}

function checkObject(object: object, known: Fields, path: string): void {
  for (const [key, value] of Object.entries(object)) {
    const field = Object.hasOwn(known, key) ? known[key] : undefined
    if (field !== undefined) checkField(value, field, `${path}${key}`)
    else if (!path.startsWith('m365_defender.')) throw new Error(`${path}${key} is in no template`)
  }
}

function checkField(value: unknown, field: Field, path: string): void {
  if (Array.isArray(value)) {
    for (const element of value) checkField(element, field, path)
    return
  }
  const { type, properties } = field
  const isObject = typeof value === 'object'
  if (isObject !== (properties !== undefined || type === 'object' || type === 'flattened' || type === 'geo_point')) {
    throw new Error(`${path} takes ${type ?? 'an object'}, not ${JSON.stringify(value).slice(0, 100)}`)
  }
  if (isObject && properties !== undefined) checkObject(value as object, properties, `${path}.`)
  else if (!path.startsWith('m365_defender.') && !(forms[type ?? '']?.(value) ?? true)) {
    throw new Error(`${path} takes ${type}, not ${JSON.stringify(value).slice(0, 100)}`)
  }
}

/** Of other types any text, number or truth value will do. */
const forms: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: value => typeof value === 'boolean',
  date: value =>
    typeof value === 'string' && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) && !Number.isNaN(Date.parse(value)),
  double: value => typeof value === 'number',
  float: value => typeof value === 'number',
  geo_point: value => {
    const { lat, lon } = value as { lat?: unknown; lon?: unknown }
    return Math.abs(Number(lat)) <= 90 && Math.abs(Number(lon)) <= 180
  },
  ip: value => isIP(String(value)) !== 0 && !String(value).includes('%'),
  // A text of digits is taken as a number.
  long: value => value !== '' && Number.isInteger(Number(value)) && Math.abs(Number(value)) <= 2 ** 63,
}

function merged(all: readonly Fields[]): Fields {
  const result: Record<string, Field> = {}
  for (const [key, field] of all.flatMap(each => Object.entries(each))) {
    const both = result[key]?.properties && field.properties ? [result[key].properties, field.properties] : undefined
    result[key] = both ? { ...result[key], ...field, properties: merged(both) } : field
  }
  return result
}
