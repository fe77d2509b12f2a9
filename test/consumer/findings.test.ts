import { describe, expect, test } from 'vitest'
import { eventHubProblems } from '../../src/consumer/findings.ts'
import type { EventHubOptions } from '../../src/consumer/options.ts'
import { Secret } from '../../src/core/secret.ts'

const key = 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0MTI='
const good = `Endpoint=sb://contoso.servicebus.windows.net/;SharedAccessKeyName=listen;SharedAccessKey=${key}`
const base = {
  consumerGroup: '$Default',
  start: 'earliest',
  ownership: { renew: 5000, expiry: 15_000 },
  maxBatch: 64,
  stallAfter: 90_000,
} as const

const hub = (options: Partial<EventHubOptions>) => eventHubProblems({ ...base, ...options })
const hubText = (text: string, eventHub?: string) =>
  hub({ connectionString: new Secret(text), ...(eventHub && { eventHub }) })

describe('event_hub', () => {
  test.each([
    [good, 'xdr'],
    [`${good};EntityPath=xdr`, undefined],
    [`${good};EntityPath=xdr`, 'xdr'],
    ['Endpoint=sb://h/;SharedAccessSignature=SharedAccessSignature sr=x&sig=y&se=1&skn=z', 'xdr'],
    [`Endpoint=sb://localhost:5673;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true`, 'xdr'],
    [`Endpoint=sb://hub.lan:1234/;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true;`, 'xdr'],
    [` ${good} ; EntityPath=xdr ;`, undefined],
  ])('%s is fine', (text, eventHub) => {
    expect(hubText(text, eventHub)).toEqual([])
  })

  test.each([
    ['no endpoint', good.replace(/Endpoint=[^;]+;/, ''), 'Endpoint'],
    ['an endpoint without scheme', good.replace('sb://', ''), 'Endpoint'],
    ['no key', good.replace(/;SharedAccessKey=.*/, ''), 'SharedAccessKey'],
    ['no key name', good.replace('SharedAccessKeyName=listen;', ''), 'SharedAccessKeyName'],
    ['a key in the wrong case', good.replace('SharedAccessKey=', 'sharedaccesskey='), 'SharedAccessKey'],
    ['an emulator flag in the wrong case', `${good};UseDevelopmentEmulator=True`, 'UseDevelopmentEmulator=true'],
    ['a part without a value', `${good};oops`, 'Key=value'],
    ['something else altogether', key, 'Endpoint'],
  ])('%s is said, and the secret is not', (_what, text, hint) => {
    const [problem, ...others] = hubText(text, 'xdr')
    expect(others).toEqual([])
    expect(problem!.path).toEqual(['connection_string'])
    expect(`${problem!.message} ${problem!.fix}`).toContain(hint)
    expect(JSON.stringify(problem)).not.toContain(key.slice(0, 10))
  })

  test('an EntityPath that differs from event_hub names both', () => {
    const [problem] = hubText(`${good};EntityPath=one`, 'two')
    expect(problem).toMatchObject({ path: ['event_hub'] })
    expect(problem!.message).toMatch(/`two`.*`one`/)
  })

  test.each(['x', 'defender-xdr', 'A.b_c-1', '1a', 'x'.repeat(256)])('%s can be the name of an event hub', name => {
    expect(hubText(good, name)).toEqual([])
    expect(hubText(`${good};EntityPath=${name}`)).toEqual([])
  })

  test.each(['defender xdr', 'contoso/xdr', 'sb://contoso/xdr', '-xdr', 'xdr.', '_', 'däfender', 'x'.repeat(257)])(
    '%s cannot be the name of an event hub, and is named with the rule',
    name => {
      const [problem, ...others] = hubText(good, name)
      expect(others).toEqual([])
      expect(problem).toMatchObject({ path: ['event_hub'], message: expect.stringContaining(`\`${name}\``) })
      expect(problem!.fix).toContain('1 to 256 letters, digits')
      const [inside, ...more] = hubText(`${good};EntityPath=${name}`)
      expect(more).toEqual([])
      expect(inside).toMatchObject({ path: ['connection_string'], message: expect.stringContaining('EntityPath') })
    },
  )

  test('without any credentials, or with two, there is one finding', () => {
    expect(hub({ eventHub: 'xdr' }).map(({ path }) => path)).toEqual([[]])
    const both = { connectionString: new Secret(good), namespace: 'n.servicebus.windows.net', eventHub: 'xdr' }
    expect(hub(both).map(({ path }) => path)).toEqual([['namespace']])
  })

  test('a namespace needs an identity, a name and to be a host name', () => {
    const auth = { kind: 'managed_identity' } as const
    expect(hub({ namespace: 'n.servicebus.windows.net', eventHub: 'xdr', auth })).toEqual([])
    expect(hub({ namespace: 'n.servicebus.windows.net' }).map(({ path }) => path)).toEqual([['auth'], ['event_hub']])
    expect(hub({ namespace: 'sb://n/', eventHub: 'xdr', auth }).map(({ path }) => path)).toEqual([['namespace']])
  })

  test('an application needs tenant, client and secret', () => {
    const auth = { kind: 'client_secret', clientId: 'c' } as const
    const problems = hub({ namespace: 'n.servicebus.windows.net', eventHub: 'xdr', auth })
    expect(problems.map(({ path }) => path.join('.'))).toEqual(['auth.tenant_id', 'auth.client_secret'])
  })

  test('an expiry too close to the renewal would make replicas take partitions from healthy ones', () => {
    const options = { connectionString: new Secret(good), eventHub: 'xdr' }
    expect(hub({ ...options, ownership: { renew: 5000, expiry: 9000 } })[0]!.path).toEqual(['ownership', 'expiry'])
    expect(hub({ ...options, ownership: { renew: 5000, expiry: 10_000 } })).toEqual([])
  })
})
