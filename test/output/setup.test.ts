import { describe, expect, onTestFinished, test } from 'vitest'
import { loadAssets } from '../../src/output/setup/assets.ts'
import { elasticsearchMissing } from '../support/elasticsearch.ts'
import { actionsOf, ask, ownElasticsearch, setUp } from '../support/elasticsearch-setup.ts'
import { type BulkAnswer, type BulkRequest, startFakeBulk } from '../support/fake-bulk.ts'

const vendor = '/_component_template/xdrelay-m365_defender.event@vendor'
const template = '/_index_template/xdrelay-m365_defender.event'

for (const version of ['9.5', '8.19'] as const) {
  describe.skipIf(await elasticsearchMissing(version))(`Elasticsearch ${version}`, async () => {
    const { url } = (await elasticsearchMissing(version)) ? { url: '' } : await ownElasticsearch(version)

    test('a plan installs nothing; what is applied is the same at a second look', async () => {
      const before = await setUp(url, { apply: false })
      expect(actionsOf(before)).toEqual(['create'])
      expect(before.steps.map(({ asset }) => asset.kind).lastIndexOf('component template')).toBe(
        before.steps.findIndex(({ asset }) => asset.kind === 'index template') - 1,
      )
      expect(actionsOf(await setUp(url))).toEqual(['create'])
      const after = await setUp(url)
      expect(after.steps.filter(({ action }) => action !== 'same')).toEqual([])
      expect(await retentionOf(url)).toBeUndefined()
    })

    test('what somebody changed is named, and put right', async () => {
      await setUp(url)
      const { component_templates: [entry] = [] } = (await ask(url, 'GET', vendor)) as { component_templates: Entry[] }
      const changed = structuredClone(entry!.component_template)
      const fields = changed.template.mappings.properties.m365_defender.properties.event.properties
      fields.report_id = { type: 'long' }
      fields.surplus = { type: 'long' }
      delete fields.machine_group
      await ask(url, 'PUT', vendor, { template: changed.template, _meta: changed._meta })
      const plan = await setUp(url)
      expect(plan.steps.filter(({ action }) => action !== 'same')).toMatchObject([
        {
          action: 'change',
          asset: { name: 'xdrelay-m365_defender.event@vendor' },
          differences: [
            'adds m365_defender.event.machine_group',
            'changes m365_defender.event.report_id from long to keyword, m365_defender.event.report_id from nothing to 10922',
            'removes m365_defender.event.surplus',
          ],
        },
      ])
      expect(actionsOf(await setUp(url))).toEqual(['same'])
    })

    test('a retention is set, stays when none is given, and goes by none', async () => {
      await setUp(url)
      const plan = await setUp(url, { retention: '90d' })
      const changed = { action: 'change', differences: ['adds lifecycle.data_retention 90d'] }
      expect(plan.steps.find(({ asset }) => asset.name === 'xdrelay-m365_defender.event')).toMatchObject(changed)
      expect(actionsOf(await setUp(url))).toEqual(['same'])
      expect(await retentionOf(url)).toBe('90d')
      await setUp(url, { retention: 'none' })
      expect(await retentionOf(url)).toBeUndefined()
    })

    test('a template that somebody else made stops everything, unless it is forced', async () => {
      await setUp(url)
      const foreign = { index_patterns: ['logs-m365_defender.event-*'], priority: 299, data_stream: {} }
      await ask(url, 'PUT', template, foreign)
      await ask(url, 'DELETE', '/_index_template/xdrelay-m365_defender.alert')
      await expect(setUp(url)).rejects.toMatchObject({
        kind: 'check_failed',
        message: expect.stringContaining(
          'index template xdrelay-m365_defender.event exists and was not made by xdrelay',
        ),
      })
      await expect(ask(url, 'GET', '/_index_template/xdrelay-m365_defender.alert')).rejects.toThrow('404')
      expect(actionsOf(await setUp(url, { apply: false }))).toContain('foreign')
      await setUp(url, { force: true })
      expect(actionsOf(await setUp(url))).toEqual(['same'])
    })

    test.each([
      [200, 'xdrelay-m365_defender.event (priority 250) takes the place of index template rival (200)'],
      [300, 'index template rival (priority 300) wins over xdrelay-m365_defender.event (250), which has no effect'],
    ])('another template for the same streams, with priority %i, is told of', async (priority, note) => {
      await ask(url, 'PUT', '/_index_template/rival', { index_patterns: ['logs-m365_*'], priority, data_stream: {} })
      onTestFinished(async () => void (await ask(url, 'DELETE', '/_index_template/rival')))
      expect((await setUp(url, { apply: false })).notes).toContain(note)
    })

    test('R21: a processor that the server lacks leaves the optional pipeline out, and what depends on it', async () => {
      const { steps, notes } = await setUp(url, { enrich: true })
      expect(steps.map(({ asset }) => asset.name).filter(name => /enrich/.test(name))).toEqual([])
      expect(notes.join('\n')).toMatch(/no ingest pipeline .*No processor type exists/)
    })
  })
}

describe.skipIf(await elasticsearchMissing('9.5'))('a server without some field types', async () => {
  const missing = await elasticsearchMissing('9.5')
  const { url } = missing ? { url: '' } : await ownElasticsearch('9.5', { standIns: false })

  test.skipIf(process.env.ELASTICSEARCH_URL)('gets the next best type and a note for each, once', async () => {
    const { notes } = await setUp(url)
    expect(notes.map(note => note.split(':')[0]).sort()).toEqual([
      'no field type constant_keyword',
      'no field type match_only_text',
      'no field type wildcard',
      'no transform xdrelay-m365_defender.vulnerability_latest, the latest state of vulnerabilities is not kept',
    ])
    expect(actionsOf(await setUp(url))).toEqual(['same'])
  })
})

