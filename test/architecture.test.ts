import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

/** Lower layers first. A file may import from its own folder and from lower layers, types included. */
const layers = [
  ['core'],
  ['storage'],
  ['consumer', 'collect', 'transform', 'output', 'state', 'emulator'],
  ['pipeline.ts'],
  ['config', 'admin'],
  ['check.ts', 'sources.ts'],
  ['app.ts'],
  ['cli'],
]

/** Packages that more than one file may import, and why. */
const shared: Record<string, string> = {
  commander: 'each command describes its own options',
  '@azure/event-hubs': 'the consumer reads and the generator sends; they are stages that do not see each other',
  'rhea-promise': 'credit and frames are two matters that the SDK does not let us choose',
  yaml: 'the configuration and the mapping rules are read by different stages, which do not see each other',
}

/** They start processes or threads of their own, and hold code that runs there. */
const otherProcesses = ['src/transform/worker.ts', 'src/emulator/storage.ts']

interface Source {
  readonly path: string
  readonly text: string
  /** Without comments. */
  readonly code: string
  readonly imports: readonly string[]
}

const sources: readonly Source[] = globSync('src/**/*.ts').map(path => {
  const text = readFileSync(path, 'utf8')
  const code = text.replaceAll(/\/\*.*?\*\/|^\s*\/\/.*$/gms, '')
  const imports = [...code.matchAll(/(?:\bfrom|\bimport\(?)\s*'([^']+)'/g)].map(([, target]) => target!)
  return { path, text, code, imports }
})

/** The file `config.ts` is the front of the folder `config`. */
const partOf = (path: string) => path.split('/')[1]!.replace(/^config\.ts$/, 'config')
const layerOf = (path: string) => layers.findIndex(layer => layer.includes(partOf(path)))
/** The compiler of what runs as WebAssembly adds the extension itself. */
const extensionOf = (path: string) => (path.includes('/assembly/') ? '.ts' : '')
const resolved = ({ path, imports }: Source) =>
  imports
    .filter(target => target.startsWith('.'))
    .map(target => normalize(join(dirname(path), target + extensionOf(path))))
const namesOf = (predicate: (source: Source) => boolean) => sources.filter(predicate).map(source => source.path)

test('every file of src belongs to a layer', () => {
  expect(sources.length).toBeGreaterThan(20)
  expect(namesOf(({ path }) => layerOf(path) < 0)).toEqual([])
})

test('imports only point downwards', () => {
  const wrong = sources.flatMap(source =>
    resolved(source)
      .filter(target => partOf(target) !== partOf(source.path) && layerOf(target) >= layerOf(source.path))
      .map(target => `${source.path} → ${target}`),
  )
  expect(wrong).toEqual([])
})

test('relative imports lead to a file, with its extension', () => {
  const paths = new Set(sources.map(source => source.path))
  const wrong = sources.flatMap(source =>
    resolved(source)
      .filter(target => !paths.has(target))
      .map(target => `${source.path} → ${target}`),
  )
  expect(wrong).toEqual([])
})

test('no imports in a circle', () => {
  const edges = new Map(sources.map(source => [source.path, resolved(source)]))
  const done = new Set<string>()
  const circles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '))
    if (done.has(path) || trail.includes(path)) return
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of edges.keys()) visit(path, [])
  expect(circles).toEqual([])
})

test('a third-party package is imported by one file', () => {
  const users = new Map<string, Set<string>>()
  for (const { path, imports } of sources) {
    for (const target of imports) {
      const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(target)!
      if (!target.startsWith('.') && !target.startsWith('node:'))
        users.set(name, (users.get(name) ?? new Set()).add(path))
    }
  }
  expect(users.size).toBeGreaterThan(3)
  const wrong = [...users].filter(([name, paths]) => paths.size > 1 && !shared[name])
  expect(wrong.map(([name, paths]) => `${name}: ${[...paths].join(', ')}`)).toEqual([])
})

test('only the command line knows the process, and what runs in a process of its own', () => {
  const members = 'env|argv|exit|exitCode|on|once|off|cwd|stdin|stdout|stderr|pid|kill|execPath|memoryUsage'
  const uses = new RegExp(`\\bprocess\\.(${members})\\b|'(node:)?process'`)
  const allowed = (path: string) => path.startsWith('src/cli/') || otherProcesses.includes(path)
  expect(namesOf(({ path, code }) => uses.test(code) && !allowed(path))).toEqual([])
})

test('no file is longer than 300 lines', () => {
  expect(namesOf(({ text }) => text.trimEnd().split('\n').length > 300)).toEqual([])
})

test('no file has a name that says nothing', () => {
  expect(namesOf(({ path }) => /manager|helper|util|service|common|misc/i.test(path))).toEqual([])
})
