import type { ChildProcess } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tempDirectory } from '../support/temp.ts'
import { xdrelay } from '../support/xdrelay.ts'

interface Document {
  readonly event: { readonly id: string }
  readonly data_stream: { readonly dataset: string }
}

async function documentsIn(file: string): Promise<Document[]> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  return lines.map(line => JSON.parse(line) as Document)
}

test('the demo delivers or dead-letters everything from the hub and the APIs, and says so', {
  timeout: 180_000,
}, async () => {
  const folder = await tempDirectory()
  const demo = xdrelay(['demo', '--records', '2000'], { cwd: folder })
  expect(await demo.ended, demo.stdout() + demo.stderr()).toBe(0)
  expect(demo.stdout()).toContain('delivered      2000 distinct ids')
  expect(demo.stdout()).toContain('reconciliation holds')
  expect(demo.stderr()).not.toContain('new column')
  for (const name of ['alert', 'incident', 'vulnerability']) {
    const held = Number(new RegExp(`^${name}: the API holds (\\d+)$`, 'm').exec(demo.stdout())?.[1])
    const documents = await documentsIn(join(folder, 'demo-output', `${name}.ndjson`))
    expect(held).toBeGreaterThanOrEqual(100)
    expect(documents.length).toBeGreaterThanOrEqual(held)
    for (const { event, data_stream: stream } of documents) {
      expect(event.id).toMatch(/\w/)
      expect(stream.dataset).toBe(`m365_defender.${name}`)
    }
  }
  const letters = await readdir(join(folder, 'demo-output', 'dead-letters'))
  const text = await readFile(join(folder, 'demo-output', 'dead-letters', letters[0]!), 'utf8')
  expect(
    new Set(
      text
        .trimEnd()
        .split('\n')
        .map(line => JSON.parse(line).reason),
    ),
  ).toEqual(new Set(['invalid_json', 'bad_envelope', 'bad_encoding', 'too_deep', 'too_large']))
})

test('a record of the generator becomes a document, as the README shows it', { timeout: 60_000 }, async () => {
  const generated = xdrelay(['generate', '--records', '1', '--tables', 'DeviceProcessEvents'])
  expect(await generated.ended, generated.stderr()).toBe(0)
  const mapped = xdrelay(['map'], { input: generated.stdout() })
  expect(await mapped.ended, mapped.stderr()).toBe(0)
  const document = JSON.parse(mapped.stdout()) as { event: { kind: string }; process: { name: string } }
  expect(document.event.kind).toBe('event')
  expect(document.process.name).toMatch(/\w/)
})

/** Nothing for a process that has ended. */
async function commandLine(pid: string | number): Promise<string> {
  return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
}

async function childrenOf(parent: number): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const stats = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')))
  return pids.filter((_pid, index) => /^\d+ \(.*\) \S (\d+)/s.exec(stats[index]!)?.[1] === String(parent))
}

test.skipIf(process.platform !== 'linux').each([
  ['when its reader goes away, as with `| head`', (demo: ChildProcess) => void demo.stdout!.destroy()],
  ['when it is killed', (demo: ChildProcess) => void demo.kill('SIGKILL')],
])('the demo leaves no process behind %s', { timeout: 120_000 }, async (_when, end) => {
  const demo = xdrelay(['demo', '--records', '20000000', '--rate', '100'], { cwd: await tempDirectory() })
  const children = () => childrenOf(demo.process.pid!)
  const parts = async () => (await Promise.all((await children()).map(commandLine))).join()
  await expect.poll(parts, { timeout: 60_000 }).toMatch(/(?=.*microsoft)(?=.*azurite)(?=.*generate)(?=.*--hub)/s)
  const started = await children()
  onTestFinished(async () => {
    for (const pid of started) if (await commandLine(pid)) process.kill(Number(pid), 'SIGKILL')
  })
  expect(started).toHaveLength(4)
  end(demo.process)
  await demo.ended
  await expect.poll(async () => (await Promise.all(started.map(commandLine))).join(''), { timeout: 20_000 }).toBe('')
})
