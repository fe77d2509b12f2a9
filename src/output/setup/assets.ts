import { readdirSync, readFileSync } from 'node:fs'
import { packageFolder } from '../../core/package-folder.ts'

export type AssetKind = 'component template' | 'index template' | 'ingest pipeline' | 'transform'

export type Json = Readonly<Record<string, unknown>>

/** Something to install on a cluster. */
export interface Asset {
  readonly kind: AssetKind
  readonly name: string
  readonly body: Json
}

export interface AssetOptions {
  /** What the streams keep, as Elasticsearch writes it (`90d`); `none` for everything; absent: as it is, else everything. */
  readonly retention?: string
  /** Whether the pipeline for places, networks and user agents is wanted. */
  readonly enrich: boolean
}

/** What makes documents go through the pipeline; without the pipeline on the server they would all be refused. */
const enriching = 'xdrelay-m365_defender@enriched'

/** In the order in which they can be installed: each needs only what comes before it. */
const folders: readonly (readonly [folder: string, kind: AssetKind])[] = [
  ['ingest-pipelines', 'ingest pipeline'],
  ['component-templates', 'component template'],
  ['index-templates', 'index template'],
  ['transforms', 'transform'],
]

/** The assets that belong to the package. */
export function loadAssets({ retention, enrich }: AssetOptions): Asset[] {
  const root = packageFolder('deploy/elasticsearch')
  const all = folders.flatMap(([folder, kind]) =>
    readdirSync(new URL(`${folder}/`, root))
      .filter(file => file.endsWith('.json'))
      .sort()
      .map((file): Asset => {
        const body = JSON.parse(readFileSync(new URL(`${folder}/${file}`, root), 'utf8')) as Json
        return { kind, name: file.slice(0, -'.json'.length), body }
      }),
  )
  const wanted = all.filter(asset => enrich || !belongsToPipeline(asset))
  return retention === undefined || retention === 'none' ? wanted : wanted.map(asset => withRetention(asset, retention))
}

export function belongsToPipeline({ kind, name }: Asset): boolean {
  return kind === 'ingest pipeline' || name === enriching
}

/** An index template that deletes what is older; any other asset as it is. */
export function withRetention(asset: Asset, retention: string): Asset {
  const template = asset.body.template as Json | undefined
  const lifecycle = template?.lifecycle as Json | undefined
  if (lifecycle === undefined) return asset
  return {
    ...asset,
    body: { ...asset.body, template: { ...template, lifecycle: { ...lifecycle, data_retention: retention } } },
  }
}
