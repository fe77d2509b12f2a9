import { EcsFlat } from '@elastic/ecs'
import { describe, expect, test } from 'vitest'
import type { Chunk, Dataset } from '../../src/core/types.ts'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { documentedTables } from '../../src/emulator/generator/tables.ts'
import { dataStream } from '../../src/output/data-stream.ts'
import { type Collected, collected } from '../../src/transform/mapping/datasets.ts'
import { elasticsearchMissing } from '../support/elasticsearch.ts'
import { actionsOf, ask, freshNamespace, ownElasticsearch, setUp, writeAll } from '../support/elasticsearch-setup.ts'
import { casePages, type ItemPage, wrongPages } from '../support/hostile-items.ts'
import { unknownRows, wrongRows } from '../support/hostile-rows.ts'
import { mappedBody, mappedRows, type Row, withOriginal } from '../support/mapped-chunk.ts'
import { mapItems } from '../transform/support/items.ts'

const recordsPerTable = 200
const tables = [...documentedTables().keys()]

/** Fields beyond ECS that are wanted all the same. */
const beyondEcs =
  /^(process\.Ext\.|Target\.process\.|dll\.Ext\.size$|application\.name$|process\.parent\.group_leader\.|url\.user_info$|resource\.(id|name)$|vulnerability\.(cve|title|published_date)$)/
const own = /^(m365_defender|azure|data_stream|xdrelay)\./

for (const version of ['9.5', '8.19'] as const) {
  describe.skipIf(await elasticsearchMissing(version))(`Elasticsearch ${version}`, async () => {
    const { url } = (await elasticsearchMissing(version)) ? { url: '' } : await ownElasticsearch(version)

    test('takes generated records of all tables, with fields of ECS and ours alone; a second set-up changes nothing', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      expect(await writeAll(url, namespace, generated())).toEqual([])
      expect(await countOf(url, namespace)).toBe(tables.length * recordsPerTable)
      const foreign = (await fieldsOf(url, namespace)).filter(
        path => !(path in EcsFlat) && !own.test(path) && !beyondEcs.test(path),
      )
      expect(foreign).toEqual([])
      expect(actionsOf(await setUp(url))).toEqual(['same'])
    }, 300_000)

    test('takes any value in any column, known and unknown', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const rows = [...unknownRows(), ...wrongRows()].map(({ row }) => row)
      expect(await writeAll(url, namespace, chunksOf(rows))).toEqual([])
      expect(await countOf(url, namespace)).toBe(rows.length)
    }, 300_000)

    test('takes every record of the mapping cases', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const records = casePages('event').map(({ item }) => item)
      expect(await writeAll(url, namespace, [mappedBody(Buffer.from(`{"records":[${records.join()}]}`))])).toEqual([])
      expect(await countOf(url, namespace)).toBe(records.length)
    })

    test('finds an unknown column by its text, whatever else has been there', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const values = ['first', { Inner: 1 }, ['second', 'third'], 7]
      const rows = values.map(BrandNewColumn => ({ table: 'DeviceEvents', properties: { BrandNewColumn } }))
      expect(await writeAll(url, namespace, [mappedRows(rows)])).toEqual([])
      const query = (value: string) => ({ term: { 'm365_defender.event.brand_new_column': { value } } })
      for (const value of ['first', 'third', '7']) expect(await countOf(url, namespace, query(value)), value).toBe(1)
      expect(await countOf(url, namespace, query('fourth'))).toBe(0)
    })

    test('takes the original text of a record, however long', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const rows = [{ table: 'DeviceEvents', properties: { FileName: 'x'.repeat(200_000) } }]
      expect(await writeAll(url, namespace, [mappedRows(rows, withOriginal)])).toEqual([])
      expect(await countOf(url, namespace)).toBe(1)
    })

    test('takes keys with NUL characters, and keys and names that are longer than a term', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const values = [
        { 'a\0b': '€' },
        ...[2000, 9000, 33_000].map(length => ({ ['k'.repeat(length)]: '€'.repeat(8190) })),
      ]
      const rows = values.flatMap(value => [
        { table: 'DeviceEvents', properties: { AdditionalFields: JSON.stringify(value) } },
        { table: 'CloudAppEvents', properties: { RawEventData: value, ActivityObjects: [value] } },
        { table: 'DeviceEvents', properties: { ...value, ['N'.repeat(33_000)]: value } },
      ])
      expect(await writeAll(url, namespace, [mappedRows(rows)])).toEqual([])
      expect(await countOf(url, namespace)).toBe(rows.length)
    })

    test('documents with more new fields than there is room for are taken', async () => {
      await setUp(url)
      const namespace = freshNamespace()
      const rows = Array.from({ length: 6 }, (_, row) => ({
        table: 'DeviceEvents',
        properties: Object.fromEntries(Array.from({ length: 600 }, (_, n) => [`Column${row}x${n}`, 'text'])),
      }))
      expect(await writeAll(url, namespace, [mappedRows(rows)])).toEqual([])
      expect(await countOf(url, namespace)).toBe(rows.length)
    })

    test.each(collected)(
      'takes every %s of the mapping cases, and any value in any of its keys',
      async dataset => {
        await setUp(url)
        const namespace = freshNamespace()
        const cases = casePages(dataset)
        expect(cases.length).toBeGreaterThan(5)
        const pages = [...cases, ...wrongPages(dataset)]
        const chunks = pages.map(page => mappedPage(dataset, page))
        expect(await writeAll(url, namespace, chunks)).toEqual([])
        const ids = new Set(chunks.flatMap(chunk => chunk.ids))
        expect(ids.size).toBeGreaterThan(wrongPages(dataset).length)
        expect(await countOf(url, namespace, { match_all: {} }, dataset)).toBe(ids.size)
        const foreign = (await fieldsOf(url, namespace, dataset)).filter(
          path => !(path in EcsFlat) && !own.test(path) && !beyondEcs.test(path),
        )
        expect(foreign).toEqual([])
      },
      300_000,
    )
  })
}