describe('a server that has transforms', () => {
  const transform = '/_transform/xdrelay-m365_defender.vulnerability_latest'
  const notFound = { status: 404, body: { error: { type: 'resource_not_found_exception', reason: 'x' }, status: 404 } }

  /** Knows the transforms that it is given, and takes whatever it gets. */
  const startServer = async (found: object | undefined, started: BulkAnswer = { body: { acknowledged: true } }) =>
    startFakeBulk(({ method, path }) => {
      if (path.endsWith('/_start')) return started
      if (path === transform && method === 'GET') return found ? { body: { count: 1, transforms: [found] } } : notFound
      if (method === 'GET' && path === '/_index_template') return { body: { index_templates: [] } }
      return method === 'GET' && !path.startsWith('/_transform?') ? notFound : { body: {} }
    })

  const calls = ({ requests }: { requests: readonly BulkRequest[] }) =>
    requests
      .filter(({ path }) => path.startsWith(transform))
      .map(({ method, path }) => [method, path.slice(transform.length)])

  test('gets that of the latest vulnerabilities, last of all and started', async () => {
    const server = await startServer(undefined)
    const { steps, notes } = await setUp(server.url)
    expect(notes).toEqual([])
    expect(steps.at(-1)).toMatchObject({ action: 'create', asset: { kind: 'transform' } })
    expect(calls(server)).toEqual([
      ['GET', ''],
      ['PUT', '?defer_validation=true'],
      ['POST', '/_start'],
    ])
  })

  test('keeps one that is as it should be, whatever the server says of it besides', async () => {
    const { body } = loadAssets({ enrich: false }).find(({ kind }) => kind === 'transform')!
    const more = { id: 'x', version: '9.5.0', create_time: 1, authorization: { roles: ['a'] } }
    const server = await startServer({ ...body, ...more })
    expect((await setUp(server.url)).steps.at(-1)).toMatchObject({ action: 'same' })
    expect(calls(server)).toEqual([['GET', '']])
  })

  test('has one changed while it runs', async () => {
    const { body } = loadAssets({ enrich: false }).find(({ kind }) => kind === 'transform')!
    const conflict = { type: 'status_exception', reason: 'already started' }
    const server = await startServer(
      { ...body, frequency: '1h' },
      { status: 409, body: { error: conflict, status: 409 } },
    )
    expect((await setUp(server.url)).steps.at(-1)).toMatchObject({
      action: 'change',
      differences: ['changes frequency from 1h to 5m'],
    })
    expect(calls(server)).toEqual([
      ['GET', ''],
      ['POST', '/_update?defer_validation=true'],
      ['POST', '/_start'],
    ])
  })

  test('but not for these credentials is set up without, and says so', async () => {
    const denied = { type: 'security_exception', reason: 'action is unauthorized' }
    const { url } = await startFakeBulk(({ method, path }) => {
      if (path.startsWith('/_transform')) return { status: 403, body: { error: denied, status: 403 } }
      if (method === 'GET' && path === '/_index_template') return { body: { index_templates: [] } }
      return method === 'GET' ? notFound : { body: {} }
    })
    const { steps, notes } = await setUp(url)
    expect(steps.map(({ asset }) => asset.kind)).not.toContain('transform')
    expect(notes).toEqual([expect.stringMatching(/no transform .*the cluster privilege manage_transform is needed/)])
  })
})

describe('a server that refuses', () => {
  const json = (error: object, status: number) => ({ status, body: { error, status } })
  const denied = { type: 'security_exception', reason: 'action [cluster:monitor] is unauthorized' }

  test.each([
    [
      'a wrong password',
      json({ type: 'security_exception', reason: 'unable to authenticate' }, 401),
      'output_unauthorized',
    ],
    [
      'a missing privilege',
      json(denied, 403),
      'output_unauthorized',
      /the cluster privilege manage_index_templates is needed/,
    ],
    ['overload', json({ type: 'circuit_breaking_exception', reason: 'x' }, 429), 'output_unreachable'],
    [
      'no Elasticsearch at all',
      { status: 200, body: '<h1>Welcome</h1>', headers: { 'content-type': 'text/html' } },
      'output_unreachable',
    ],
    [
      'a page that is missing',
      { status: 404, body: 'Not Found', headers: { 'content-type': 'text/plain' } },
      'output_unreachable',
    ],
    ['the end of the connection', { cut: 'before' as const }, 'output_unreachable'],
  ])('%s is an error with its own exit code', async (_case, answer, kind, message = /./) => {
    const { url } = await startFakeBulk(() => answer)
    await expect(setUp(url)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })
})

interface Entry {
  readonly component_template: {
    readonly _meta: object
    readonly template: {
      readonly mappings: {
        properties: { m365_defender: { properties: { event: { properties: Record<string, object> } } } }
      }
    }
  }
}

async function retentionOf(url: string): Promise<string | undefined> {
  const { index_templates: [entry] = [] } = (await ask(url, 'GET', template)) as {
    index_templates: { index_template: { template: { lifecycle: { data_retention?: string } } } }[]
  }
  return entry!.index_template.template.lifecycle.data_retention
}
