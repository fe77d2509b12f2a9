import { execFile } from 'node:child_process'
import { copyFile, glob, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { xdrelay } from './support/xdrelay.ts'

const root = join(import.meta.dirname, '..')
const run = promisify(execFile)
let installed: string

beforeAll(async () => {
  // Laid out as npm does it: what package.json names under `files`, beside it, and the dependencies.
  installed = await mkdtemp(join(tmpdir(), 'xdrelay-build-'))
  await run(process.execPath, [join(root, 'scripts/build.ts'), join(installed, 'dist')])
  await copyFile(join(root, 'package.json'), join(installed, 'package.json'))
  for (const name of ['schemas', 'deploy', 'node_modules']) await symlink(join(root, name), join(installed, name))
})
afterAll(() => rm(installed, { recursive: true, force: true }))

test('the built command shows its help', async () => {
  const { stdout } = await command(['--help'])
  for (const name of ['run', 'validate', 'map', 'generate']) expect(stdout).toMatch(new RegExp(`^ +${name} `, 'm'))
})

test('the built command checks a configuration', async () => {
  const env = {
    EVENT_HUB_CONNECTION_STRING: 'Endpoint=sb://a.servicebus.windows.net;SharedAccessKeyName=a;SharedAccessKey=YQ==',
    EVENT_HUB_NAME: 'defender',
    STORAGE_ACCOUNT: 'contosologs',
    STORAGE_ACCOUNT_KEY: Buffer.from('the key of a storage account').toString('base64'),
    OUTPUT_FILE: 'out.ndjson',
  }
  expect((await command(['validate'], env)).stdout).toMatch(/^ok: /m)
  await expect(command(['validate'], { ...env, EVENT_HUB_NAME: '' })).rejects.toMatchObject({ code: 78 })
})

test('the built command maps a generated record, with schemas and rules from the package', async () => {
  const { stdout: record } = await command(['generate', '--records', '1', '--tables', 'DeviceProcessEvents'])
  const { stdout } = await command(['map'], {}, record)
  expect(JSON.parse(stdout)).toMatchObject({ '@timestamp': expect.any(String), event: { category: ['process'] } })
  const fromSource = xdrelay(['map'], { input: record })
  await fromSource.ended
  expect(stdout).toBe(fromSource.stdout())
})

test('nothing that is built imports a development dependency', async () => {
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  const imported = new Set<string>()
  for await (const file of glob('**/*.js', { cwd: join(installed, 'dist') })) {
    const text = await readFile(join(installed, 'dist', file), 'utf8')
    for (const [, target] of text.matchAll(/(?:\bfrom|\bimport\(?)\s*'(@?\w[\w./-]*)'/g)) {
      if (!target!.startsWith('node:')) imported.add(/^(?:@[^/]+\/)?[^/]+/.exec(target!)![0])
    }
  }
  expect(imported.size).toBeGreaterThan(8)
  expect([...imported].filter(name => !(name in dependencies))).toEqual([])
})

/** Where there is no `xdrelay.yaml`, so that the environment makes the configuration. */
async function command(args: readonly string[], env: Record<string, string> = {}, input = '') {
  const child = run(process.execPath, [join(installed, 'dist/cli/main.js'), ...args], { cwd: installed, env })
  onTestFinished(() => void child.child.kill())
  child.child.stdin!.end(input)
  return child
}
