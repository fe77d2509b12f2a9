import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { oneAtATime } from '../one-at-a-time.ts'

/**
 * Elasticsearch's server is published as Maven artifacts; a node starts from them in seconds, without Docker. What the
 * artifacts lack: security, ILM, data stream lifecycle, some field types (see StandInMappers.java).
 */
export type ElasticsearchVersion = '9.5' | '8.19'

const releases = {
  '9.5': { release: '9.5.3', java: 21 },
  '8.19': { release: '8.19.0', java: 17 },
} as const

export interface Installation {
  readonly java: string
  readonly lib: string
  readonly classes: string
  readonly modules: string
}

interface Jdk {
  readonly home: string
  readonly major: number
}

const run = promisify(execFile)
const sources = import.meta.dirname

/** What is missing to run a node here; undefined when nothing is. */
export async function missingTools(version: ElasticsearchVersion): Promise<string | undefined> {
  const { java } = releases[version]
  if (!(await findJdk(java))) return `no JDK of version ${java} or later (set JAVA_HOME, or install one)`
  const paths = (process.env.PATH ?? '').split(delimiter)
  if (!paths.some(path => existsSync(join(path, 'mvn')))) return 'no Maven (mvn) on the PATH'
  return undefined
}

/** Fetches and compiles once into the user's cache folder; test runs side by side wait for each other. */
export async function install(version: ElasticsearchVersion): Promise<Installation> {
  const { release, java } = releases[version]
  const jdk = await findJdk(java)
  if (!jdk) throw new Error(await missingTools(version))
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'xdrelay')
  const target = join(cache, `elasticsearch-${release}-java${jdk.major}`)
  await mkdir(cache, { recursive: true })
  if (!existsSync(target)) {
    await oneAtATime(join(cache, 'elasticsearch.lock'), async () => {
      if (!existsSync(target)) await build(target, release, jdk)
    })
  }
  const at = (name: string) => join(target, name)
  return { java: join(jdk.home, 'bin/java'), lib: at('lib'), classes: at('classes'), modules: at('modules') }
}

async function build(target: string, release: string, jdk: Jdk): Promise<void> {
  const half = `${target}.${process.pid}`
  const at = (...names: string[]) => join(half, ...names)
  await rm(half, { recursive: true, force: true })
  for (const folder of ['lib', 'classes', 'mappers', 'modules/transport-netty4', 'modules/stand-in-mappers']) {
    await mkdir(at(folder), { recursive: true })
  }
  await copyFile(join(sources, 'pom.xml'), at('pom.xml'))
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${at('lib')}`, '-DincludeScope=runtime']
  await run('mvn', ['-B', '-q', '-f', at('pom.xml'), `-Delasticsearch=${release}`, ...goal])
  for (const jar of await readdir(at('lib'))) {
    if (/^(netty-|transport-netty4-|elasticsearch-ssl-config-)/.test(jar)) {
      await rename(at('lib', jar), at('modules/transport-netty4', jar))
    }
  }
  const compile = (source: string, to: string) =>
    run(join(jdk.home, 'bin/javac'), [
      ...['--module-path', at('lib'), '--add-modules', 'ALL-MODULE-PATH'],
      ...['-d', at(to), join(sources, source)],
    ])
  await compile('Launcher.java', 'classes')
  await compile('StandInMappers.java', 'mappers')
  const jar = at('modules/stand-in-mappers/stand-in-mappers.jar')
  await run(join(jdk.home, 'bin/jar'), ['--create', '--file', jar, '-C', at('mappers'), '.'])
  const netty = 'org.elasticsearch.transport.netty4'
  await describe(at('modules/transport-netty4'), release, `${netty}.Netty4Plugin`, netty)
  await describe(at('modules/stand-in-mappers'), release, 'StandInMappers', '')
  await rename(half, target)
}

async function describe(folder: string, release: string, className: string, moduleName: string): Promise<void> {
  const lines = [
    `name=${folder.slice(folder.lastIndexOf('/') + 1)}`,
    'description=for tests',
    `version=${release}`,
    `elasticsearch.version=${release}`,
    'java.version=17',
    `classname=${className}`,
    ...(moduleName ? [`modulename=${moduleName}`] : []),
    'extended.plugins=',
    'has.native.controller=false',
  ]
  await writeFile(join(folder, 'plugin-descriptor.properties'), `${lines.join('\n')}\n`)
}

/** The oldest JDK that is new enough: old servers do not run on every new one. */
async function findJdk(least: number): Promise<Jdk | undefined> {
  const folder = '/usr/lib/jvm'
  const installed = existsSync(folder) ? (await readdir(folder)).map(name => join(folder, name)) : []
  const homes = [process.env.JAVA_HOME, ...installed].filter(home => home && existsSync(join(home, 'bin/javac')))
  const jdks = await Promise.all(homes.map(async home => ({ home: home!, major: await majorOf(home!) })))
  return jdks.filter(({ major }) => major >= least).sort((a, b) => a.major - b.major)[0]
}

async function majorOf(home: string): Promise<number> {
  const release = await readFile(join(home, 'release'), 'utf8').catch(() => '')
  return Number(/^JAVA_VERSION="(\d+)/m.exec(release)?.[1] ?? 0)
}
