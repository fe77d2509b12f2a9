import { createHmac } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { startHub } from '../../src/emulator/hub/hub.ts'
import { storageForTest } from '../support/storage.ts'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

const hashKey = 'a key that nobody else has'

/** As no serialiser would write them, one over several lines. */
const oddly = [
  '{"category":"AdvancedHunting-DeviceEvents","properties":{"ReportId":639199916335081329,"x":1.50e+2,"DeviceName":"\\u0057S-1","AccountName":"Mara"}}',
  '{\r\n  "category" : "AdvancedHunting-DeviceEvents",\r\n  "properties" : { "AccountName" : "Gr\\u00fc\\u00dfe \\/ 😀",\n\t"ReportId" : 7 }\n}',
  '{"properties":{"DeviceName":"not wanted in the archive"},"category":"AdvancedHunting-DeviceInfo"}',
]

interface Document {
  readonly azure: { readonly sequence_number: number; readonly record_index: number }
  readonly user?: { readonly name?: string }
  readonly event: { readonly original?: string }
}

test('one hub feeds an archive of raw records, an output with hashes and one with everything, each its own bytes', async () => {
  const hub = await startHub({ hubs: [{ name: 'defender', partitions: 1 }] })
  onTestFinished(() => hub.stop())
  const generator = createGenerator({ seed: 'shapes' })
  const sent = Array.from({ length: 6 }, (): string[] => {
    const { records } = JSON.parse(Buffer.from(generator.nextMessage(40).body).toString()) as { records: object[] }
    return [...records.map(each => JSON.stringify(each)), ...oddly]
  })
  for (const records of sent) hub.append('defender', '0', Buffer.from(`{"records": [${records.join(' ,\n')}]}`))

  const folder = await configured(hub.connectionString('defender'))
  const run = xdrelay(['run'], { cwd: folder, env: { HASH_KEY: hashKey } })
  const total = sent.flat().length
  const archived = sent.flat().filter(text => /AdvancedHunting-Device(?!Info")/.test(text))
  expect(archived.length).toBeLessThan(total)
  const lines = (name: string) => readFile(join(folder, name), 'utf8').then(linesOf, () => [])
  const counts = () =>
    Promise.all(['archive', 'analytics', 'all'].map(each => lines(`${each}.ndjson`).then(all => all.length)))
  await expect.poll(counts, { timeout: 60_000 }).toEqual([archived.length, total, total])
  expect(await run.kill('SIGTERM'), run.stderr()).toBe(0)

  // Raw: what was sent, byte for byte, but for the line breaks between the parts of a record.
  expect(await lines('archive.ndjson')).toEqual(archived.map(text => text.replaceAll(/[\r\n]/g, ' ')))

  const all = await lines('all.ndjson')
  const originals = all.map(line => {
    const { azure, event } = JSON.parse(line) as Document
    return [sent[azure.sequence_number]![azure.record_index], event.original]
  })
  for (const [text, original] of originals) expect(original).toBe(text)

  // Without user.name and event.original, the bytes of both documents are the same.
  const analytics = await lines('analytics.ndjson')
  let hashed = 0
  for (const [index, line] of analytics.entries()) {
    const { user, event } = JSON.parse(all[index]!) as Document
    const name = user?.name === undefined ? '' : `"name":${JSON.stringify(user.name)}`
    const hash = user?.name === undefined ? '' : `"name":"${hashOf(user.name)}"`
    expect(line).toContain(hash)
    expect(line.replace(hash, () => name)).toBe(withoutOriginal(all[index]!, event.original))
    if (hash !== '') hashed++
  }
  expect(hashed).toBeGreaterThan(sent.length)
  const exact = analytics.filter(
    line => line.includes(`"name":"${hashOf('Mara')}"`) && line.includes('639199916335081329'),
  )
  expect(exact).toHaveLength(sent.length)
})

function hashOf(text: string): string {
  return createHmac('sha256', hashKey).update(text).digest('hex')
}

function withoutOriginal(line: string, original: string | undefined): string {
  return line.replace(`,"original":${JSON.stringify(original)}`, '')
}

async function configured(connectionString: string): Promise<string> {
  const storage = await storageForTest()
  const folder = await tempDirectory()
  const text = `
sources:
  xdr: { event_hub: { connection_string: "${connectionString}" } }
checkpoints: { storage_account: ${storage.account}, storage_account_key: "${storage.key}", endpoint: "${storage.endpoint}", interval: 500ms }
outputs:
  archive:
    file: { path: ./archive.ndjson }
    format: raw
    tables: ["Device*", "!DeviceInfo"]
  analytics:
    file: { path: ./analytics.ndjson }
    fields: { hash: [user.name], hash_key: "\${env:HASH_KEY}" }
  all:
    file: { path: ./all.ndjson }
preserve_original_event: true
admin: null
`
  await writeFile(join(folder, 'xdrelay.yaml'), text)
  return folder
}

function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}
