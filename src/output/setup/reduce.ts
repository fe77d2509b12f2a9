import { XdrelayError } from '../../core/errors.ts'
import { type Asset, belongsToPipeline, type Json } from './assets.ts'
import type { SetupServer } from './server.ts'

/** Something that not every server has, and how to do without. */
interface Reduction {
  /** What a server says that lacks it. */
  readonly sign: RegExp
  readonly note: string
  readonly reduce: (body: Json) => Json
}

const reductions: readonly Reduction[] = [
  {
    sign: /\[constant_keyword\]/,
    note: 'no field type constant_keyword: data_stream.* are keyword, and found only where a document has them',
    reduce: body => retype(body, 'constant_keyword', ({ value: _, ...rest }) => ({ ...rest, type: 'keyword' })),
  },
  {
    sign: /\[wildcard\]/,
    note: 'no field type wildcard: keyword is used, where patterns within long texts take more time',
    reduce: body => retype(body, 'wildcard', rest => ({ ...rest, type: 'keyword' })),
  },
  {
    sign: /\[match_only_text\]/,
    note: 'no field type match_only_text: text is used, which takes more room',
    reduce: body => retype(body, 'match_only_text', rest => ({ ...rest, type: 'text' })),
  },
  {
    sign: /unknown field \[lifecycle\]|data stream lifecycle/i,
    note: 'no data stream lifecycle: set up rollover and deletion by an index lifecycle policy',
    reduce: body => without(body, 'template', 'lifecycle'),
  },
  {
    sign: /unknown field \[data_stream_options\]|failure.store/i,
    note: 'no failure store: documents that the mapping refuses go to the dead letter of xdrelay',
    reduce: body => without(body, 'template', 'data_stream_options'),
  },
  {
    sign: /ignore_dynamic_beyond_limit/,
    note: 'no ignore_dynamic_beyond_limit: a document with too many new fields is refused',
    reduce: body =>
      without(body, 'template', 'settings', 'index', 'mapping', 'total_fields', 'ignore_dynamic_beyond_limit'),
  },
]

/** The assets as this server can take them, and a note for each thing that it lacks. Nothing is installed. */
export async function reduceToServer(
  assets: readonly Asset[],
  server: SetupServer,
): Promise<{ assets: Asset[]; notes: string[] }> {
  const notes = new Set<string>()
  const reduced: Asset[] = []
  for (const asset of assets) reduced.push(...(await reduceAsset(asset, server, notes)))
  const hasPipeline = reduced.some(({ kind }) => kind === 'ingest pipeline')
  return { assets: reduced.filter(asset => hasPipeline || !belongsToPipeline(asset)), notes: [...notes] }
}

/** The asset, or none where it cannot be had and nothing depends on it. */
async function reduceAsset(asset: Asset, server: SetupServer, notes: Set<string>): Promise<Asset[]> {
  let { body } = asset
  const left = new Set(reductions)
  for (;;) {
    const said = await server.objection({ ...asset, body })
    if (said === undefined) return [{ ...asset, body }]
    if (asset.kind === 'ingest pipeline' && /No processor type exists/.test(said)) {
      notes.add(`no ${asset.kind} ${asset.name}, documents stay as they are: ${said}`)
      return []
    }
    if (asset.kind === 'transform') {
      notes.add(`no transform ${asset.name}, the latest state of vulnerabilities is not kept: ${said}`)
      return []
    }
    const reduction = [...left].find(({ sign }) => sign.test(said))
    if (reduction === undefined) throw new XdrelayError('output_refused', `${asset.kind} ${asset.name}: ${said}`)
    left.delete(reduction)
    notes.add(reduction.note)
    body = reduction.reduce(body)
  }
}

/** The body with every field of a type changed. */
function retype(body: Json, type: string, change: (mapping: Json) => Json): Json {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value !== 'object' || value === null) return value
    const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, walk(each)]))
    return inner.type === type ? change(inner) : inner
  }
  return walk(body) as Json
}

function without(body: Json, key: string, ...rest: readonly string[]): Json {
  if (!(key in body)) return body
  const { [key]: value, ...others } = body
  const [next, ...below] = rest
  return next === undefined ? others : { ...others, [key]: without(value as Json, next, ...below) }
}
