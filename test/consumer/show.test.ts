import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { showProgress } from '../../src/consumer/show.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import {
  checkpointOptions,
  fill,
  group,
  hubName,
  hubOptions,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

test('shows checkpoint, owner, newest message and lag of every partition', async () => {
  const hub = await startTestHub(3)
  const checkpoints = checkpointOptions(storage)
  fill(hub, '0', 10)
  fill(hub, '1', 4)
  const { source, sink } = await startTestSource(hubOptions(hub, { maxBatch: 1 }), checkpoints)
  await until(() => sink.count === 14)
  const { sequenceNumber, offset } = sink.batches.filter(({ stream }) => stream === 'xdr/0')[5]!.messages[0]!
  await source.checkpoint('xdr/0', { sequenceNumber, offset })
  const [zero, one, two] = await showProgress('xdr', hubOptions(hub), checkpoints)
  expect(zero).toMatchObject({ source: 'xdr', partition: '0', sequenceNumber: 5, offset, lastEnqueued: 9, lag: 4 })
  expect(Math.abs(Date.parse(zero!.modified!) - Date.now())).toBeLessThan(60_000)
  expect(zero!.owner).toBeTruthy()
  expect(one).toMatchObject({ sequenceNumber: null, offset: null, modified: null, lastEnqueued: 3, lag: 4 })
  expect(two).toMatchObject({ sequenceNumber: null, lastEnqueued: null, lag: 0 })
  await source.close()
  expect((await showProgress('xdr', hubOptions(hub), checkpoints)).map(({ owner }) => owner)).toEqual([
    null,
    null,
    null,
  ])
})

test('a container that is missing is said, and not made', async () => {
  const hub = await startTestHub(1)
  const checkpoints = checkpointOptions(storage)
  await expect(showProgress('xdr', hubOptions(hub), checkpoints)).rejects.toMatchObject({ kind: 'container_not_found' })
  await expect(showProgress('xdr', hubOptions(hub), checkpoints)).rejects.toMatchObject({ kind: 'container_not_found' })
})

test('the command prints a table, or JSON', async () => {
  const hub = await startTestHub(2)
  const checkpoints = checkpointOptions(storage)
  fill(hub, '1', 2)
  const { sink } = await startTestSource(hubOptions(hub), checkpoints)
  await until(() => sink.count === 2)
  const directory = await mkdtemp(join(tmpdir(), 'xdrelay-show-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const config = join(directory, 'xdrelay.yaml')
  await writeFile(
    config,
    JSON.stringify({
      version: 1,
      sources: { xdr: { event_hub: { connection_string: hub.connectionString(hubName), consumer_group: group } } },
      checkpoints: { connection_string: storage.connectionString, container: checkpoints.container },
      outputs: { out: { stdout: {} } },
    }),
  )
  // In a process of its own, since a command writes to the standard output of its process.
  const module = new URL('../../src/cli/checkpoints.ts', import.meta.url).href
  const script = `const { checkpointsCommand } = await import('${module}')
    for (const extra of [[], ['--json']])
      await checkpointsCommand().parseAsync(['show', '--config', '${config}', ...extra], { from: 'user' })
    process.exit()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const lines = stdout.split('\n')
  expect(lines[0]).toMatch(/^SOURCE +PARTITION +CHECKPOINT +OFFSET +MODIFIED +OWNER +LAST ENQUEUED +LAG$/)
  expect(lines[2]).toMatch(/^xdr +1 +- +- +- +\S+ +1 +2$/)
  expect(JSON.parse(lines.slice(3).join('\n'))[1]).toMatchObject({ partition: '1', lastEnqueued: 1, lag: 2 })
})
