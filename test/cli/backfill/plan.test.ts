import { expect, test } from 'vitest'
import { commandOf, planOf } from '../../../src/cli/backfill/plan.ts'
import { checkConfig } from '../../../src/config.ts'

const hour = 3_600_000
const now = Date.parse('2026-11-30T12:00:00Z')
const app = 'credential: managed_identity'
const { config } = checkConfig(
  `sources:
  one: { graph_alerts: { ${app} } }
  two: { graph_alerts: { ${app} } }
  incidents: { graph_incidents: { ${app} } }
  weak: { vulnerabilities: { ${app} } }
checkpoints: { directory: ./state }
outputs:
  archive: { file: { path: "/data.d/{table}.ndjson" } }
  plain: { file: { path: "/data.d/all" } }
  screen: { stdout: {} }
`,
  'xdrelay.yaml',
  {},
)

test('a window is told by times or by how long ago, and a command that names it goes on with it', () => {
  const plan = planOf('incidents', { since: '2d', config: 'x.yaml' }, config!, now)
  expect(plan.window).toEqual({ since: now - 48 * hour, until: now, slice: 6 * hour })
  expect(commandOf(plan, { since: '2d', config: 'x.yaml' })).toBe(
    'xdrelay backfill incidents --since 2026-11-28T12:00:00.000Z --until 2026-11-30T12:00:00.000Z --source incidents --config x.yaml',
  )
  const exact = { since: '2026-11-01', until: '2026-11-02T00:00:00+02:00', slice: '30m', source: 'two' }
  expect(planOf('alerts', exact, config!, now)).toMatchObject({
    source: { name: 'two', kind: 'graph_alerts' },
    window: { since: Date.parse('2026-11-01'), until: Date.parse('2026-11-01T22:00:00Z'), slice: hour / 2 },
  })
})

test('it has files and nothing else in common with the running instance', () => {
  const plan = planOf('incidents', { since: '2d' }, config!, now)
  expect(plan.config.outputs.map(({ options }) => options.path)).toEqual([
    '/data.d/{table}.backfill.ndjson',
    '/data.d/all.backfill',
    undefined,
  ])
  expect(plan.config.sources.map(({ name }) => name)).toEqual(['incidents'])
  expect(plan.config.admin).toBeNull()
  expect(plan.config.checkpoints).toEqual({ ...config!.checkpoints, interval: 1000 })
})

test.each([
  [
    'alerts',
    { since: '2d' },
    'several sources of this kind: choose one with --source (in the configuration: one, two)',
  ],
  ['alerts', { since: '99999999d', source: 'one' }, '"99999999d" is not between 2000-01-01T00:00:00.000Z and tomorrow'],
  ['alerts', { since: '1999-12-31', source: 'one' }, '--since: "1999-12-31" is not between'],
  ['incidents', { since: '1d', until: '2027-01-01' }, '--until: "2027-01-01" is not between'],
  ['vulnerabilities', { since: '3000-01-01' }, '--since: "3000-01-01" is not between'],
  ['alerts', { since: '2d', source: 'incidents' }, 'no source of kind graph_alerts is called incidents'],
  ['incidents', { since: 'latest' }, '--since: give a time such as'],
  ['incidents', { since: 'soon' }, '--since: give a time such as'],
  ['incidents', { since: '1d', until: '2d' }, '--since must be before --until'],
  ['incidents', { since: '1d', until: '2026-12-01' }, '--until lies in the future'],
  ['incidents', { since: '1d', slice: '1s' }, '--slice: "1s" is less than 1m'],
  ['vulnerabilities', { since: '1d', until: '2h' }, 'leave out --until and --slice'],
  ['vulnerabilities', { since: '20d' }, 'of the last 14 days only'],
] as const)('%s with %j is a wrong use', (what, options, text) => {
  expect(() => planOf(what, options, config!, now)).toThrow(
    expect.objectContaining({ exit: 64, message: expect.stringContaining(text) }),
  )
})
