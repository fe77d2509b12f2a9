import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import { emulatorCommand } from '../../src/cli/emulator.ts'
import { consumer, producer, until } from './hub-support.ts'

const command = new URL('../../src/cli/emulator.ts', import.meta.url).href
const script = `import { emulatorCommand } from '${command}'
await emulatorCommand().parseAsync(process.argv.slice(1), { from: 'user' })`

function emulator(...args: string[]) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, '--', ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', line => lines.push(line))
  let errors = ''
  child.stderr.on('data', text => {
    errors += text
  })
  return { child, lines, errors: () => errors }
}

test('the command serves its hubs in a process of its own and ends cleanly at a signal', async () => {
  const { child, lines, errors } = emulator(
    '--port',
    '0',
    '--hub',
    'xdr:3',
    '--hub',
    'other',
    '--consumer-group',
    'siem',
  )
  await until(() => lines.length).toBe(1)
  const [connectionString = ''] = lines
  expect(connectionString).toMatch(/^Endpoint=sb:\/\/127\.0\.0\.1:\d+;.*;UseDevelopmentEmulator=true$/)
  // Another pipe than the connection string's: it may arrive later.
  await until(errors).toMatch(/^Listening on 127\.0\.0\.1:\d+; end with Ctrl-C\.\n$/)
  const xdr = consumer(`${connectionString};EntityPath=xdr`, 'siem')
  expect(await xdr.getPartitionIds()).toEqual(['0', '1', '2'])
  const other = producer(`${connectionString};EntityPath=other`)
  expect(await other.getPartitionIds()).toEqual(['0', '1', '2', '3'])
  await Promise.all([xdr.close(), other.close()])
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(lines.length).toBe(1)
})

test('with --json it prints one object', async () => {
  const { child, lines } = emulator(
    '--json',
    '--port',
    '0',
    '--hub',
    'xdr:1',
    '--retention',
    '10m',
    '--retention-bytes',
    '1MB',
  )
  await until(() => lines.length).toBe(1)
  const printed = JSON.parse(lines[0]!)
  expect(printed).toEqual({
    connectionString: expect.stringContaining(`127.0.0.1:${printed.port};`),
    port: expect.any(Number),
    hubs: [{ name: 'xdr', partitions: 1 }],
  })
  child.kill('SIGINT')
  expect(await once(child, 'exit')).toEqual([0, null])
})

test.each([
  [['--hub', 'xdr:0'], '1 to 1024 partitions'],
  [['--hub', 'xdr', '--hub', 'XDR'], 'one of this name already'],
  [['--hub', 'xdr', '--retention', '1'], 'needs a unit'],
  [['--hub', 'xdr', '--port', '70000'], '0 to 65535'],
  [[], "required option '--hub"],
])('it refuses %j', async (args, text) => {
  const parsed = emulatorCommand()
    .exitOverride()
    .configureOutput({ outputError() {} })
    .parseAsync(args, { from: 'user' })
  await expect(parsed).rejects.toMatchObject({ exitCode: 1, message: expect.stringContaining(text) })
})
