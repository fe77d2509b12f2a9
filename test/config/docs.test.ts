import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { expected } from '../../src/config/convert.ts'
import { variables } from '../../src/config/environment.ts'
import { formatFinding } from '../../src/config/finding.ts'
import { configSchema } from '../../src/config/schema.ts'
import { checkConfig } from '../../src/config.ts'
import type { OptionSchema } from '../../src/core/options.ts'
import { canary, connectionString } from './samples.ts'

const read = (file: string) => readFileSync(file, 'utf8')

/** Everything that the examples refer to. */
const env = {
  EVENT_HUB_CONNECTION_STRING: connectionString,
  HUB_EUROPE: connectionString,
  HUB_AMERICA: connectionString,
  TENANT_ID: '0f3c1e02-5b64-4c1d-8a90-2f6e1c9b7d44',
  CLIENT_ID: '7d1b6a52-0c3e-4b57-9a11-5d2f8c40e9b1',
  CLIENT_SECRET: 'Canary~Secret~Value.1',
  STORAGE_ACCOUNT: 'contosologs',
  STORAGE_ACCOUNT_KEY: canary,
  STORAGE_CONNECTION_STRING: `DefaultEndpointsProtocol=https;AccountName=contosologs;AccountKey=${canary};EndpointSuffix=core.windows.net`,
}

/** Whole configurations among the YAML examples of a document; the others show a part. */
const examples = [
  { title: 'xdrelay.example.yaml', text: read('xdrelay.example.yaml') },
  ...globSync('{README.md,docs/**/*.md}').flatMap(file =>
    [...read(file).matchAll(/^```yaml\n(.*?)^```$/gms)]
      .map(([, text], index) => ({ title: `${file}, example ${index + 1}`, text: text! }))
      .filter(({ text }) => /^sources:/m.test(text) && /^outputs:/m.test(text)),
  ),
]

test.each(examples)('$title works as it stands', ({ text }) => {
  const { findings } = checkConfig(text, 'xdrelay.yaml', env, { readFile: () => 'the content of a file' })
  expect(findings.map(formatFinding)).toEqual([])
})

test('the documentation has examples of whole configurations', () => {
  expect(examples.length).toBeGreaterThanOrEqual(4)
})

// `npm test -- test/config/docs.test.ts --update` writes both tables anew.
test('docs/configuration.md lists every key and every variable as it is', async () => {
  const file = 'docs/configuration.md'
  const text = withBlock(withBlock(read(file), 'variables', variableTable()), 'keys', keyTable())
  await expect(text).toMatchFileSnapshot(`../../${file}`)
})

function withBlock(text: string, name: string, block: string): string {
  return text.replace(new RegExp(`(<!-- ${name} -->\n).*?(<!-- end -->)`, 's'), (_, start, end) => start + block + end)
}

function variableTable(): string {
  const sources = (names: readonly string[]) => names.map(name => `\`${name}\``).join(', ')
  const rows = variables.map(({ name, path, of }) => {
    return `| \`${name}\` | \`${path}\`${of ? ` of ${sources(of)}` : ''} |\n`
  })
  return `| variable | stands for |\n| --- | --- |\n${rows.join('')}`
}

function keyTable(): string {
  return `| key | value | default | |\n| --- | --- | --- | --- |\n${rowsOf(configSchema, '').join('')}`
}

function rowsOf(schema: OptionSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const path = `${prefix}${key}`
    const { default: value, description = '' } = property
    const shown = schema.required?.includes(key) ? 'required' : isShown(value) ? `\`${JSON.stringify(value)}\`` : ''
    const type = property.type === 'array' && property.items ? `list of ${typeOf(property.items)}` : typeOf(property)
    const row = `| \`${path}\` | ${type} | ${shown.replaceAll(/`"(.*)"`/g, '`$1`')} | ${description} |\n`
    const below = property.named ? rowsOf(property.named, `${path}.NAME.`) : rowsOf(property, `${path}.`)
    return [row, ...below]
  })
}

function isShown(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || Array.isArray(value))
}

function typeOf(schema: OptionSchema): string {
  if (schema.format === 'secret') return 'secret'
  return expected(schema)
    .replace(/ such as \S+$|^an? /g, '')
    .replace(/^(size|duration) .*/, '$1')
}
