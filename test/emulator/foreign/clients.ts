import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../../src/core/errors.ts'
import { oneAtATime } from '../../support/one-at-a-time.ts'

/** A program in another language that takes one JSON request and gives one JSON answer. */
export type ForeignClient = readonly string[]

const run = promisify(execFile)
const here = import.meta.dirname
const patience = 300_000

/** The Python client, in a virtual environment with the official SDK; undefined when it cannot be had here. */
export function pythonClient(): Promise<ForeignClient | undefined> {
  return orSkipped('Python 3 with venv and PyPI', async () => {
    const requirements = join(here, 'requirements.txt')
    const sdk = /^azure-eventhub==(.+)$/m.exec(await readFile(requirements, 'utf8'))![1]!
    const { stdout } = await run('python3', ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'])
    const environment = await cached(`python-${sdk}-on-${stdout.trim()}`, async folder => {
      await run('python3', ['-m', 'venv', folder])
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
      await run(join(folder, 'bin/python'), install, { timeout: patience })
    })
    return [join(environment, 'bin/python'), join(here, 'client.py')]
  })
}

/** The Go client, compiled with the official SDK; undefined when it cannot be had here. */
export function goClient(): Promise<ForeignClient | undefined> {
  return orSkipped('Go 1.24 or later and its modules', async () => {
    const source = join(here, 'go')
    const digest = createHash('sha256')
    for (const file of ['main.go', 'go.mod', 'go.sum']) digest.update(await readFile(join(source, file)))
    const { stdout: version } = await run('go', ['env', 'GOVERSION'])
    const name = `go-client-${digest.update(version).digest('hex').slice(0, 16)}`
    const folder = await cached(name, async target => {
      await run('go', ['build', '-o', join(target, 'client'), '.'], { cwd: source, timeout: patience })
    })
    return [join(folder, 'client')]
  })
}

/** With CI=true nothing is skipped unseen: what is missing fails there. */
async function orSkipped(what: string, prepare: () => Promise<ForeignClient>): Promise<ForeignClient | undefined> {
  try {
    return await prepare()
  } catch (error) {
    const text = `no client to test with, it needs ${what}: ${messageOf(error).split('\n')[0]}`
    if (process.env.CI === 'true') throw new Error(text, { cause: error })
    console.warn(`skipped: ${text}`)
    return undefined
  }
}

/** A folder in the user's cache, filled once; test runs side by side wait for each other. */
async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'xdrelay')
  const target = join(cache, name)
  await mkdir(cache, { recursive: true })
  await oneAtATime(`${target}.lock`, async () => {
    if (existsSync(target)) return
    const half = await mkdtemp(`${target}.`)
    try {
      await fill(half)
      await rename(half, target)
    } finally {
      await rm(half, { recursive: true, force: true })
    }
  })
  return target
}
