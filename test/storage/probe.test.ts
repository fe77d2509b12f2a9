import { expect, test } from 'vitest'
import { Blobs } from '../../src/storage/blobs.ts'
import { probeCheckpoints } from '../../src/storage/probe.ts'
import { checkpointOptions } from '../support/event-hub.ts'
import { storageForTest } from '../support/storage.ts'

test('asked only to look, it makes no container', async () => {
  const storage = await storageForTest()
  const checkpoints = checkpointOptions(storage)
  await probeCheckpoints(checkpoints, AbortSignal.timeout(15_000), false)
  const blobs = new Blobs({ ...checkpoints, createContainer: false })
  await expect(blobs.list('')).rejects.toMatchObject({ kind: 'container_not_found' })
})
