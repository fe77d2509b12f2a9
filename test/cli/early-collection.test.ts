import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const script = fileURLToPath(new URL('../support/external-memory.ts', import.meta.url))

/** MiB outside the heap at their highest, with the flags that `xdrelay run` starts itself with. */
async function mostExternal(...args: readonly string[]): Promise<number> {
  const flags = ['--max-semi-space-size=4', '--expose-gc']
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, ...args])
  return Number(stdout)
}

test('memory outside the heap that nothing needs is found long before V8 would look for it', async () => {
  const [usual, early] = await Promise.all([mostExternal(), mostExternal('early')])
  expect(usual).toBeGreaterThan(64)
  expect(early).toBeLessThan(usual - 8)
})
