import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Storage, startStorage } from '../src/emulator/storage.ts'
import { Relay, startFilledHub } from './parts.ts'
import type { SlowCores } from './slow-cores.ts'

export interface FlowFigures {
  readonly workers: number
  readonly records: number
  /** From a fifth of the records on. */
  readonly recordsPerSecond: number
  /** Of the whole process, and from a fifth of the records on: by then V8 has compiled what is hot. */
  readonly recordsPerCpuSecond: number
  readonly recordsPerCpuSecondWarm: number
  /** Processor seconds from the start to the end, by thread. */
  readonly threads: Record<string, number>
  /** Milliseconds from the start of the process to the first record in a file. */
  readonly firstRecord: number
  /** MiB. */
  readonly peakRss: number
}

const toFile = JSON.stringify({ file: { path: 'DIR/out/{table}.ndjson' } })

/** Hub → file with so many workers in turn, each time anew from the beginning of the hub. */
export async function measureFlow(quick: boolean, turns: readonly number[], cores?: SlowCores): Promise<FlowFigures[]> {
  const storage = await startStorage()
  const records = quick ? 30_000 : 300_000
  const hub = await startFilledHub({ partitions: 4, records, bytes: Number.POSITIVE_INFINITY })
  try {
    const runs: FlowFigures[] = []
    for (const workers of quick ? [1, 2] : turns) {
      runs.push(await flow(hub.connectionString, storage, workers, hub.records, cores))
    }
    return runs
  } finally {
    await hub.stop()
    await storage.stop()
  }
}

async function flow(
  hub: string,
  storage: Storage,
  workers: number,
  records: number,
  cores?: SlowCores,
): Promise<FlowFigures> {
  const relay = new Relay({ hub, storage, workers, output: toFile })
  try {
    const firstRecord = await relay.firstDelivery()
    const [then, cpuThen, start] = await reached(relay, records * 0.2, cores)
    let settled = then
    while (settled < records) {
      // Each question costs the process that is measured some milliseconds.
      await sleep(settled < records * 0.9 ? 1000 : 50)
      settled = await relay.settled()
    }
    const [cpu, rest] = [relay.cpu(), settled - then]
    return {
      workers,
      records: settled,
      recordsPerSecond: Math.round((rest / (relay.age - start)) * 1000),
      recordsPerCpuSecond: Math.round(settled / cpu),
      recordsPerCpuSecondWarm: Math.round(rest / (cpu - cpuThen)),
      threads: relay.threads(),
      firstRecord: Math.round(firstRecord),
      peakRss: relay.memory().peak,
    }
  } finally {
    await relay.stop()
  }
}

/** How many records are settled, the processor seconds and the age of the process, once so many are. */
async function reached(relay: Relay, records: number, cores?: SlowCores): Promise<[number, number, number]> {
  for (;;) {
    cores?.hold(relay.pid)
    const settled = await relay.settled()
    if (settled >= records) return [settled, relay.cpu(), relay.age]
    await sleep(200)
  }
}

export interface MemoryFigures {
  readonly partitions: number
  readonly waitingMegabytes: number
  readonly blockedSeconds: number
  readonly messagesReceived: number
  /** Of messages and documents, by xdrelay's own count. */
  readonly inFlightMegabytes: number
  /** MiB. */
  readonly peakRss: number
  readonly lastRss: number
}

/** 32 partitions, 500 MB in the hub, and an output that takes every request and never answers one. */
export async function measureMemory(quick: boolean): Promise<MemoryFigures> {
  const silent = createServer(socket => socket.resume().on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as AddressInfo
  const storage = await startStorage()
  const partitions = 32
  const hub = await startFilledHub({ partitions, records: Number.POSITIVE_INFINITY, bytes: 500e6 })
  const output = JSON.stringify({ elasticsearch: { urls: [`http://127.0.0.1:${port}`] } })
  const relay = new Relay({ hub: hub.connectionString, storage, output })
  try {
    await once(silent, 'connection')
    const blockedSeconds = quick ? 15 : 60
    await sleep(blockedSeconds * 1000)
    const { now, peak } = relay.memory()
    return {
      partitions,
      waitingMegabytes: Math.round(hub.bytes / 1e6),
      blockedSeconds,
      messagesReceived: await relay.received(),
      inFlightMegabytes: Math.round((await relay.inFlight()) / 1e6),
      peakRss: peak,
      lastRss: now,
    }
  } finally {
    await relay.stop()
    await hub.stop()
    await storage.stop()
    silent.close()
  }
}
