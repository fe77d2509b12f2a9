import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type ElasticsearchVersion, install } from './install.ts'

export interface RunningElasticsearch {
  readonly url: string
  readonly version: ElasticsearchVersion
  stop(): Promise<void>
}

/**
 * Starts a node with an empty data folder; the address that ELASTICSEARCH_URL names is taken as it is. Without
 * stand-ins it lacks the field types that are not published.
 */
export async function startElasticsearch(
  version: ElasticsearchVersion,
  { standIns = true } = {},
): Promise<RunningElasticsearch> {
  const given = process.env.ELASTICSEARCH_URL
  if (given) return { url: given, version, stop: async () => {} }
  const { java, lib, classes, modules } = await install(version)
  const home = await mkdtemp(join(tmpdir(), `xdrelay-elasticsearch-${version}-`))
  await mkdir(join(home, 'config'))
  await mkdir(join(home, 'plugins'))
  const flags = ['-Xms256m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Djava.io.tmpdir=${home}`]
  const native = '--enable-native-access=ALL-UNNAMED,org.elasticsearch.nativeaccess,org.apache.lucene.core'
  const path = ['--module-path', lib, '--add-modules', 'ALL-MODULE-PATH', native, '-cp', classes]
  const bare = join(home, 'modules')
  await mkdir(bare)
  await symlink(join(modules, 'transport-netty4'), join(bare, 'transport-netty4'))
  const loaded = standIns ? modules : bare
  const node = spawn(java, [...flags, ...path, 'Launcher', home, loaded], { stdio: ['pipe', 'pipe', 'pipe'] })
  const stop = async () => {
    if (node.exitCode === null && node.signalCode === null) {
      node.stdin.end()
      await once(node, 'exit')
    }
    await rm(home, { recursive: true, force: true })
  }
  try {
    const url = `http://127.0.0.1:${await portOf(node)}`
    await healthy(url)
    return { url, version, stop }
  } catch (error) {
    node.kill('SIGKILL')
    await rm(home, { recursive: true, force: true })
    throw error
  }
}

/** The port that the launcher prints; the end of its output where it dies before. */
function portOf(node: ReturnType<typeof spawn>): Promise<string> {
  const last: string[] = []
  const keep = (line: string) => {
    last.push(line)
    if (last.length > 30) last.shift()
  }
  return new Promise((resolve, reject) => {
    createInterface(node.stderr!).on('line', keep)
    createInterface(node.stdout!).on('line', line => {
      if (line.startsWith('READY ')) resolve(line.slice(6))
      else keep(line)
    })
    node.once('error', reject)
    node.once('exit', code => reject(new Error(`Elasticsearch ended with ${code}:\n${last.join('\n')}`)))
  })
}

async function healthy(url: string): Promise<void> {
  const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=60s`)
  if (!answer.ok) throw new Error(`Elasticsearch at ${url} is not well: ${await answer.text()}`)
}
