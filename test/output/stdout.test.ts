import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { stdout } from '../../src/output/stdout.ts'
import { outputContract } from '../contract/output.ts'
import { chunkOf } from '../support/chunks.ts'

const never = new AbortController().signal

function collector() {
  const parts: Buffer[] = []
  const stream = new Writable({
    write(part, _encoding, done) {
      parts.push(part)
      setImmediate(done)
    },
  })
  return { stream, lines: () => Buffer.concat(parts).toString().split('\n').filter(Boolean) }
}

outputContract('stdout', {
  repeats: 'written again',
  make: async () => {
    const { stream, lines } = collector()
    return { output: stdout.create('console', {}, { stdout: stream }), readBack: async () => lines() }
  },
})

test('a write waits for the reader, and ends on abort while there is none', async () => {
  let taken = 0
  const stream = new Writable({
    highWaterMark: 1,
    write(_part, _encoding, done) {
      if (++taken === 1) done()
    },
  })
  const output = stdout.create('console', {}, { stdout: stream })
  const abort = new AbortController()
  await output.write([chunkOf([{ n: 1 }])], never)
  const stuck = output.write([chunkOf([{ n: 2 }, { n: 3 }])], abort.signal)
  expect(await Promise.race([stuck, new Promise(resolve => setTimeout(resolve, 20, 'waits'))])).toBe('waits')
  abort.abort()
  expect(await stuck).toMatchObject({ retry: [0, 1] })
})

test('a reader that is gone is an outage, and does not end the process', async () => {
  const program = `
    import { stdout } from ${JSON.stringify(join(import.meta.dirname, '../../src/output/stdout.ts'))}
    import { chunkOf } from ${JSON.stringify(join(import.meta.dirname, '../support/chunks.ts'))}
    const output = stdout.create('console', {}, { stdout: process.stdout })
    await output.open()
    process.stderr.write('ready')
    process.stdin.once('data', async () => {
      await output.write([chunkOf([{ n: 1 }])], new AbortController().signal)
      const delivery = await output.write([chunkOf([{ n: 2 }])], new AbortController().signal)
      process.stderr.write(JSON.stringify(delivery), () => process.exit(7))
    })`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', program])
  onTestFinished(() => void child.kill())
  const said: string[] = []
  child.stderr.on('data', part => said.push(String(part)))
  await expect.poll(() => said.join(''), { timeout: 20_000 }).toContain('ready')
  child.stdout.destroy()
  child.stdin.write('go\n')
  expect(await once(child, 'exit')).toEqual([7, null])
  expect(said.join('')).toContain('"retry":[0]')
  expect(said.join('')).toContain('the reader of standard output is gone')
})
