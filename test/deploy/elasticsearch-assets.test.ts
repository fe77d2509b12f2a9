import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { fieldsOfRules, vendorFields } from '../../scripts/elasticsearch/document-fields.ts'
import { fieldsAt } from '../../scripts/elasticsearch/field-types.ts'
import { generateElasticsearch } from '../../scripts/generate-elasticsearch.ts'
import { Names } from '../../src/transform/mapping/names.ts'
import { parseRuleFile } from '../../src/transform/mapping/rule-files.ts'
import { loadSchemas } from '../../src/transform/mapping/schemas.ts'
import { parseYaml } from '../../src/transform/mapping/yaml-file.ts'

interface Body {
  readonly composed_of?: readonly string[]
  readonly template: {
    readonly mappings?: { readonly properties: Properties }
    readonly settings?: { readonly index: { readonly mapping: { readonly total_fields: { readonly limit: string } } } }
  }
}
interface Properties {
  readonly [name: string]: Field
}
interface Field {
  readonly type?: string
  readonly ignore_above?: number
  readonly index?: boolean
  readonly properties?: Properties
  readonly fields?: Properties
}

const folder = 'deploy/elasticsearch'
const files = generateElasticsearch()
const bodyOf = (path: string) => JSON.parse(files.get(`${path}.json`)!) as Body

// `npm test -- test/deploy/elasticsearch-assets.test.ts --update` writes them anew, and so does `npm run templates`.
test.each([...files])('deploy/elasticsearch/%s is up to date', async (path, text) => {
  await expect(text).toMatchFileSnapshot(`../../${folder}/${path}`)
})

test('nothing else lies there', () => {
  expect(globSync('**/*.json', { cwd: folder }).sort()).toEqual([...files.keys()].sort())
})

test('a rule whose field nobody knows stops the generator, with file and line', () => {
  const text = 'family: x\ntables: others\nrules:\n  - { from: DeviceName, to: host.nmae }\n'
  const { rules } = parseRuleFile(parseYaml('x.yaml', text))
  expect(() => fieldsOfRules(rules)).toThrow(/^x\.yaml:4: host\.nmae is no field of ECS/)
})

test('R10: fields beyond ECS have the types of their like, and no others are let through', () => {
  const typeOf = (path: string) => fieldsAt(path)?.get(path)?.type
  expect(typeOf('Target.process.pid')).toBe('long')
  expect(typeOf('Target.process.command_line')).toBe('wildcard')
  expect(typeOf('process.parent.group_leader.start')).toBe('date')
  expect(typeOf('process.parent.group_leader.name')).toBe('keyword')
  expect(typeOf('process.Ext.api.parameters.desired_access_numeric')).toBe('long')
  expect(typeOf('process.Ext.token.integrity_level_name')).toBe('keyword')
  expect(typeOf('url.user_info')).toBe('keyword')
  expect(fieldsAt('Target.process.nonsense')).toBeUndefined()
  expect(fieldsAt('application.version')).toBeUndefined()
})

test('fields have the types and further views that ECS gives them', () => {
  const { properties } = bodyOf('component-templates/xdrelay-m365_defender@ecs').template.mappings!
  expect(fieldOf(properties, 'process.command_line')).toMatchObject({
    type: 'wildcard',
    fields: { text: { type: 'match_only_text' } },
  })
  expect(fieldOf(properties, 'source.ip')).toEqual({ type: 'ip' })
  expect(fieldOf(properties, 'dns.answers.ttl')).toEqual({ type: 'long' })
  expect(fieldOf(properties, 'process.start')).toEqual({ type: 'date' })
  expect(fieldOf(properties, 'file.code_signature.trusted')).toEqual({ type: 'boolean' })
})

test('R4, R28, R29: each column of each table has the type in the template that its name has', () => {
  const { properties } = bodyOf('component-templates/xdrelay-m365_defender.event@vendor').template.mappings!
  const schemas = loadSchemas()
  const names = new Names(schemas)
  const expected = { keywords: 'keyword', lower: 'keyword' } as Readonly<Record<string, string>>
  let columns = 0
  for (const schema of schemas) {
    for (const { name, fieldType } of names.columns(schema.table, schema.columns)) {
      const field = fieldOf(properties, `m365_defender.event.${name}`)
      expect(field?.type, `${schema.table}: ${name}`).toBe(expected[fieldType] ?? fieldType)
      columns++
    }
  }
  expect(columns).toBeGreaterThan(1500)
  // Ids are digits that must not be rounded, and a port that is text in one table is text in all.
  for (const name of ['report_id', 'initiating_process.id', 'logon.id', 'port', 'last_seen_time', 'raw_agent_info'])
    expect(fieldOf(properties, `m365_defender.event.${name}`)?.type, name).toBe('keyword')
  expect(fieldOf(properties, 'm365_defender.event.raw_agent_info_fields')?.type).toBe('flattened')
  expect(fieldOf(properties, 'm365_defender.event.initiating_process.creation_time')?.type).toBe('date')
  expect(vendorFields('event').size).toBeGreaterThan(700)
})

test('every keyword and flattened field says which texts are too long for the index', () => {
  const wrong = [...files.keys()].flatMap(path => {
    const { properties = {} } = bodyOf(path.replace('.json', '')).template?.mappings ?? {}
    const open = fieldsIn(properties).filter(
      ([, { type, ignore_above, index }]) =>
        ['keyword', 'flattened', 'wildcard'].includes(type ?? '') && ignore_above === undefined && index !== false,
    )
    return open.map(([name]) => `${path}: ${name}`)
  })
  expect(wrong).toEqual([])
})

test.each(['event', 'alert', 'incident', 'vulnerability'])('the fields of %s leave room for 500 new ones', stream => {
  const { composed_of: parts } = bodyOf(`index-templates/xdrelay-m365_defender.${stream}`)
  const bodies = parts!.filter(name => name.startsWith('xdrelay')).map(name => bodyOf(`component-templates/${name}`))
  const limit = Number(bodies.map(({ template }) => template.settings?.index.mapping?.total_fields.limit).find(Boolean))
  const used = new Set(bodies.flatMap(({ template }) => countedIn(template.mappings?.properties ?? {})))
  expect(used.size).toBeGreaterThan(100)
  expect(limit - used.size).toBeGreaterThan(500)
})

function fieldOf(properties: Properties, path: string): Field | undefined {
  const [first, ...rest] = path.split('.')
  const field = properties[first!]
  return rest.length === 0 ? field : field?.properties && fieldOf(field.properties, rest.join('.'))
}

/** Fields by path, without objects. */
function fieldsIn(properties: Properties, prefix = ''): [string, Field][] {
  return Object.entries(properties).flatMap(([name, field]) =>
    field.properties ? fieldsIn(field.properties, `${prefix}${name}.`) : [[prefix + name, field]],
  )
}

/** Paths of all that the server counts: fields, their further views, objects. */
function countedIn(properties: Properties, prefix = ''): string[] {
  return Object.entries(properties).flatMap(([name, { properties: inner = {}, fields = {} }]) => [
    prefix + name,
    ...Object.keys(fields).map(view => `${prefix}${name}.${view}`),
    ...countedIn(inner, `${prefix}${name}.`),
  ])
}
