import type { Api } from '../collect/access/clouds.ts'
import type { AccessOptions } from '../collect/options.ts'
import { collectors } from '../collect/probe.ts'
import type { Finding } from './finding.ts'
import type { Entry, Place, Scalar, Tree } from './tree.ts'

export type Environment = Readonly<Record<string, string | undefined>>

interface Variable {
  readonly name: string
  /** Where its value would stand in a file; with `of`, in those of these sources that `COLLECT` names. */
  readonly path: string
  readonly of?: readonly string[]
  /** Several values, separated by commas. */
  readonly list?: true
}

/** What `COLLECT` can name: kinds, by which their sources are called. */
const apis = Object.keys(collectors)
const kindsOf = (api: Api) => Object.entries(collectors).flatMap(([kind, each]) => (each.api === api ? [kind] : []))

/** The variables that make a configuration where there is no file. */
export const variables: readonly Variable[] = [
  { name: 'EVENT_HUB_CONNECTION_STRING', path: 'sources.xdr.event_hub.connection_string' },
  { name: 'EVENT_HUB_NAME', path: 'sources.xdr.event_hub.event_hub' },
  { name: 'EVENT_HUB_NAMESPACE', path: 'sources.xdr.event_hub.namespace' },
  { name: 'EVENT_HUB_AUTH', path: 'sources.xdr.event_hub.auth.kind' },
  { name: 'CONSUMER_GROUP', path: 'sources.xdr.event_hub.consumer_group' },
  { name: 'EVENT_HUB_START', path: 'sources.xdr.event_hub.start' },
  { name: 'TENANT_ID', path: 'tenant_id', of: apis },
  { name: 'CLIENT_ID', path: 'client_id', of: apis },
  { name: 'CLIENT_SECRET', path: 'client_secret', of: apis },
  { name: 'CLIENT_CERTIFICATE', path: 'certificate', of: apis },
  { name: 'CLIENT_CREDENTIAL', path: 'credential', of: apis },
  { name: 'CLOUD', path: 'cloud', of: apis },
  { name: 'TOKEN_URL', path: 'token_url', of: apis },
  { name: 'GRAPH_ENDPOINT', path: 'endpoint', of: kindsOf('graph') },
  { name: 'DEFENDER_ENDPOINT', path: 'endpoint', of: kindsOf('defender') },
  { name: 'STORAGE_ACCOUNT', path: 'checkpoints.storage_account' },
  { name: 'STORAGE_ACCOUNT_KEY', path: 'checkpoints.storage_account_key' },
  { name: 'STORAGE_CONNECTION_STRING', path: 'checkpoints.connection_string' },
  { name: 'STORAGE_AUTH', path: 'checkpoints.auth.kind' },
  { name: 'STORAGE_CONTAINER', path: 'checkpoints.container' },
  { name: 'STORAGE_ENDPOINT', path: 'checkpoints.endpoint' },
  { name: 'CHECKPOINT_DIRECTORY', path: 'checkpoints.directory' },
  { name: 'ELASTICSEARCH_URL', path: 'outputs.elasticsearch.elasticsearch.urls', list: true },
  { name: 'ELASTICSEARCH_API_KEY', path: 'outputs.elasticsearch.elasticsearch.api_key' },
  { name: 'ELASTICSEARCH_USERNAME', path: 'outputs.elasticsearch.elasticsearch.username' },
  { name: 'ELASTICSEARCH_PASSWORD', path: 'outputs.elasticsearch.elasticsearch.password' },
  { name: 'ELASTICSEARCH_CA', path: 'outputs.elasticsearch.elasticsearch.ca' },
  { name: 'ELASTICSEARCH_NAMESPACE', path: 'outputs.elasticsearch.elasticsearch.namespace' },
  { name: 'OUTPUT_FILE', path: 'outputs.file.file.path' },
  { name: 'DEAD_LETTER_PATH', path: 'dead_letter.file.path' },
  { name: 'IN_FLIGHT_BYTES', path: 'limits.in_flight_bytes' },
  { name: 'DRAIN_LIMIT', path: 'limits.drain' },
  { name: 'ADMIN_LISTEN', path: 'admin.listen' },
]

const hub = 'sources.xdr.event_hub'
/** These are there even when no variable is, so that what is missing is reported by its variable. */
const always = ['checkpoints', 'outputs']
const nowhere: Place = { file: 'environment', line: 0, column: 0 }
const inCollect: Place = { ...nowhere, file: 'COLLECT' }

