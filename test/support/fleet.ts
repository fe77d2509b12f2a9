import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished } from 'vitest'
import { Blobs } from '../../src/consumer/blobs.ts'
import { Secret } from '../../src/core/secret.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'
import type { Storage } from '../../src/emulator/storage.ts'
import { startBlobProxy } from './blob-proxy.ts'
import { Places } from './places.ts'
import { storageForTest } from './storage.ts'
import { tempDirectory } from './temp.ts'
import { type Running, xdrelay } from './xdrelay.ts'

const hubName = 'defender'
const container = 'xdrelay-checkpoints'
const tree = `127.0.0.1/${hubName}/$default`

export interface FleetOptions {
  readonly partitions: number
  /** Names of the replicas that may be started. */
  readonly replicas: readonly string[]
  readonly seed: string
  /** Lines of the configuration: of the event hub, and of the checkpoints. */
  readonly eventHub?: string
  readonly checkpoints?: string
}

/** Checkpoint writes as the storage account took them, over all replicas. */
export interface CheckpointBook {
  written: number
  /** Refused by the account, since somebody else had written meanwhile. */
  refused: number
  /** `partition: from → to` of every write that was taken and lower than the one before. */
  readonly backwards: string[]
  /** Of every write that came before all its records were in some file. */
  readonly ahead: string[]
}

/**
 * Replicas of `xdrelay run` on one embedded hub under steady traffic, each with a folder and an output of its own.
 * Who owns what is seen from outside: in the ownership blobs, and by the hub's receivers.
 */
export class Fleet {
  readonly book: CheckpointBook = { written: 0, refused: 0, backwards: [], ahead: [] }
  readonly places: Places
  readonly #hub: Hub
  readonly #folder: string
  readonly #config: string
  readonly #blobs: Blobs
  /** Records of each message, by partition and sequence number. */
  readonly #produced: number[][]
  readonly #running: Running[] = []
  #traffic: NodeJS.Timeout | undefined

  private constructor(
    hub: Hub,
    storage: Storage,
    folder: string,
    options: FleetOptions,
    endpointOf: (fleet: Fleet) => string,
  ) {
    this.#hub = hub
    this.#folder = folder
    this.#produced = Array.from({ length: options.partitions }, () => [])
    this.places = new Places(...options.replicas.map(name => join(folder, name, 'out')))
    const checkpoints = { connectionString: new Secret(storage.connectionString), container, createContainer: true }
    this.#blobs = new Blobs({ ...checkpoints, interval: 0 })
    this.#config = endpointOf(this)
  }
}
