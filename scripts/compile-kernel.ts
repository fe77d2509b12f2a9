import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = join(import.meta.dirname, '../src/transform/kernel')
const compiler = fileURLToPath(import.meta.resolve('assemblyscript/bin/asc.js'))

/** Compiles the kernel of the transform into the file: the same bytes each time. Throws for what is no program. */
export function compileKernel(target: string): void {
  const options = [
    ...['--outFile', target, '--enable', 'simd', '-O3', '--noAssert'],
    // Memory is laid out by hand, in layout.ts, and there is no runtime that would want some of it.
    ...['--runtime', 'stub', '--importMemory', '--initialMemory', '1'],
  ]
  execFileSync(process.execPath, [compiler, 'assembly/index.ts', ...options], { cwd: folder, stdio: 'inherit' })
}

if (import.meta.main) compileKernel(join(folder, 'kernel.wasm'))
