import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { Secret } from '../../src/core/secret.ts'
import { startHub } from '../../src/emulator/hub/hub.ts'
import { Blobs } from '../../src/storage/blobs.ts'
import { startBlobProxy } from './blob-proxy.ts'
import { Places } from './places.ts'
import { storageForTest } from './storage.ts'
import { tempDirectory } from './temp.ts'
import { startTraffic, type Traffic } from './traffic.ts'
import { type Running, xdrelay } from './xdrelay.ts'

const hubName = 'defender'
const container = 'xdrelay-checkpoints'
const tree = `127.0.0.1/${hubName}/$default/`

export interface FleetOptions {
  readonly partitions: number
  /** Names of the replicas that may be started. */
  readonly replicas: readonly string[]
  readonly seed: string
  /** Settings of the event hub and of the checkpoints, in YAML; the defaults when absent. */
  readonly ownership?: string
  readonly interval?: string
}

/** Checkpoint writes of all replicas, in the order in which the storage account took them. */
export interface CheckpointBook {
  taken: number
  /** Not taken, since somebody else had written meanwhile. */
  refused: number
  /** Each one that was lower than the one before it. */
  readonly backwards: string[]
  /** Each one that was sent before all its records were in some file. */
  readonly ahead: string[]
}

/** Replicas of `xdrelay run` on one hub under steady traffic; who owns what is seen from outside. */
export interface Fleet {
  readonly traffic: Traffic
  readonly book: CheckpointBook
  /** What stands in the files of all replicas together. */
  readonly places: Places
  /** Starts a replica with a folder and an output of its own. */
  start(name: string): Promise<Running>
  /** How many partitions each reader has, the smallest first; undefined while blobs and hub do not agree. */
  shares(): Promise<number[] | undefined>
  /** Sequence number of each partition's checkpoint. */
  checkpoints(): Promise<number[]>
  /** Sequence number of each partition's newest message. */
  newest(): number[]
}

export async function startFleet({
  partitions,
  replicas,
  seed,
  ownership = '{}',
  interval = '5s',
}: FleetOptions): Promise<Fleet> {
  const hub = await startHub({ hubs: [{ name: hubName, partitions }] })
  onTestFinished(() => hub.stop())
  const storage = await storageForTest()
  const blobs = new Blobs({
    connectionString: new Secret(storage.connectionString),
    container,
    createContainer: true,
    interval: 0,
  })
  const folder = await tempDirectory()
  const places = new Places(...replicas.map(name => join(folder, name, 'out')))
  const traffic = startTraffic(hub, hubName, partitions, seed)
  const { endpoint, book } = await startBookkeeping(storage.endpoint, places, traffic)
  const config = `
version: 1
sources:
  xdr: { event_hub: { connection_string: "${hub.connectionString(hubName)}", ownership: ${ownership} } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${endpoint}", interval: ${interval} }
outputs:
  archive: { file: { path: "./out/{table}.ndjson" } }
dead_letter: { file: { path: ./dead-letters } }
admin: null
`
  const ids = Array.from({ length: partitions }, (_, index) => String(index))
  return {
    traffic,
    book,
    places,
    async start(name) {
      const cwd = join(folder, name)
      await mkdir(cwd)
      await writeFile(join(cwd, 'xdrelay.yaml'), config)
      return xdrelay(['run'], { cwd })
    },
    async shares() {
      const { entries } = await blobs.list(`${tree}ownership/`)
      const owners = entries.map(({ name, metadata }) => [name.split('/').at(-1)!, metadata.ownerid ?? ''] as const)
      const readers = hub.receivers().map(({ partition, connection }) => [partition, connection] as const)
      const [byBlob, byHub] = [parts(owners), parts(readers)]
      const isWhole = owners.every(([, owner]) => owner !== '') && owners.length === partitions
      return isWhole && byBlob.join(' ') === byHub.join(' ') ? byBlob.map(part => part.length).toSorted() : undefined
    },
    async checkpoints() {
      const { entries } = await blobs.list(`${tree}checkpoint/`)
      return entries.map(({ metadata }) => Number(metadata.sequencenumber))
    },
    newest: () => ids.map(id => hub.partition(hubName, id).lastSequenceNumber),
  }
}

/** Which partitions belong together, whatever their owners are called. */
function parts(pairs: readonly (readonly [partition: string, owner: string])[]): string[][] {
  const byOwner = Map.groupBy(pairs, ([, owner]) => owner)
  return [...byOwner.values()].map(each => each.map(([partition]) => partition).toSorted()).toSorted()
}

/** A way to the storage account on which every checkpoint write is judged. */
async function startBookkeeping(storage: string, places: Places, traffic: Traffic) {
  const book: CheckpointBook = { taken: 0, refused: 0, backwards: [], ahead: [] }
  const last = new Map<string, number>()
  const proxy = await startBlobProxy(
    storage,
    async ({ partitionId, sequenceNumber }) => {
      await places.refresh()
      const expected = traffic.upTo(partitionId, sequenceNumber)
      const found = places.upTo(partitionId, sequenceNumber)
      if (found !== expected) book.ahead.push(`${partitionId}/${sequenceNumber}: ${found} of ${expected}`)
    },
    ({ partitionId, sequenceNumber }, status) => {
      if (status >= 300) {
        book.refused += 1
        return
      }
      book.taken += 1
      const before = last.get(partitionId) ?? -1
      if (sequenceNumber < before) book.backwards.push(`${partitionId}: ${before} → ${sequenceNumber}`)
      last.set(partitionId, sequenceNumber)
    },
  )
  return { endpoint: proxy.endpoint, book }
}
