import { dirname, resolve } from 'node:path'
import { check } from './config/check.ts'
import { parseYaml } from './config/document.ts'
import { type Environment, environmentTree, nameVariables } from './config/environment.ts'
import { byPosition, ConfigError, cleanFinding, type Finding } from './config/finding.ts'
import { type Config, type FileOptions, toConfig } from './config/model.ts'
import { relations } from './config/relations.ts'
import { configSchema } from './config/schema.ts'
import { isNoText, readText } from './config/text.ts'
import { entryOf, isEmpty, type Tree } from './config/tree.ts'
import { messageOf, XdrelayError } from './core/errors.ts'

export {
  type CollectorSource,
  type Config,
  isCollector,
  isEventHub,
} from './config/model.ts'

/** Where relative paths start and files are read from; for tests and for callers with a working directory of their own. */
export interface FileAccess {
  readonly cwd?: string
  readonly readFile?: (path: string) => string
}

export interface LoadOptions extends FileAccess {
  /** `-` is standard input. Without it: `xdrelay.yaml` in `cwd`, and where there is none, environment variables alone. */
  readonly path?: string
  readonly env: Environment
  readonly cwd: string
}

export interface Checked {
  /** What was checked, as findings name it. */
  readonly file: string
  /** Absent when any finding is an error. */
  readonly config?: Config
  /** Errors and warnings, by position. */
  readonly findings: readonly Finding[]
}

/** The configuration of a service that is about to start; throws a `ConfigError` or `config_unreadable`. */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { config, findings, file } = findConfig(options)
  if (!config) throw new ConfigError(findings, file)
  return config
}

/** Checks what `loadConfig` would load, and gives all findings, warnings included. Throws `config_unreadable` only. */
export function findConfig(options: LoadOptions): Checked {
  const file = options.path === '-' ? 'standard input' : (options.path ?? 'xdrelay.yaml')
  const text = readConfig(file, options)
  return text === undefined ? checkEnvironment(options.env, options) : checkConfig(text, file, options.env, options)
}

/** Undefined when no file was asked for and none is there. */
function readConfig(file: string, { path, cwd, readFile = readText }: LoadOptions): string | undefined {
  try {
    return path === '-' ? readText(0) : readFile(resolve(cwd, file))
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (missing && path === undefined) return undefined
    const encoding = isNoText(error) ? 'it is not in UTF-8; save it as UTF-8' : messageOf(error)
    const reason = missing ? 'there is no such file' : encoding
    const name = path === undefined ? resolve(cwd, file) : file
    throw new XdrelayError('config_unreadable', `cannot read ${name}: ${reason}`, { cause: error })
  }
}

/** Checks the text of a configuration file. Reads nothing but what `${file:…}` names. */
export function checkConfig(text: string, file: string, env: Environment, access: FileAccess = {}): Checked {
  const { tree, findings } = parseYaml(text, file)
  if (!tree) return { file, findings: findings.map(cleanFinding) }
  const folder = dirname(resolve(access.cwd ?? '.', file))
  return checkTree(tree, file, folder, env, access, findings)
}

/** Checks the configuration that environment variables alone make. */
export function checkEnvironment(env: Environment, access: FileAccess = {}): Checked {
  const file = 'the environment (there is no xdrelay.yaml here)'
  const checked = checkTree(environmentTree(env), file, resolve(access.cwd ?? '.'), env, access, [])
  return { ...checked, findings: nameVariables(checked.findings, env) }
}

function checkTree(
  tree: Tree,
  file: string,
  folder: string,
  env: Environment,
  { readFile = readText }: FileAccess,
  before: readonly Finding[],
): Checked {
  // A slash at the end says that a folder is meant, which some options must refuse.
  const absolute = (path: string) => resolve(folder, path) + (/[^/]\/$/.test(path) ? '/' : '')
  const checked = check(tree, configSchema, { env, readFile, resolve: absolute })
  const options = checked.options as FileOptions | undefined
  if (options && isEmpty(entryOf(tree, 'admin')?.value)) options.admin = null
  const found = [...before, ...checked.findings]
  const findings = [...found, ...(options ? relations(options, tree, found) : [])].sort(byPosition).map(cleanFinding)
  if (!options || findings.some(({ severity }) => severity === 'error')) return { file, findings }
  return { file, config: toConfig(options, env), findings }
}
