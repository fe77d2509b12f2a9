import { PassThrough } from 'node:stream'
import { collectorProblems } from '../collect/kinds.ts'
import { eventHubProblems } from '../consumer/findings.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import type { Problem } from '../core/options.ts'
import { Secret } from '../core/secret.ts'
import { kinds } from '../output/kinds.ts'
import { checkpointsProblems, sharedCheckpointsProblems } from '../storage/findings.ts'
import { type Finding, finding } from './finding.ts'
import { camelCase, joinPath } from './keys.ts'
import { type FileOptions, isEventHub, kindOf, parseListen, type SourceConfig, toSource } from './model.ts'
import { shapeDoubts, shapeProblems } from './shape.ts'
import { placeOf, type Tree } from './tree.ts'

type Related = readonly { readonly section: string; readonly problem: Problem }[]

/**
 * What no schema can say: how values go together, and texts with an inner form. Only sections without findings are
 * looked at, so that one mistake is one finding.
 */
export function relations(options: FileOptions, tree: Tree, findings: readonly Finding[]): Finding[] {
  const clean = (section: string) =>
    !findings.some(({ severity, path }) => severity === 'error' && within(path, section))
  const outputs = Object.entries(options.outputs ?? {}).filter(([name]) => clean(`outputs.${name}`))
  const related: Related = [
    ...versionProblems(options),
    ...emptyProblems(options, clean),
    ...Object.entries(options.sources ?? {})
      .filter(([name]) => clean(`sources.${name}`))
      .flatMap(([name, source]) => sourceProblems(toSource(name, source))),
    ...(clean('checkpoints') ? inSection('checkpoints', progressProblems(options)) : []),
    ...outputs.flatMap(([name, output]) => [
      ...kindProblems(name, output),
      ...inSection(`outputs.${name}`, shapeProblems(output, kinds[kindOf(output)!])),
    ]),
    ...idProblems(options),
    ...sharedFileProblems(options),
    ...listenProblems(options),
  ]
  const doubts: Related = outputs.flatMap(([name, output]) => inSection(`outputs.${name}`, shapeDoubts(output)))
  const report = ({ section, problem: { path: rest, message, fix } }: Related[number]) => {
    const path = [...section.split('.').filter(Boolean), ...rest]
    const value = shown(valueAt(options, path))
    return finding(placeOf(tree, path), path.reduce(joinPath, ''), { value, message, fix })
  }
  return [...related.map(report), ...doubts.map(each => ({ ...report(each), severity: 'warning' as const }))]
}

function versionProblems({ version }: FileOptions): Related {
  if (version === undefined || version === 1) return []
  return inSection('version', [{ path: [], message: 'unknown version', fix: 'This xdrelay reads version 1.' }])
}

function emptyProblems(options: FileOptions, clean: (section: string) => boolean): Related {
  const isEmpty = (section: 'sources' | 'outputs') =>
    clean(section) && Object.keys(options[section] ?? [1]).length === 0
  const none = (section: string, message: string, fix: string) => inSection(section, [{ path: [], message, fix }])
  return [
    ...(isEmpty('sources')
      ? none('sources', 'there is no source', 'Add one, with a name and its kind, such as `event_hub`.')
      : []),
    ...(isEmpty('outputs') ? none('outputs', 'there is no output', 'Add one, with a name and its kind.') : []),
  ]
}

function sourceProblems(source: SourceConfig): Related {
  const problems = isEventHub(source) ? eventHubProblems(source.options) : collectorProblems(source)
  return inSection(`sources.${source.name}.${source.kind}`, problems)
}

function progressProblems({ sources, checkpoints }: FileOptions): Problem[] {
  const isShared = Object.values(sources ?? {}).some(({ eventHub }) => eventHub !== undefined)
  return [...checkpointsProblems(checkpoints), ...(isShared ? sharedCheckpointsProblems(checkpoints) : [])]
}

/** A kind says what it cannot work with when it is created, which connects to nothing yet. */
function kindProblems(name: string, output: FileOptions['outputs'][string]): Related {
  const kind = kindOf(output)!
  try {
    kinds[kind].create(name, output[kind] as never, { stdout: new PassThrough() })
    return []
  } catch (error) {
    const { setting, problem = messageOf(error) } = error instanceof XdrelayError ? error.facts : {}
    const path = setting === undefined ? [] : [String(setting)]
    return inSection(`outputs.${name}.${kind}`, [{ path, message: String(problem), fix: 'Correct the value.' }])
  }
}

/** An id must not give away what its document does not. */
function idProblems({ ids, outputs }: FileOptions): Related {
  const name = Object.keys(outputs ?? {}).find(each => outputs[each]?.fields !== undefined)
  if (ids !== 'content' || name === undefined) return []
  const message = `made of the whole record, such an id confirms a guess at what output ${name} drops or hashes`
  return inSection('ids', [{ path: [], message, fix: `Write \`position\`, or remove \`fields\` of output ${name}.` }])
}

/** Two writers of one file would tear each other's lines. */
function sharedFileProblems({ outputs }: FileOptions): Related {
  const owners = new Map<string, string>()
  return Object.entries(outputs ?? {}).flatMap(([name, output]) => {
    const kind = kindOf(output)
    const path = kind && (output[kind] as { path?: unknown }).path
    if (typeof path !== 'string') return []
    const owner = owners.get(path)
    if (owner === undefined) owners.set(path, name)
    if (owner === undefined) return []
    const fix = 'Give each output a file of its own.'
    return inSection(`outputs.${name}.${kind}.path`, [
      { path: [], message: `output ${owner} writes the same file`, fix },
    ])
  })
}

function listenProblems({ admin }: FileOptions): Related {
  if (admin?.listen === undefined || parseListen(admin.listen)) return []
  const fix = 'Write it like 127.0.0.1:9464 or [::1]:9464; `admin: null` turns it off.'
  return inSection('admin.listen', [{ path: [], message: 'expected a host and a port', fix }])
}

function inSection(section: string, problems: readonly Problem[]): Related {
  return problems.map(problem => ({ section, problem }))
}

function within(path: string, section: string): boolean {
  return path === section || path.startsWith(`${section}.`) || path.startsWith(`${section}[`)
}

function valueAt(options: FileOptions, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key, depth) => {
    const named = depth === 1 && (path[0] === 'sources' || path[0] === 'outputs')
    const name = named ? key : key.startsWith('[') ? key.slice(1, -1) : camelCase(key)
    return (value as Record<string, unknown> | undefined)?.[name]
  }, options)
}

function shown(value: unknown): string {
  // A problem of a whole section is about something that is not in it.
  if (value === undefined || (typeof value === 'object' && !(value instanceof Secret))) return 'nothing'
  return String(value)
}
