import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startHub } from '../../src/emulator/hub/hub.ts'
import { addressOf, scrape } from '../support/scrape.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

const canary = 'canary-4711@example.com'

function message(...records: readonly (readonly [table: string, properties: object])[]): Buffer {
  const list = records.map(([table, properties]) => ({ category: `AdvancedHunting-${table}`, properties }))
  return Buffer.from(JSON.stringify({ records: list }))
}

test('an instance reports the drift of all its partitions: log, endpoint and command, without a value', async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 2 }] })
  onTestFinished(() => hub.stop())
  for (let round = 0; round < 10; round++) {
    const device = { DeviceName: 'PC-1', Owner: canary, OSBuild: canary }
    hub.append('defender', String(round % 2), message(['DeviceInfo', device], ['NovelEvents', { Person: [canary] }]))
  }
  const storage = await storageForTest()
  const folder = await tempDirectory()
  await writeFile(
    join(folder, 'xdrelay.yaml'),
    `
sources: { xdr: { event_hub: { connection_string: "${hub.connectionString('defender')}" } } }
checkpoints: { connection_string: "${storage.connectionString}", interval: 200ms }
outputs: { archive: { file: { path: ./archive.ndjson } } }
dead_letter: { file: { path: ./dead-letters } }
admin: { listen: "127.0.0.1:0" }
workers: 2
`,
  )
  const running = xdrelay(['run'], { cwd: folder })
  const address = await addressOf(running)
  const endpoint = async () => (await fetch(`${address}/api/v1/drift`)).text()
  const counts = async () => {
    const { drift } = JSON.parse(await endpoint()) as {
      drift: { kind: string; table: string; column: string; count: number }[]
    }
    return Object.fromEntries(drift.map(({ kind, table, column, count }) => [`${kind} ${table}.${column}`, count]))
  }
  await expect.poll(counts, { timeout: 60_000 }).toEqual({
    'type_change DeviceInfo.OSBuild': 10,
    'new_column DeviceInfo.Owner': 10,
    'new_table NovelEvents.': 10,
    'new_table NovelEvents.Person': 10,
  })
  expect((await scrape(address)).by('schema_drift_total', 'kind')).toEqual({
    type_change: 10,
    new_column: 10,
    new_table: 10,
  })

  const answer = await endpoint()
  const command = xdrelay(['drift', '--url', address, '--fail'])
  expect(await command.ended, command.stderr()).toBe(1)
  expect(command.stdout()).toMatch(/^drift since \S+Z: 1 new table, 1 new column, 1 changed type\n/)
  expect(command.stdout()).toMatch(/^ {2}Owner: new column, 10 times from \S+Z to \S+Z; text 10; kept in m365_def/m)
  expect(command.stdout()).toContain('"Owner": {"x-type":"string","type":["string","null"]}')
  expect(command.stdout()).toContain('--- schemas/NovelEvents.json, a new file')

  await expect.poll(() => readFile(join(folder, 'archive.ndjson'), 'utf8'), { timeout: 30_000 }).toContain(canary)
  expect(await running.kill('SIGTERM'), running.stderr()).toBe(0)
  const said = running
    .stderr()
    .split('\n')
    .filter(line => line.includes('schema_drift'))
  expect(said.map(line => JSON.parse(line).message).sort()).toEqual([
    'column DeviceInfo.OSBuild is text where long is expected, kept as xdrelay.kept.OSBuild; see xdrelay drift',
    'new column DeviceInfo.Owner (text), kept as m365_defender.event.owner; see xdrelay drift',
    'new table NovelEvents, kept as m365_defender.event.*; see xdrelay drift',
  ])
  for (const text of [answer, running.stderr(), command.stdout(), command.stderr()]) expect(text).not.toContain('4711')
}, 120_000)
