import { XdrelayError } from '../../core/errors.ts'
import { type Asset, type AssetOptions, type Json, loadAssets, withRetention } from './assets.ts'
import { differences } from './differences.ts'
import { reduceToServer } from './reduce.ts'
import type { SetupServer } from './server.ts'

/** `foreign`: there is one of this name that xdrelay did not make. */
type Action = 'create' | 'change' | 'same' | 'foreign'

interface Step {
  readonly asset: Asset
  readonly action: Action
  /** What differs, in a few words each. */
  readonly differences: readonly string[]
}

export interface Plan {
  /** In the order of installation. */
  readonly steps: readonly Step[]
  /** What the operator should know besides. */
  readonly notes: readonly string[]
}

/** What installing would do to this server. Changes nothing. */
export async function planSetup(server: SetupServer, options: AssetOptions): Promise<Plan> {
  // First of all, since it tells whether this is Elasticsearch and whether these credentials will do.
  const templates = await server.indexTemplates()
  const { assets, notes } = await reduceToServer(loadAssets(options), server)
  const steps: Step[] = []
  for (const asset of assets) steps.push(compare(asset, await server.find(asset), options))
  const indexTemplates = steps.map(({ asset }) => asset).filter(({ kind }) => kind === 'index template')
  const rivals = indexTemplates.flatMap(asset => rivalsOf(asset, templates))
  const untouched = steps.every(({ action }) => action === 'same')
  return { steps, notes: [...notes, ...rivals, ...(untouched ? [] : await olderStreams(indexTemplates, server))] }
}

/** Installs what is not there as it should be. Throws before the first one when there is a foreign one, unless forced. */
export async function applySetup(server: SetupServer, { steps }: Plan, force: boolean): Promise<void> {
  const foreign = steps.filter(({ action }) => action === 'foreign')
  if (foreign.length > 0 && !force) {
    const names = foreign.map(({ asset: { kind, name } }) => `${kind} ${name}`).join(', ')
    throw new XdrelayError(
      'check_failed',
      `nothing was installed: ${names} exists and was not made by xdrelay (--force)`,
    )
  }
  for (const { asset, action } of steps) if (action !== 'same') await server.install(asset, action !== 'create')
}

function compare(asset: Asset, found: Json | undefined, { retention }: AssetOptions): Step {
  if (found === undefined) return { asset, action: 'create', differences: [] }
  const kept = retention === undefined ? retentionOf(found) : undefined
  const wanted = kept === undefined ? asset : withRetention(asset, kept)
  const different = differences(found, wanted.body)
  const isOurs = (found._meta as Json | undefined)?.managed_by === 'xdrelay'
  const action = !isOurs ? 'foreign' : different.length === 0 ? 'same' : 'change'
  return { asset: wanted, action, differences: different }
}

function retentionOf({ template }: Json): string | undefined {
  const lifecycle = (template as Json | undefined)?.lifecycle as Json | undefined
  return lifecycle?.data_retention as string | undefined
}

type IndexTemplate = Awaited<ReturnType<SetupServer['indexTemplates']>>[number]

/** Other templates for the same streams: of all that match, the one with the highest priority counts alone. */
function rivalsOf({ name, body }: Asset, templates: readonly IndexTemplate[]): string[] {
  const own = Number(body.priority)
  const [pattern] = body.index_patterns as string[]
  const stream = pattern!.replace('*', 'default')
  return templates
    .filter(other => other.name !== name && other.patterns.some(each => matches(each, stream)))
    .flatMap(other => {
      if (other.priority >= own) {
        return [
          `index template ${other.name} (priority ${other.priority}) wins over ${name} (${own}), which has no effect`,
        ]
      }
      // The server's own, for all logs.
      if (other.patterns.every(each => each === 'logs-*-*')) return []
      return [`${name} (priority ${own}) takes the place of index template ${other.name} (${other.priority})`]
    })
}

function matches(pattern: string, stream: string): boolean {
  const parts = pattern.split('*').map(part => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(stream)
}

/** Templates shape what is made after them. */
async function olderStreams(assets: readonly Asset[], server: SetupServer): Promise<string[]> {
  const patterns = assets.flatMap(({ body }) => body.index_patterns as string[])
  const streams = await server.dataStreams(patterns.join(','))
  return (streams ?? []).map(
    stream =>
      `data stream ${stream} exists: its fields follow at the next rollover (POST /${stream}/_rollover), retention and failure store by PUT /_data_stream/${stream}/_lifecycle and /_options`,
  )
}