/** The tree a file would give. Values are literal: nothing is interpolated in them. Empty variables count as not set. */
export function environmentTree(env: Environment): Tree {
  const root: Entry[] = []
  const collected = words(env.COLLECT).filter(Boolean)
  for (const path of always) descend(root, path)
  const hasHub = variables.some(({ name, path }) => path.startsWith(hub) && env[name])
  if (hasHub || collected.length === 0) descend(root, hub)
  // A kind that there is not becomes an unknown key.
  for (const kind of collected) descend(root, sectionOf(kind), apis.includes(kind) ? nowhere : inCollect)
  for (const variable of variables) {
    const text = env[variable.name]
    if (!text) continue
    const place: Place = { file: variable.name, line: 0, column: 0 }
    const scalar = (value: string): Scalar => ({ kind: 'scalar', place, value, text: value, from: 'environment' })
    const value: Tree = variable.list ? { kind: 'list', place, items: words(text).map(scalar) } : scalar(text)
    for (const path of pathsOf(variable, collected)) {
      const parent = path.slice(0, path.lastIndexOf('.'))
      descend(root, parent).push({ key: path.slice(parent.length + 1), place, value })
    }
  }
  if (env.ADMIN_LISTEN === 'off') turnOff(root)
  return { kind: 'map', place: nowhere, entries: root }
}

function pathsOf({ path, of }: Variable, collected: readonly string[]): string[] {
  if (of === undefined) return [path]
  return of.filter(kind => collected.includes(kind)).map(kind => `${sectionOf(kind)}.${path}`)
}

function sectionOf(kind: string): string {
  return `sources.${kind}.${kind}`
}

/** Separated by commas. */
function words(text = ''): string[] {
  return text.split(',').map(each => each.trim())
}

/** What to set when a section lacks something that no single key stands for. */
const sections: Record<string, string> = {
  [hub]:
    'Set EVENT_HUB_CONNECTION_STRING, and EVENT_HUB_NAME unless it has an EntityPath; or COLLECT, without an event hub.',
  checkpoints: 'Set STORAGE_ACCOUNT and STORAGE_ACCOUNT_KEY; or CHECKPOINT_DIRECTORY, without an event hub.',
  outputs: 'Set ELASTICSEARCH_URL or OUTPUT_FILE.',
}

/** Names the variable to set, where a finding is about something that is not there. A variable of several sources has one finding. */
export function nameVariables(findings: readonly Finding[], env: Environment): Finding[] {
  const named = findings.map(found => nameVariable(found, env))
  const isSame = (a: Finding, b: Finding) => a.file === b.file && a.message === b.message && a.value === b.value
  return named.filter((found, n) => named.findIndex(each => isSame(each, found)) === n)
}

function nameVariable(found: Finding, env: Environment): Finding {
  if (found.file === inCollect.file) return { ...found, fix: `It takes ${apis.join(', ')}, separated by commas.` }
  if (found.file !== nowhere.file) return found
  const variable = variables.find(each => pathsOf(each, apis).includes(found.path))
  if (variable) return { ...found, file: variable.name, fix: `Set ${variable.name}.` }
  if (apis.some(kind => sectionOf(kind) === found.path))
    return { ...found, file: 'CLIENT_SECRET', fix: 'Set CLIENT_SECRET, CLIENT_CERTIFICATE or CLIENT_CREDENTIAL.' }
  const fix = sections[found.path]
  const unset = variables.find(each => each.path.startsWith(`${found.path}.`) && !env[each.name])
  return fix && unset ? { ...found, file: unset.name, fix } : found
}

/** What the platform says to a process with a workload identity, as options of a collector. */
export function workloadIdentity(env: Environment): Partial<AccessOptions> {
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: clientId, AZURE_FEDERATED_TOKEN_FILE: federatedToken } = env
  return { ...(tenantId && { tenantId }), ...(clientId && { clientId }), ...(federatedToken && { federatedToken }) }
}

/** The entries of the map at this path; what is not there yet gets that place. */
function descend(root: Entry[], path: string, place = nowhere): Entry[] {
  let entries = root
  for (const key of path.split('.')) {
    let next = entries.find(entry => entry.key === key)
    if (!next) {
      next = { key, place, value: { kind: 'map', place, entries: [] } }
      entries.push(next)
    }
    entries = (next.value as unknown as { entries: Entry[] }).entries
  }
  return entries
}

function turnOff(root: Entry[]): void {
  const index = root.findIndex(entry => entry.key === 'admin')
  const value: Scalar = { kind: 'scalar', place: nowhere, value: null, text: '', from: 'environment' }
  root[index] = { key: 'admin', place: nowhere, value }
}
