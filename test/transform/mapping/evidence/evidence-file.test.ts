import { expect, test } from 'vitest'
import { evidenceRules, readEvidenceFile } from '../../../../src/transform/mapping/evidence/evidence-file.ts'
import { evidenceFields, readEvidenceKeys } from '../../../../src/transform/mapping/evidence/keys.ts'
import { parseYaml } from '../../../../src/transform/mapping/yaml-file.ts'

const load = ({ rules = '[]', keys = '{}', more = '' }) =>
  readEvidenceKeys(
    readEvidenceFile(parseYaml('some.yaml', `open: []\nsorted: []\nrules: ${rules}\nkeys: ${keys}\n${more}`)),
  )

test.each([
  ['an unknown key', { more: 'colour: red' }, 5, 'unknown key colour'],
  ['rules that are none', { rules: 'text' }, 3, 'rules is a list'],
  [
    'a rule that sets',
    { rules: '[{ from: .url, to: url.original, add: a }]' },
    3,
    'a rule for evidence adds to fields',
  ],
  ['a rule without a field', { rules: '[{ from: .url }]' }, 3, 'add is a text or a list of texts'],
  ['a rule that splits', { rules: '[{ from: .url, split: uri, add: a }]' }, 3, 'a rule for evidence adds to fields'],
  ['an unknown conversion', { rules: '[{ from: .url, as: lowre, add: a }]' }, 3, 'unknown conversion lowre'],
  ['a kind that is no text', { rules: '[{ from: .url, kind: 7, add: a }]' }, 3, 'kind is a text or a list of texts'],
  ['an unknown dataset', { rules: '[{ from: .url, dataset: event, add: a }]' }, 3, 'dataset is alert or incident'],
  ['a key that no kind has', { keys: '{ nope: name }' }, 4, 'no kind of evidence has a key nope'],
  ['an unknown mark', { keys: '{ url: { duplicate: sometimes } }' }, 4, 'duplicate is true, always, alert or incident'],
  ['two keys of one name', { keys: '{ url: urn, urls: urn }' }, 4, 'has another type than that of'],
  ['a name above another', { keys: '{ url: rbac, rbacGroupId: rbac.id }' }, 4, 'rbac has fields below it'],
])('a file with %s does not load, and the error has its line', (_name, parts, line, text) => {
  expect(() => load(parts)).toThrow(text)
  expect(() => load(parts)).toThrow(expect.objectContaining({ facts: { file: 'some.yaml', line } }))
})

test('a rule for one dataset is not applied to the other', () => {
  const fields = (dataset: 'alert' | 'incident' | 'event') => evidenceRules(dataset).map(({ rule }) => rule.add)
  expect(fields('alert')).toContain('event.category')
  expect(fields('incident')).not.toContain('event.category')
  expect(fields('incident')).toContain('host.name')
  expect(fields('event')).toEqual([])
})

test('R4: one path has one type over all kinds, text before numbers, objects beside texts', () => {
  const fields = evidenceFields(readEvidenceKeys(readEvidenceFile()).root)
  expect(Object.fromEntries(fields)).toMatchObject({
    mde_device_id: 'keyword',
    created_datetime: 'date',
    app_id: 'keyword',
    ip_address: 'ip',
    ip_address_fields: 'flattened',
    location: 'keyword',
    location_fields: 'flattened',
    urls: 'keyword',
    urls_fields: 'flattened',
    labels: 'flattened',
    'file_details.size': 'long',
    'rbac_group.id': 'keyword',
    'process.command_line': 'keyword',
    is_authorized: 'boolean',
  })
  const paths = [...fields.keys()]
  expect(paths.filter(path => paths.some(other => other.startsWith(`${path}.`)))).toEqual([])
})
