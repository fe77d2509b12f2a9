import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BlobServiceClient, ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Storage, startStorage } from '../../src/emulator/storage.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

test('the storage SDK works with its connection string, and with endpoint, account and key', async () => {
  const service = BlobServiceClient.fromConnectionString(storage.connectionString)
  await service.createContainer('checkpoints')
  const credential = new StorageSharedKeyCredential(storage.account, storage.key)
  const blob = new ContainerClient(`${storage.endpoint}/checkpoints`, credential).getBlockBlobClient('a/b')
  const { etag } = await blob.upload('text', 4, { metadata: { sequencenumber: '7' } })
  expect((await blob.getProperties()).metadata).toEqual({ sequencenumber: '7' })
  const outdated = blob.setMetadata({ sequencenumber: '8' }, { conditions: { ifMatch: '"0x0"' } })
  await expect(outdated).rejects.toMatchObject({ statusCode: 412 })
  await blob.setMetadata({ sequencenumber: '8' }, { conditions: { ifMatch: etag! } })
  expect((await blob.downloadToBuffer()).toString()).toBe('text')
})

test('a second one in a directory runs beside the first, and its blobs survive a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'storage-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const first = await startStorage({ directory })
  onTestFinished(() => first.stop())
  expect(first.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/devstoreaccount1$/)
  expect(first.endpoint).not.toBe(storage.endpoint)
  await BlobServiceClient.fromConnectionString(first.connectionString).createContainer('kept')
  await first.stop()
  await first.stop()
  await expect(fetch(first.endpoint)).rejects.toThrow('fetch failed')
  const second = await startStorage({ directory })
  onTestFinished(() => second.stop())
  const kept = BlobServiceClient.fromConnectionString(second.connectionString).getContainerClient('kept')
  expect(await kept.exists()).toBe(true)
})

test('a port that is taken is an error that says so', async () => {
  const again = startStorage({ port: Number(new URL(storage.endpoint).port) })
  await expect(again).rejects.toMatchObject({
    kind: 'emulator_unavailable',
    message: expect.stringContaining('EADDRINUSE'),
  })
})
