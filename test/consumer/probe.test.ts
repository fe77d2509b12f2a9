import { createServer } from 'node:net'
import { EventHubConsumerClient } from '@azure/event-hubs'
import { AccountSASPermissions, BlobServiceClient } from '@azure/storage-blob'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { EventHubOptions } from '../../src/consumer/options.ts'
import { surveyHub } from '../../src/consumer/probe.ts'
import { XdrelayError } from '../../src/core/errors.ts'
import { Secret } from '../../src/core/secret.ts'
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
  testSource,
  until,
} from '../support/event-hub.ts'

let storage: Storage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.stop())

const wrongKey = 'QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE='

/** What `open` says; the limit is the promise of seconds, and each case has its own hub and store. */
async function openError(hub: EventHubOptions, checkpoints: CheckpointsOptions): Promise<XdrelayError> {
  const { source } = testSource(hub, checkpoints)
  const error = await source.open(AbortSignal.timeout(15_000)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(XdrelayError)
  return error as XdrelayError
}

function withText(hub: Hub, change: (text: string) => string): EventHubOptions {
  return hubOptions(hub, { connectionString: new Secret(change(hub.connectionString(hubName))) })
}

describe('G: open says within seconds what is wrong, and never the secret', () => {
  test('nothing, when all is well; it makes the container and takes nothing from anybody', async () => {
    const hub = await startTestHub()
    const checkpoints = checkpointOptions(storage)
    const { source } = testSource(hubOptions(hub), checkpoints)
    await source.open(AbortSignal.timeout(15_000))
    expect((await new Blobs({ ...checkpoints, createContainer: false }).list('')).entries).toEqual([])
    await until(() => hub.receivers().length === 0)
  })

  test('a wrong key of the hub', async () => {
    const hub = await startTestHub()
    const options = withText(hub, text => text.replace(/SharedAccessKey=[^;]+/, `SharedAccessKey=${wrongKey}`))
    const error = await openError(options, checkpointOptions(storage))
    expect(error.kind).toBe('hub_unauthorized')
    expect(error.message).toContain('connection_string')
    expect(error.message).not.toContain(wrongKey)
  }, 20_000)

  test('a wrong name of the hub', async () => {
    const hub = await startTestHub()
    const options = hubOptions(hub, { connectionString: new Secret(hub.connectionString()), eventHub: 'nope' })
    const error = await openError(options, checkpointOptions(storage))
    expect(error.kind).toBe('hub_not_found')
    expect(error.message).toContain('`nope`')
  }, 20_000)

  test('a consumer group that does not exist', async () => {
    const hub = await startTestHub()
    const error = await openError(hubOptions(hub, { consumerGroup: 'missing' }), checkpointOptions(storage))
    expect(error.kind).toBe('consumer_group_not_found')
    expect(error.message).toContain('`missing`')
  }, 20_000)

  test('a consumer group that an owner reads exists', async () => {
    const hub = await startTestHub(1)
    const checkpoints = checkpointOptions(storage)
    const owner = testSource(hubOptions(hub), checkpoints)
    await owner.source.start(owner.sink)
    await until(() => hub.receivers().length === 1)
    const { source } = testSource(hubOptions(hub), checkpoints)
    await source.open(AbortSignal.timeout(15_000))
    expect(hub.receivers()).toHaveLength(1)
  })

  test('a port where nobody listens', async () => {
    const hub = await startTestHub()
    const options = withText(hub, text => text.replace(`:${hub.port}`, ':9'))
    const error = await openError(options, checkpointOptions(storage))
    expect(error.kind).toBe('hub_unreachable')
    expect(error.message).toContain('127.0.0.1')
  }, 20_000)

  test('a host that does not exist', async () => {
    const hub = await startTestHub()
    const options = withText(hub, text => text.replace('127.0.0.1', 'nosuch.invalid'))
    const error = await openError(options, checkpointOptions(storage))
    expect(error.kind).toBe('hub_unreachable')
    expect(error.message).toContain('nosuch.invalid')
  }, 20_000)

  test('a host that takes connections and never answers', async () => {
    const hub = await startTestHub()
    const mute = createServer(() => {})
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      mute.close()
    })
    const { port } = mute.address() as { port: number }
    const options = withText(hub, text => text.replace(`:${hub.port}`, `:${port}`))
    const error = await openError(options, checkpointOptions(storage))
    expect(error.kind).toBe('hub_unreachable')
  }, 20_000)

  test('a wrong key of the storage account', async () => {
    const hub = await startTestHub()
    const { connectionString: _, ...rest } = checkpointOptions(storage)
    const checkpoints = {
      ...rest,
      storageAccount: storage.account,
      endpoint: storage.endpoint,
      storageAccountKey: new Secret(wrongKey),
    }
    const error = await openError(hubOptions(hub), checkpoints)
    expect(error.kind).toBe('storage_unauthorized')
    expect(error.message).toMatch(new RegExp(`${storage.account}.*storage_account_key`))
    expect(error.message).not.toContain(wrongKey)
  }, 20_000)

  test('a storage account that cannot be reached', async () => {
    const hub = await startTestHub()
    const { connectionString: _, ...rest } = checkpointOptions(storage)
    const checkpoints = {
      ...rest,
      storageAccount: storage.account,
      endpoint: 'http://127.0.0.1:9/devstoreaccount1',
      storageAccountKey: new Secret(storage.key),
    }
    expect((await openError(hubOptions(hub), checkpoints)).kind).toBe('storage_unreachable')
  }, 20_000)

  test('a container that is missing and must not be made', async () => {
    const hub = await startTestHub()
    const error = await openError(hubOptions(hub), checkpointOptions(storage, { createContainer: false }))
    expect(error.kind).toBe('container_not_found')
    expect(error.message).toMatch(/`test-/)
  }, 20_000)

  test('an identity that may only read is refused at the start', async () => {
    const hub = await startTestHub()
    const checkpoints = checkpointOptions(storage)
    const account = BlobServiceClient.fromConnectionString(storage.connectionString)
    await account.getContainerClient(checkpoints.container).create()
    const signature = new URL(
      account.generateAccountSasUrl(new Date(Date.now() + 600_000), AccountSASPermissions.parse('rl'), 'sco'),
    ).search.slice(1)
    const connectionString = new Secret(`BlobEndpoint=${storage.endpoint};SharedAccessSignature=${signature}`)
    const error = await openError(hubOptions(hub), { ...checkpoints, connectionString })
    expect(error.kind).toBe('storage_unauthorized')
    expect(error.message).not.toContain(signature.slice(-20))
  }, 20_000)

  test('an abort ends it at once', async () => {
    const hub = await startTestHub()
    const { source } = testSource(hubOptions(hub), checkpointOptions(storage))
    await expect(source.open(AbortSignal.abort(new Error('stop')))).rejects.toBeInstanceOf(XdrelayError)
  })
})

describe('a survey, for those who check', () => {
  const survey = (options: EventHubOptions) => surveyHub(options, AbortSignal.timeout(15_000))

  test('counts the messages and reads one, wherever it is', async () => {
    const hub = await startTestHub(3)
    fill(hub, '2', 5)
    expect(await survey(hubOptions(hub))).toEqual({ partitions: 3, messages: 5, reading: 'one message' })
    await until(() => hub.receivers().length === 0)
  })

  test('finds nothing to read in a new event hub', async () => {
    const hub = await startTestHub(2)
    expect(await survey(hubOptions(hub))).toEqual({ partitions: 2, messages: 0, reading: 'nothing there' })
  })

  test('leaves a running reader alone', async () => {
    const hub = await startTestHub(1)
    const owner = testSource(hubOptions(hub), checkpointOptions(storage))
    await owner.source.start(owner.sink)
    fill(hub, '0', 3)
    await until(() => owner.sink.count === 3)
    const before = hub.receivers()
    expect(await survey(hubOptions(hub))).toEqual({ partitions: 1, messages: 3, reading: 'taken' })
    expect(hub.receivers()).toEqual(before)
    fill(hub, '0', 2)
    await until(() => owner.sink.count === 5)
    expect(owner.lines.filter(({ level }) => level !== 'info')).toEqual([])
    expect(await owner.metric('partition_restarts_total')).toBe(0)
  })

  test('needs no place among the readers without an epoch', async () => {
    const hub = await startTestHub(1)
    const handlers = { async processEvents() {}, async processError() {} }
    const clients = numbers(1, 5).map(() => new EventHubConsumerClient(group, hub.connectionString(hubName)))
    for (const client of clients) client.subscribe('0', handlers)
    onTestFinished(() => Promise.all(clients.map(client => client.close())).then(() => {}))
    await until(() => hub.receivers().length === 5)
    expect(await survey(hubOptions(hub))).toMatchObject({ reading: 'taken' })
    const { source } = testSource(hubOptions(hub), checkpointOptions(storage))
    await source.open(AbortSignal.timeout(15_000))
    expect(hub.receivers()).toHaveLength(5)
  })

  test('notices a consumer group that does not exist', async () => {
    const hub = await startTestHub(1)
    fill(hub, '0', 1)
    await expect(survey(hubOptions(hub, { consumerGroup: 'missing' }))).rejects.toMatchObject({
      kind: 'consumer_group_not_found',
    })
  })

  test('says that no message comes although there are some', async () => {
    const hub = await startTestHub(1)
    fill(hub, '0', 1)
    hub.faults.silence()
    await expect(survey(hubOptions(hub))).rejects.toMatchObject({
      kind: 'hub_failed',
      message: expect.stringContaining('partition 0 holds messages'),
    })
  }, 20_000)
})

describe('credentials that stop working', () => {
  test('are reported in the log, retried, and end nothing', async () => {
    const hub = await startTestHub(1)
    const options = withText(hub, text => text.replace(/SharedAccessKey=[^;]+/, `SharedAccessKey=${wrongKey}`))
    const { source, sink, lines, fatal } = testSource(options, checkpointOptions(storage))
    await source.start(sink)
    await until(() => lines.some(({ fields }) => fields['error.code'] === 'XP2002'), 45_000)
    expect(fatal).toEqual([])
    expect(JSON.stringify(lines)).not.toContain(wrongKey)
  })
})
