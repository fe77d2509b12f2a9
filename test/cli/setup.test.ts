import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { complete, env, withLine } from '../config/samples.ts'
import { elasticsearchMissing } from '../support/elasticsearch.ts'
import { ownElasticsearch } from '../support/elasticsearch-setup.ts'
import { startFakeBulk } from '../support/fake-bulk.ts'
import { folder, xdrelay } from './run-cli.ts'

const setup = (...args: string[]) => xdrelay(['setup', 'elasticsearch', ...args])

describe.skipIf(await elasticsearchMissing('9.5'))('with a server', async () => {
  const { url } = (await elasticsearchMissing('9.5')) ? { url: '' } : await ownElasticsearch('9.5')

  test('prints the plan, applies it, and then finds everything as it should be', async () => {
    const plan = await setup('--url', url)
    expect(plan).toMatchObject({ code: 0, stderr: '' })
    expect(plan.stdout).toMatch(/^create {2}index template xdrelay-m365_defender\.event$/m)
    expect(plan.stdout).toMatch(
      /^note: no transform xdrelay-m365_defender\.vulnerability_latest, .*: this server has no transforms$/m,
    )
    expect(plan.stdout).toMatch(/^15 of 15 differ; nothing was changed, --apply installs them$/m)
    const applied = await setup('--url', url, '--apply', '--json')
    expect(JSON.parse(applied.stdout)).toMatchObject({
      apply: true,
      steps: expect.arrayContaining([
        { action: 'create', kind: 'index template', name: 'xdrelay-m365_defender.event', differences: [] },
      ]),
    })
    const again = await setup('--url', url, '--apply')
    expect(again.stdout).not.toMatch(/^(create|change)/m)
    expect(again.stdout).toMatch(/^everything is as it should be$/m)
  })

  test('takes address and credentials from the configuration', async () => {
    const cwd = folder({ 'xdrelay.yaml': withLine('http://127.0.0.1:9200', url) })
    const { code, stdout } = await xdrelay(['setup', 'elasticsearch'], { cwd, env })
    expect({ code, lines: stdout.match(/^(create|same) /gm)?.length }).toEqual({ code: 0, lines: 15 })
  })
})

test('a server that refuses the login: exit 77, and the secret of the file is what was sent, and not printed', async () => {
  const refusal = { status: 401, body: { error: { type: 'security_exception', reason: 'no' }, status: 401 } }
  const { url, requests } = await startFakeBulk(() => refusal)
  const file = join(folder({ key: 'c2VjcmV0OmtleQ==\n' }), 'key')
  const { code, stdout, stderr } = await setup('--url', url, '--api-key-file', file)
  expect({ code, stdout }).toEqual({ code: 77, stdout: '' })
  expect(stderr).toMatch(/^XP4002 .*status 401/)
  expect(stderr).not.toContain('c2VjcmV0')
  expect(requests[0]?.headers.authorization).toBe('ApiKey c2VjcmV0OmtleQ==')
})

test('a server that is not there: exit 69', async () => {
  expect(await setup('--url', 'http://127.0.0.1:1')).toMatchObject({ code: 69, stdout: '' })
})

test('--out writes the files with the retention, and connects to nothing', async () => {
  const out = join(folder(), 'assets')
  const { code, stdout } = await setup('--out', out, '--retention', '30d')
  expect(code).toBe(0)
  expect(stdout.trim().split('\n')).toHaveLength(16)
  expect(readdirSync(out).sort()).toEqual(['component-templates', 'index-templates', 'transforms'])
  const template = readFileSync(join(out, 'index-templates/xdrelay-m365_defender.event.json'), 'utf8')
  expect(JSON.parse(template).template.lifecycle).toEqual({ enabled: true, data_retention: '30d' })
})

test.each([
  ['an address that is none', ['--url', 'es.example:9200'], /--url takes http/],
  ['a retention without a unit', ['--url', 'http://127.0.0.1:1', '--retention', '90'], /such as 90d/],
  ['credentials without an address', ['--username', 'me'], /go with --url/],
  ['a user without a password', ['--url', 'http://127.0.0.1:1', '--username', 'me'], /goes together with password/],
  ['a file that is not there', ['--url', 'http://127.0.0.1:1', '--api-key-file', '/nowhere'], /cannot read \/nowhere/],
  ['both --out and --apply', ['--out', 'x', '--apply'], /cannot be used with/],
])('%s is a usage error: exit 64', async (_case, args, message) => {
  const { code, stdout, stderr } = await setup(...args)
  expect({ code, stdout }).toEqual({ code: 64, stdout: '' })
  expect(stderr).toMatch(message)
})

test('a configuration without such an output is told so', async () => {
  const cwd = folder({ 'xdrelay.yaml': complete })
  const { code, stderr } = await xdrelay(['setup', 'elasticsearch', '--output', 'other'], { cwd, env })
  expect(code).toBe(64)
  expect(stderr).toMatch(/give --output with one of the elasticsearch outputs of the configuration: siem/)
})
