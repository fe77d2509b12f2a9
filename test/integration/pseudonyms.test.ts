import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkConfig } from '../../src/config.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { shapeOf } from '../../src/output/shape.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { batch, options } from '../transform/support/batches.ts'

/** Columns that name a person or a host, by themselves. */
const people =
  /^((InitiatingProcess|Request|Target|Creator|LastModifying)?Account(Name|Sid|Upn|ObjectId|DisplayName|Email|Id)|AlternateSignInName|CloudSid|OnPremSid|Sid|SourceUser(Name|Sid)|DistinguishedName|EmailAddress|EmployeeId|FileOwner(DisplayName|Upn)|GivenName|Surname|IdentityId|IdentityLinkBy|Last(ModifiedBy|PublishedBy)Upn|Manager|OwnerAccountUpns|OtherMailAddresses|UserAlternateEmails|Phone|SipProxyAddress|(Recipient|Sender)(EmailAddress|ObjectId|DisplayName|FromAddress|MailFromAddress))$/
const hosts = /^(|Target|Source|Destination|Remote|(Initiating)?ProcessRemoteSession)Device(Name|Id)$/

/** Not of anyone in particular, and in other fields for other reasons. */
const common = new Set(['system', 'root', 'local service', 'network service'])

/** Free text may hold anything; the documentation says so. */
const freeText = /(args|command_line)$/

/** Whole configurations among the examples of the documentation. */
const examples = [...readFileSync('docs/configuration.md', 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms)].map(
  ([, text]) => text!,
)

function documentedFields() {
  const text = examples.find(each => each.includes('hash_key'))!
  const env = { EVENT_HUB_CONNECTION_STRING: 'x', STORAGE_CONNECTION_STRING: 'x' }
  const hub = 'Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=a;SharedAccessKey=YWJjZGVmZ2hpamts'
  const storage =
    'DefaultEndpointsProtocol=https;AccountName=contosologs;AccountKey=YWJj;EndpointSuffix=core.windows.net'
  Object.assign(env, { EVENT_HUB_CONNECTION_STRING: hub, STORAGE_CONNECTION_STRING: storage })
  const { config, findings } = checkConfig(text, 'xdrelay.yaml', env, {
    readFile: () => 'a key of thirty-two characters...',
  })
  expect(findings).toEqual([])
  return config!.outputs.find(({ fields }) => fields !== undefined)!.fields
}

test.each([false, true])(
  'the documented example leaves no field with the value of a column that names a person or a host (all copies: %s)',
  preserve => {
    const generator = createGenerator({ seed: 'pseudonyms' })
    const transform = createBatchTransform({
      ...options,
      preserveDuplicateCustomFields: preserve,
      preserveOriginalEvent: true,
    })
    const shape = shapeOf('ecs', documentedFields())!
    const leaks = new Map<string, string>()
    const tables = new Set<string>()
    let values = 0
    for (let round = 0; round < 25; round++) {
      const body = Buffer.from(generator.nextMessage(100).body)
      const { records } = JSON.parse(body.toString()) as {
        records: { category: string; properties: Record<string, unknown> }[]
      }
      const { chunk } = transform(batch(body))
      const lines = Buffer.from(shape(chunk).lines).toString().split('\n').slice(0, -1)
      expect(lines).toHaveLength(records.length)
      for (const [index, line] of lines.entries()) {
        const { category, properties } = records[chunk.record[index]!]!
        tables.add(category)
        const secrets = secretsOf(properties)
        values += secrets.size
        for (const [path, text] of texts(JSON.parse(line), '')) {
          const column = secrets.get(text.toLowerCase())
          if (column !== undefined && !freeText.test(path)) leaks.set(`${column} in ${path}`, category)
        }
      }
    }
    expect([...leaks]).toEqual([])
    expect(values).toBeGreaterThan(2000)
    expect(tables.size).toBeGreaterThan(50)
  },
)

function secretsOf(properties: Record<string, unknown>): Map<string, string> {
  const named = Object.entries(properties).filter(([column]) => people.test(column) || hosts.test(column))
  const found = named.flatMap(([column, value]) =>
    [value].flat().map(each => [String(each).toLowerCase(), column] as const),
  )
  return new Map(found.filter(([text]) => text.length > 2 && text !== 'null' && !common.has(text)))
}

function* texts(value: unknown, path: string): Generator<[path: string, text: string]> {
  if (typeof value === 'string') yield [path, value]
  if (typeof value !== 'object' || value === null) return
  for (const [key, each] of Object.entries(value)) yield* texts(each, Array.isArray(value) ? path : `${path}.${key}`)
}
