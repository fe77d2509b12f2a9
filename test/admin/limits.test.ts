import { mkdir, readdir, readFile, readlink, rename, stat, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'
import { addressOf, scrape } from '../support/scrape.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

const mebibyte = 2 ** 20
const partitions = 4
const openFiles = 3
/** Each has a record that belongs into the dead letter, so that all wait once that is full. */
const messages = 160

/** Fills the hub with messages of about 120 KB; returns the number of good records. */
function fill(hub: Hub): number {
  const generator = createGenerator({ seed: 'limits' })
  let good = 0
  for (let turn = 0; turn < messages; turn++) {
    const made = generator.nextMessage(100)
    const text = Buffer.from(made.body).toString()
    const body = `${text.slice(0, text.lastIndexOf(']'))},{"no":"${'x'.repeat(20_000)}"}]}`
    hub.append('defender', String(turn % partitions), Buffer.from(body))
    good += made.records
  }
  return good
}

/** The way to a hub, and how many bytes came from there. */
async function counted(port: number) {
  let bytes = 0
  const server = createServer(client => {
    const hub = connect(port, '127.0.0.1')
    client.pipe(hub).on('error', () => client.destroy())
    hub.on('data', part => {
      bytes += part.length
    })
    hub.pipe(client).on('error', () => hub.destroy())
    onTestFinished(() => void [client.destroy(), hub.destroy()])
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as AddressInfo).port, bytes: () => bytes }
}

/** Bytes of all messages. */
function hubBytes(hub: Hub): number {
  const sizes = Array.from({ length: partitions }, (_, index) => hub.partition('defender', String(index)).bytes)
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}

async function sizeOf(folder: string): Promise<number> {
  const sizes = (await readdir(folder)).map(async name => (await stat(join(folder, name))).size)
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
}

/** How many files of a folder a process has open. */
async function openIn(folder: string, pid: number): Promise<number> {
  const descriptors = await readdir(`/proc/${pid}/fd`)
  const targets = await Promise.all(descriptors.map(each => readlink(`/proc/${pid}/fd/${each}`).catch(() => '')))
  return targets.filter(target => target.startsWith(`${folder}/`)).length
}

async function linesIn(folder: string): Promise<number> {
  const texts = await Promise.all((await readdir(folder)).map(name => readFile(join(folder, name), 'utf8')))
  return texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0)
}

test('limits hold, their metrics say what is true, and what waits at one arrives when there is room', {
  timeout: 300_000,
}, async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions }] })
  onTestFinished(() => hub.stop())
  const good = fill(hub)
  const way = await counted(hub.port)
  const storage = await storageForTest()
  const folder = await tempDirectory()
  const [out, dead, taken] = [join(folder, 'out'), join(folder, 'dead'), join(folder, 'taken')]
  await mkdir(taken)
  const connection = hub.connectionString('defender').replace(`:${hub.port}`, `:${way.port}`)
  await writeFile(
    join(folder, 'xdrelay.yaml'),
    `
sources: { xdr: { event_hub: { connection_string: "${connection}" } } }
checkpoints: { connection_string: "${storage.connectionString}", interval: 200ms }
outputs:
  archive: { file: { path: "./out/{table}.ndjson", open_files: ${openFiles} } }
dead_letter: { file: { path: ./dead, max_bytes: 2MiB, segment_bytes: 400KiB } }
limits: { in_flight_bytes: 8MiB }
admin: { listen: "127.0.0.1:0" }
`,
  )
  const running = xdrelay(['run'], { cwd: folder })
  const address = await addressOf(running)
  /** What the metrics say, each within its limit. */
  const look = async () => {
    const now = await scrape(address)
    const [used, reserved] = [now.sum('memory_used_bytes'), now.sum('memory_reserved_bytes')]
    const [open, letters] = [now.sum('output_open_files', { output: 'archive' }), now.sum('dead_letter_bytes')]
    expect(now.sum('memory_budget_bytes')).toBe(8 * mebibyte)
    expect(reserved).toBe(2 * mebibyte)
    expect(used).toBeLessThanOrEqual(8 * mebibyte - reserved)
    expect(now.sum('output_open_files_limit', { output: 'archive' })).toBe(openFiles)
    expect(open).toBeLessThanOrEqual(openFiles)
    expect(await openIn(out, running.process.pid!)).toBeLessThanOrEqual(openFiles)
    expect(now.sum('dead_letter_limit_bytes')).toBe(2 * mebibyte)
    expect(letters).toBeLessThanOrEqual(2 * mebibyte)
    const ready = await (await fetch(`${address}/readyz`)).text()
    return { used, open, letters, received: now.sum('source_bytes_received_total'), ready }
  }

  const full = 'not ready\ndead letter is out of space\n'
  let before = await look()
  await expect
    .poll(
      async () => {
        const now = await look()
        const isStill = now.ready === full && now.used === before.used && now.received === before.received
        before = now
        return isStill
      },
      { timeout: 90_000, interval: 1000 },
    )
    .toBe(true)

  const { used, open, letters, received } = before
  expect(received).toBeLessThan(hubBytes(hub))
  // What came over the wire and was not taken by the pipeline waits in the SDK.
  const inSdk = way.bytes() - received
  expect(inSdk + used).toBeLessThanOrEqual(8 * mebibyte)
  expect(open).toBe(await openIn(out, running.process.pid!))
  expect(letters).toBe(await sizeOf(dead))
  expect(letters).toBeGreaterThan(1.9 * mebibyte)
  expect(running.stderr()).toContain(
    `dead letter ${dead} cannot be written: its 2097152 bytes are used up; move files away there or raise dead_letter.file.max_bytes`,
  )
  expect(running.stderr().match(/open_files_limit/g)).toHaveLength(1)

  const takeAway = async () => {
    for (const name of await readdir(dead)) await rename(join(dead, name), join(taken, name))
    await look()
    return linesIn(taken)
  }
  await expect.poll(takeAway, { timeout: 90_000, interval: 300 }).toBe(messages)
  await expect.poll(async () => (await look()).used, { timeout: 60_000 }).toBe(0)
  const after = await look()
  expect(after.ready).toBe('ok\n')
  expect(after.open).toBe(await openIn(out, running.process.pid!))
  await expect.poll(async () => (await look()).letters, { timeout: 15_000 }).toBe(await sizeOf(dead))
  expect(await linesIn(out)).toBe(good)
  expect(await running.kill('SIGTERM'), running.stderr()).toBe(0)
  console.log(`limits: ${used} bytes in flight and ${inSdk} in the SDK, of 8 MiB`)
})
