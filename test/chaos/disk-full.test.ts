import { appendFile, copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'
import { startBlobProxy } from '../support/blob-proxy.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { addressOf, scrape } from '../support/scrape.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { tmpfs, tmpfsMissing } from '../support/tmpfs.ts'
import { WholeFiles } from '../support/whole-files.ts'
import { type Running, xdrelay } from '../support/xdrelay.ts'

const partitions = 2
const mebibyte = 2 ** 20

/** By partition: the places of the records of each message, and the messages that belong into the dead letter. */
interface Produced {
  readonly records: string[][][]
  readonly broken: string[][]
}

/** Sends messages in turn to the partitions, one in three of them broken; what that makes is added to `produced`. */
function send(hub: Hub, { records, broken }: Produced, seed: string, messages: number): void {
  const generator = createGenerator({ seed })
  for (let turn = 0; turn < messages; turn++) {
    const partition = turn % partitions
    const isBroken = turn % 3 === 0
    // Large, so that the dead letter cannot live on scraps of room.
    const body = isBroken ? Buffer.from('this is not JSON '.repeat(2500)) : undefined
    const made = body ? { body, records: 0 } : generator.nextMessage(40)
    const place = `${partition}/${hub.append('defender', String(partition), made.body)}`
    records[partition]!.push(Array.from({ length: made.records }, (_, index) => `${place}/${index}`))
    if (isBroken) broken[partition]!.push(place)
  }
}

/** Where a document or a dead letter came from. */
function placeOf(line: string): string {
  const { azure, partition_id, sequence_number } = JSON.parse(line)
  if (!azure) return `${partition_id}/${sequence_number}`
  return `${azure.partition_id}/${azure.sequence_number}/${azure.record_index}`
}

async function started() {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions }] })
  onTestFinished(() => hub.stop())
  const produced: Produced = { records: [[], []], broken: [[], []] }
  const storage = await storageForTest()
  const disk = await tmpfs('16m')
  const folder = await tempDirectory()
  const [out, dead, saved] = [join(disk.path, 'out'), join(disk.path, 'dead'), join(folder, 'saved')]
  for (const path of [out, dead, join(saved, 'out'), join(saved, 'dead')]) await mkdir(path, { recursive: true })
  const documents = new WholeFiles([out, join(saved, 'out')], placeOf)
  const letters = new WholeFiles([dead, join(saved, 'dead')], placeOf)

  const ahead: string[] = []
  let reached = 0
  const proxy = await startBlobProxy(storage.endpoint, async ({ partitionId, sequenceNumber }) => {
    const there = new Set([...documents.values(), ...letters.values()])
    const upTo = produced.records[Number(partitionId)]!.slice(0, sequenceNumber + 1).flat()
    const dropped = produced.broken[Number(partitionId)]!.filter(place => Number(place.split('/')[1]) <= sequenceNumber)
    const lacking = [...upTo, ...dropped].filter(place => !there.has(place))
    if (lacking.length > 0) ahead.push(`${partitionId}/${sequenceNumber}: ${lacking.length} missing`)
    reached += 1
  })
  await writeFile(
    join(folder, 'xdrelay.yaml'),
    `
sources: { xdr: { event_hub: { connection_string: "${hub.connectionString('defender')}" } } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${proxy.endpoint}", interval: 500ms }
outputs:
  archive: { file: { path: "${out}/{table}.ndjson", rotate: { bytes: 512KiB } }, batch: { bytes: 64KiB } }
dead_letter: { file: { path: "${dead}", segment_bytes: 512KiB } }
limits: { in_flight_bytes: 8MiB }
admin: { listen: "127.0.0.1:0" }
`,
  )
  const running = xdrelay(['run'], { cwd: folder })
  const address = await addressOf(running)
  return { hub, disk, out, dead, saved, produced, documents, letters, ahead, writes: () => reached, running, address }
}

/** What `/readyz` says, line by line. */
async function readyz(address: string): Promise<string[]> {
  return (await (await fetch(`${address}/readyz`)).text()).trimEnd().split('\n')
}

/** Moves what is not written to any more to another disk, as an operator would; returns how many files that were. */
async function moveFinished(from: string, to: string, isFinished: (name: string, all: string[]) => boolean) {
  const names = (await readdir(from)).sort()
  const finished = names.filter(name => isFinished(name, names))
  for (const name of finished) {
    await copyFile(join(from, name), join(to, name))
    await rm(join(from, name))
  }
  return finished.length
}

