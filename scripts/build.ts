import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'

// Makes `dist`, or the folder given, which is what the package ships: JavaScript, and the data files beside it.
const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
const target = resolve(process.argv[2] ?? join(root, 'dist'))

rmSync(target, { recursive: true, force: true })
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin/tsc')
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', target], { cwd: root, stdio: 'inherit' })

for (const file of globSync(join(source, '**/*.{yaml,wasm}'))) {
  const copy = join(target, relative(source, file))
  mkdirSync(dirname(copy), { recursive: true })
  copyFileSync(file, copy)
}

chmodSync(join(target, 'cli/main.js'), 0o755)
