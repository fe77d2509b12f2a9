import { createRequire } from 'node:module'
import { EventHubConsumerClient, earliestEventPosition } from '@azure/event-hubs'
import { BlobCheckpointStore } from '@azure/eventhubs-checkpointstore-blob'
import { ContainerClient } from '@azure/storage-blob'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { SdkStore } from '../../src/consumer/sdk-store.ts'
import type { Hub } from '../../src/emulator/hub/hub.ts'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import type { CheckpointsOptions } from '../../src/storage/options.ts'
import {
  checkpointOptions,
  fill,
  group,
  hubName,
  hubOptions,
  numbers,
  startTestHub,
  startTestSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const address = { fullyQualifiedNamespace: '127.0.0.1', eventHubName: hubName, consumerGroup: group }
const place = ['127.0.0.1', hubName, group] as const

function containerOf({ container }: CheckpointsOptions): ContainerClient {
  return new ContainerClient(storage.connectionString, container)
}

/** The SDK as others use it: its client, its store. Checkpoints what it sees at `checkpointAt`. */
async function startStockConsumer(hub: Hub, container: ContainerClient, checkpointAt?: number) {
  await container.createIfNotExists()
  const client = new EventHubConsumerClient(
    group,
    hub.connectionString(hubName),
    hubName,
    new BlobCheckpointStore(container),
    { loadBalancingOptions: { strategy: 'greedy', updateIntervalInMs: 500 } },
  )
  const seen: number[] = []
  let stored = 0
  const subscription = client.subscribe(
    {
      async processEvents(events, context) {
        for (const event of events) {
          seen.push(event.sequenceNumber)
          if (event.sequenceNumber !== checkpointAt) continue
          await context.updateCheckpoint(event)
          stored += 1
        }
      },
      async processError() {},
    },
    { startPosition: earliestEventPosition, maxBatchSize: 100, maxWaitTimeInSeconds: 1 },
  )
  const close = async () => {
    await subscription.close()
    await client.close()
  }
  onTestFinished(close)
  return { seen, stored: () => stored, close }
}

describe('with the store of the SDK', () => {
  test('our ownerships and checkpoints are listed with their values', async () => {
    const hub = await startTestHub(2)
    const checkpoints = checkpointOptions(storage)
    fill(hub, '0', 8)
    const { source, sink } = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => sink.count === 8 && hub.receivers().length === 2)
    const { sequenceNumber, offset } = sink.batches.flatMap(({ messages }) => messages)[5]!
    await source.checkpoint('xdr/0', { sequenceNumber, offset })
    const stock = new BlobCheckpointStore(containerOf(checkpoints))
    expect(await stock.listCheckpoints(...place)).toEqual([{ ...address, partitionId: '0', sequenceNumber: 5, offset }])
    const ownerships = await stock.listOwnership(...place)
    expect(ownerships.map(({ partitionId }) => partitionId)).toEqual(['0', '1'])
    for (const ownership of ownerships) {
      expect(ownership).toMatchObject({ ...address, ownerId: ownerships[0]!.ownerId, etag: expect.stringMatching(/./) })
      expect(ownership.ownerId).not.toBe('')
      expect(Math.abs(ownership.lastModifiedTimeInMs! - Date.now())).toBeLessThan(60_000)
    }
    await source.close()
    expect((await stock.listOwnership(...place)).map(({ ownerId }) => ownerId)).toEqual(['', ''])
  })

  test('what another consumer has checkpointed is resumed by us exactly behind it', async () => {
    const hub = await startTestHub(2)
    const checkpoints = checkpointOptions(storage)
    for (const partition of ['0', '1']) fill(hub, partition, 10)
    const stock = await startStockConsumer(hub, containerOf(checkpoints), 6)
    await until(() => stock.stored() === 2 && stock.seen.length === 20)
    await stock.close()
    const { sink, metric } = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => sink.count === 6)
    for (const stream of ['xdr/0', 'xdr/1']) expect(sink.sequence(stream)).toEqual([7, 8, 9])
    expect(await metric('sequence_gap_events_total')).toBe(0)
  })

  test('what we have checkpointed is resumed by another consumer exactly behind it', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    fill(hub, '0', 10)
    const { source, sink } = await startTestSource(hubOptions(hub), checkpoints)
    await until(() => sink.count === 10)
    const { sequenceNumber, offset } = sink.batches.flatMap(({ messages }) => messages)[3]!
    await source.checkpoint('xdr/0', { sequenceNumber, offset })
    await source.close()
    const stock = await startStockConsumer(hub, containerOf(checkpoints))
    await until(() => stock.seen.length === 6)
    expect(stock.seen).toEqual(numbers(4, 9))
  })
})

test('H10: the package of the store uses the same copies of the SDKs as everything else', () => {
  const here = createRequire(import.meta.url)
  const there = createRequire(here.resolve('@azure/eventhubs-checkpointstore-blob'))
  for (const name of ['@azure/event-hubs', '@azure/storage-blob']) expect(there.resolve(name)).toBe(here.resolve(name))
})

describe('an ownership', () => {
  const claim = { ...address, partitionId: '0', ownerId: 'b' }
  const name = `127.0.0.1/${hubName}/${group}/ownership/0`

  test('takes the place of the one that was read, and of no other', async () => {
    const blobs = new Blobs(checkpointOptions(storage))
    const store = new SdkStore(blobs)
    const first = (await blobs.create(name, { ownerid: 'a' })) as { etag: string }
    const second = (await store.claim({ ...claim, etag: first.etag })) as { etag: string }
    expect(await blobs.head(name)).toMatchObject({ metadata: { ownerid: 'b' }, etag: second.etag })
    expect(await store.claim({ ...claim, ownerId: 'c', etag: first.etag })).toBe('conflict')
    expect(await store.claim({ ...claim, ownerId: 'c', etag: '' })).toBe('conflict')
    expect((await blobs.head(name))?.metadata.ownerid).toBe('b')
    await blobs.remove(name)
    expect(['missing', 'conflict']).toContain(await store.claim({ ...claim, etag: second.etag }))
    expect(await blobs.head(name)).toBeUndefined()
  })

  test('that cannot be written is a failure of the storage account', async () => {
    const account = await startStorage()
    const store = new SdkStore(new Blobs(checkpointOptions(account), { attempts: 1 }))
    await account.stop()
    await expect(store.claim({ ...claim, etag: '"x"' })).rejects.toMatchObject({ kind: 'storage_unreachable' })
  })
})