function* generated() {
  for (const table of tables) {
    const generator = createGenerator({ seed: table, tables: [table], recordsPerMessage: recordsPerTable })
    for (let left = recordsPerTable; left > 0; ) {
      const { body, records } = generator.nextMessage(left)
      left -= records
      yield mappedBody(body)
    }
  }
}

/** Chunks of a size that a small server takes at once: a row may have a long text in every column. */
function* chunksOf(rows: readonly Row[]) {
  let part: Row[] = []
  let length = 0
  for (const row of rows) {
    part.push(row)
    length += JSON.stringify(row).length
    if (length < 300_000) continue
    yield mappedRows(part)
    part = []
    length = 0
  }
  if (part.length > 0) yield mappedRows(part)
}

/** Vendor copies of ECS fields are kept, so that there are as many fields as can be. */
function mappedPage(dataset: Collected, { title, item, body }: ItemPage): Chunk {
  const { chunk, rejects } = mapItems(dataset, [item], true, body)
  if (rejects.length > 0) throw new Error(`${title}: ${rejects[0]!.reason}: ${rejects[0]!.detail}`)
  return chunk
}

async function countOf(
  url: string,
  namespace: string,
  query: object = { match_all: {} },
  dataset: Dataset = 'event',
): Promise<number> {
  const stream = `/${dataStream(dataset, namespace)}`
  await ask(url, 'POST', `${stream}/_refresh`)
  return Number((await ask(url, 'POST', `${stream}/_count`, { query })).count)
}

interface Mapping {
  readonly properties?: Readonly<Record<string, Mapping>>
}

/** Every field that is mapped, without objects. */
async function fieldsOf(url: string, namespace: string, dataset: Dataset = 'event'): Promise<string[]> {
  const answer = await ask(url, 'GET', `/${dataStream(dataset, namespace)}/_mapping`)
  const [{ mappings } = { mappings: {} }] = Object.values(answer) as { mappings: Mapping & { runtime?: object } }[]
  const fields = ({ properties = {} }: Mapping, prefix = ''): string[] =>
    Object.entries(properties).flatMap(([name, inner]) =>
      inner.properties ? fields(inner, `${prefix}${name}.`) : [prefix + name],
    )
  return [...fields(mappings), ...Object.keys(mappings.runtime ?? {})]
}