/** Different texts of the log lines of one kind. */
function textsOf(running: Running, action: string): string[] {
  const lines = running.stderr().split('\n').slice(0, -1)
  const mine = lines.map(line => JSON.parse(line)).filter(line => line['event.action'] === action)
  // It may get a little room now and then, but a line for each try would bury all others.
  expect(mine.length).toBeLessThan(6)
  return [...new Set(mine.map(line => line.message))]
}

const advice = 'delete or move files away there, or make it larger'
const full = ['not ready', 'output archive is out of space', 'dead letter is out of space']

/** Leaves no room at all; what this returns gives it back. */
async function fillUp(folder: string): Promise<() => Promise<void>> {
  const ballast = join(folder, 'ballast')
  const more = async () => {
    for (;;) await appendFile(ballast, Buffer.alloc(4096))
  }
  await expect(more()).rejects.toMatchObject({ code: 'ENOSPC' })
  return () => rm(ballast)
}

test.skipIf(await tmpfsMissing())(
  'a full disk under output and dead letter is waited out, and nothing is lost',
  {
    timeout: 300_000,
  },
  async () => {
    const { hub, disk, out, dead, saved, produced, documents, letters, ahead, writes, running, address } =
      await started()
    const complete = async (timeout: number) => {
      const [records, broken] = [produced.records.flat(2), produced.broken.flat()]
      await expect.poll(() => new Set(documents.values()).size, { timeout }).toBe(records.length)
      await expect.poll(() => new Set(letters.values()).size, { timeout }).toBe(broken.length)
      await expect.poll(() => readyz(address), { timeout: 30_000 }).toEqual(['ok'])
    }
    send(hub, produced, 'before', 30)
    await complete(60_000)

    const giveBack = await fillUp(disk.path)
    send(hub, produced, 'full', 420)
    await expect.poll(() => readyz(address), { timeout: 60_000 }).toEqual(full)
    // It is tried again and again meanwhile.
    await sleep(3000)
    expect(running.process.exitCode, running.stderr()).toBeNull()
    expect(await readyz(address)).toEqual(full)
    expect((await fetch(`${address}/livez`)).status).toBe(200)
    const now = await scrape(address)
    expect(now.sum('output_state', { output: 'archive' })).toBe(2)
    expect(now.sum('output_out_of_space', { output: 'archive' })).toBe(1)
    expect(now.sum('dead_letter_state')).toBe(2)
    expect(now.sum('dead_letter_out_of_space')).toBe(1)
    expect(now.sum('memory_used_bytes')).toBeGreaterThan(mebibyte)
    expect(now.sum('memory_used_bytes') + now.sum('memory_reserved_bytes')).toBeLessThanOrEqual(8 * mebibyte)
    expect(textsOf(running, 'output_down')).toEqual([
      `output archive is down: no room to write in ${out}: the disk is full (ENOSPC); ${advice}; its documents wait, nothing is lost`,
    ])
    expect(textsOf(running, 'dead_letter_down')).toEqual([
      `dead letter ${dead} cannot be written: the disk is full (ENOSPC); ${advice}; what belongs there waits, nothing is lost`,
    ])
    await expect.poll(() => [...documents.torn(), ...letters.torn()]).toEqual([])

    // With the ballast gone it goes on until its own files have filled the disk.
    const before = documents.values().length
    await giveBack()
    await expect.poll(() => documents.values().length, { timeout: 60_000 }).toBeGreaterThan(before)
    await expect
      .poll(() => readyz(address), { timeout: 90_000, interval: 200 })
      .toContain('output archive is out of space')
    expect(new Set(documents.values()).size).toBeLessThan(produced.records.flat(2).length)
    const moved = await moveFinished(out, join(saved, 'out'), name => /\.\d{8}T\d+Z/.test(name))
    expect(moved).toBeGreaterThan(0)
    await moveFinished(dead, join(saved, 'dead'), (name, all) => name !== all.at(-1))
    const stuck = documents.values().length
    await expect.poll(() => documents.values().length, { timeout: 60_000 }).toBeGreaterThan(stuck)

    await disk.resize('64m')
    await complete(90_000)
    const memory = await peakMemory(running)
    expect(await running.kill('SIGTERM'), running.stderr()).toBe(0)
    expect(new Set(documents.values())).toEqual(new Set(produced.records.flat(2)))
    expect(new Set(letters.values())).toEqual(new Set(produced.broken.flat()))
    expect([...documents.torn(), ...letters.torn()]).toEqual([])
    expect(ahead).toEqual([])
    expect(writes()).toBeGreaterThan(2)
    expect(memory).toBeLessThan(512)
    console.log(
      `full disk: peak memory ${Math.round(memory)} MiB, ${moved} files moved away, ${produced.records.flat(2).length} records and ${produced.broken.flat().length} dead letters complete, ${writes()} checkpoint writes checked`,
    )
  },
)
