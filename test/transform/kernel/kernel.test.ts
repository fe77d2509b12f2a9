import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { compileKernel } from '../../../scripts/compile-kernel.ts'
import { Kernel } from '../../../src/transform/kernel/kernel.ts'
import {
  bodyAt,
  bodyBytes,
  keptAt,
  keptBytes,
  outAt,
  stateOut,
  stateOutEnd,
} from '../../../src/transform/kernel/layout.ts'

test('the compiled kernel is what its source gives (npm run kernel)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'xdrelay-kernel-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  compileKernel(join(folder, 'kernel.wasm'))
  const committed = readFileSync(new URL('../../../src/transform/kernel/kernel.wasm', import.meta.url))
  expect(readFileSync(join(folder, 'kernel.wasm')).equals(committed)).toBe(true)
})

test('takes messages up to the size of its memory for them, with zeros behind them', () => {
  const kernel = new Kernel()
  kernel.bytes.fill(0x20, bodyAt, bodyAt + bodyBytes)
  expect(kernel.take(Buffer.from('abc'))).toBe(true)
  expect(kernel.bytes.toString('latin1', bodyAt, bodyAt + 67)).toBe(`abc${'\0'.repeat(64)}`)
  expect(kernel.take(Buffer.alloc(bodyBytes))).toBe(false)
})

test('what is kept lies one behind the other, and says when there is no room', () => {
  const kernel = new Kernel()
  const [first, second] = [kernel.put(Buffer.from('first')), kernel.put(Buffer.from('second'))]
  expect(kernel.bytes.toString('latin1', first, first + 5)).toBe('first')
  expect(kernel.bytes.toString('latin1', second, second + 6)).toBe('second')
  // Who copies whole sixteens must not read what comes after.
  expect(second - first).toBeGreaterThanOrEqual(16 + 5)
  expect(() => kernel.keep(keptBytes)).toThrow(RangeError)
  expect(first).toBeGreaterThanOrEqual(keptAt)
})

test('room for documents grows, and what was written stays', () => {
  const kernel = new Kernel()
  kernel.bytes.write('document', outAt)
  kernel.state[stateOut] = outAt + 8
  const before = kernel.bytes.length
  kernel.reserve(1000)
  expect(kernel.bytes.length).toBe(before)
  kernel.reserve(50 << 20)
  expect(kernel.state[stateOutEnd]! - kernel.state[stateOut]!).toBeGreaterThanOrEqual(50 << 20)
  expect(kernel.bytes.toString('latin1', outAt, outAt + 8)).toBe('document')
})
