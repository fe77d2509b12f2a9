import { mkdir, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { AppendFile } from '../../src/core/durable.ts'
import { file } from '../../src/output/file.ts'
import { chunkOf } from '../support/chunks.ts'
import { createMetrics } from '../support/lanes.ts'
import { memoryLog } from '../support/memory-log.ts'
import { tempDirectory } from '../support/temp.ts'

async function outputIn(folder: string, openFiles: number) {
  const metrics = createMetrics()
  const { log, lines } = memoryLog()
  const options = { path: join(folder, '{table}.ndjson'), rotate: { bytes: 0, age: 0 }, openFiles }
  const output = file.create('archive', options, { watch: { metrics, log } })
  onTestFinished(() => output.close())
  const gauges = async () => {
    const found = await Promise.all([metrics.outputOpenFiles.get(), metrics.outputOpenFilesLimit.get()])
    return found.map(({ values }) => values[0]?.value)
  }
  return { output, gauges, lines }
}

/** How many files of the folder this process has open. */
async function openIn(folder: string): Promise<number> {
  const targets = (await readdir('/proc/self/fd')).map(each => readlink(`/proc/self/fd/${each}`).catch(() => ''))
  return (await Promise.all(targets)).filter(target => target.startsWith(`${folder}/`)).length
}

const tables = (count: number) => Array.from({ length: count }, (_, index) => `Table${index}`)
const documents = (names: readonly string[]) =>
  chunkOf(
    names.map(name => ({ name })),
    { tables: names },
  )

test('one write to many tables keeps within the limit at every moment, and the gauges are true', async () => {
  const folder = await tempDirectory()
  const { output, gauges, lines } = await outputIn(folder, 4)
  expect(await gauges()).toEqual([0, 4])
  let most = 0
  const real = AppendFile.prototype.sync
  const sync = vi.spyOn(AppendFile.prototype, 'sync').mockImplementation(async function (this: AppendFile) {
    most = Math.max(most, await openIn(folder))
    return real.call(this)
  })
  onTestFinished(() => void sync.mockRestore())
  expect(await output.write([documents(tables(50))])).toMatchObject({ retry: [] })
  expect(most).toBe(4)
  expect(await gauges()).toEqual([await openIn(folder), 4])
  expect(await readdir(folder)).toHaveLength(50)

  await output.write([documents(['Table1', 'Table2'])])
  expect(await gauges()).toEqual([await openIn(folder), 4])
  expect(lines.map(({ level, text }) => [level, text])).toEqual([
    [
      'warn',
      'output archive writes to more than its open_files: 4; files are closed and opened again, which is slower',
    ],
  ])
  await output.close()
  expect(await gauges()).toEqual([0, 4])
  expect(await openIn(folder)).toBe(0)
})

test('within the limit no file is closed, and nothing is said', async () => {
  const folder = await tempDirectory()
  const { output, gauges, lines } = await outputIn(folder, 4)
  for (let round = 0; round < 3; round++) await output.write([documents(tables(4))])
  expect(await gauges()).toEqual([4, 4])
  expect(await openIn(folder)).toBe(4)
  expect(lines).toEqual([])
})

test('what fails is retried and the rest delivered, however many groups it takes', async () => {
  const folder = await tempDirectory()
  const { output, gauges } = await outputIn(folder, 3)
  for (const name of ['Table2', 'Table7']) await mkdir(join(folder, `${name}.ndjson`))
  const names = tables(10)
  const delivery = await output.write([documents(names)])
  expect(delivery).toMatchObject({ rejected: [], retry: [2, 7] })
  expect(delivery.outage).toContain(join(folder, 'Table2.ndjson'))
  expect(await gauges()).toEqual([await openIn(folder), 3])
  for (const name of ['Table2', 'Table7']) await rm(join(folder, `${name}.ndjson`), { recursive: true })
  expect(await output.write([documents(['Table2', 'Table7'])])).toMatchObject({ retry: [] })
  for (const name of names) expect(await readFile(join(folder, `${name}.ndjson`), 'utf8')).toBe(`{"name":"${name}"}\n`)
})
