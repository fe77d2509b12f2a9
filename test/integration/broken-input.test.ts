import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { startHub } from '../../src/emulator/hub/hub.ts'
import { Places } from '../support/places.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

interface Letter {
  readonly reason: string
  readonly sequence_number: number
  readonly record_index: number | null
  readonly bytes: string
}

interface Document {
  readonly azure: { readonly sequence_number: number; readonly record_index: number }
  readonly [field: string]: unknown
}

test('each broken message ends where it should, its neighbours are delivered, and the process lives', async () => {
  const generator = createGenerator({ seed: 'broken' })
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 1 }] })
  onTestFinished(() => hub.stop())
  // Every broken message stands between two good ones.
  const broken = new Map<number, ReturnType<typeof generator.brokenMessages>[number]>()
  let good = 0
  const addGood = () => {
    const { body, records } = generator.nextMessage(5)
    hub.append('defender', '0', body)
    good += records
  }
  addGood()
  for (const message of generator.brokenMessages()) {
    broken.set(hub.append('defender', '0', message.body), message)
    addGood()
  }
  const storage = await storageForTest()
  const folder = await tempDirectory()
  await writeFile(
    join(folder, 'xdrelay.yaml'),
    `
version: 1
sources:
  xdr: { event_hub: { connection_string: "${hub.connectionString('defender')}" } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${storage.endpoint}", interval: 500ms }
outputs:
  archive: { file: { path: "./out/{table}.ndjson" } }
admin: null
`,
  )
  const run = xdrelay(['run'], { cwd: folder })
  const sound = [...broken.values()].reduce((sum, each) => sum + (each.salvage ? 0 : each.validRecords), 0)
  const files = new Places(join(folder, 'out'))
  await expect.poll(() => files.refresh().then(() => files.size), { timeout: 60_000 }).toBe(good + sound)
  expect(await run.kill('SIGTERM'), run.stderr()).toBe(0)

  const letters = await linesOf<Letter>(join(folder, 'dead-letters'))
  const documents = await linesOf<Document>(join(folder, 'out'))
  for (const [sequence, message] of broken) {
    const dead = letters.filter(letter => letter.sequence_number === sequence)
    const wanted = Array.from({ length: message.salvage ? 1 : message.rejects }, () => message.expect)
    expect(
      dead.map(letter => letter.reason),
      message.name,
    ).toEqual(wanted)
    // What is dead-lettered can be read back byte by byte: the whole body, or the record's own slice of it.
    for (const { bytes, record_index } of dead) {
      const original = Buffer.from(bytes, 'base64')
      if (record_index === null) expect(original.equals(message.body), message.name).toBe(true)
      else expect(Buffer.from(message.body).includes(original), message.name).toBe(true)
    }
  }
  const of = (name: string) => {
    const [sequence] = [...broken].find(([, message]) => message.name === name)!
    return documents.find(document => document.azure.sequence_number === sequence)!
  }
  expect(JSON.stringify(of('a ReportId above 2^53'))).toContain('639199916335081329')
  expect(JSON.stringify(of('an unknown table'))).toContain('m365_defender')
  expect(Object.keys(of('__proto__ and constructor as columns'))).not.toContain('polluted')
  expect(documents).toHaveLength(good + sound)
})

async function linesOf<Line>(folder: string): Promise<Line[]> {
  const names = await readdir(folder)
  const texts = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8')))
  return texts.flatMap(text => text.split('\n').filter(Boolean)).map(line => JSON.parse(line) as Line)
}
