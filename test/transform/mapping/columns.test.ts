import { describe, expect, test } from 'vitest'
import reference from '../../../scripts/reference/defender-tables.json' with { type: 'json' }
import { measureCoverage } from '../../../scripts/tables/measure.ts'
import { details, summary } from '../../../scripts/tables/report.ts'
import { documentBytes } from '../../../src/core/chunk.ts'
import type { SourceBatch, Transformed } from '../../../src/core/types.ts'
import { createBatchTransform } from '../../../src/transform/batch.ts'
import { mapOne } from '../../../src/transform/cases/map-one.ts'
import { exactNumber } from '../../../src/transform/digits.ts'
import { createMapper } from '../../../src/transform/mapping/mapper.ts'
import { loadSchemas } from '../../../src/transform/mapping/schemas.ts'
import { options } from '../support/batches.ts'
import { recordOf, usual } from './records.ts'

const whole = measureCoverage()

// biome-ignore lint/suspicious/noExplicitAny: a document of any table
type Change = (document: any) => void

const transform = createBatchTransform(options)

/** The transform with a fault: each document is changed after it was made. */
function faulty(change: Change) {
  return (batch: SourceBatch): Transformed => {
    const result = transform(batch)
    const lines = result.chunk.ids.map((_id, index) => {
      const document = JSON.parse(Buffer.from(documentBytes(result.chunk, index)).toString())
      change(document)
      return Buffer.from(`${JSON.stringify(document)}\n`)
    })
    let end = 0
    const ends = Uint32Array.from(lines, line => (end += line.length))
    return { ...result, chunk: { ...result.chunk, lines: Buffer.concat(lines), ends } }
  }
}

describe('the coverage of the tables', () => {
  test('tells tables and columns as Microsoft documents them', () => {
    const columnsOf = (columns: readonly { column: string; type: string }[]) =>
      Object.fromEntries(columns.map(({ column, type }) => [column, type]))
    expect(Object.fromEntries(whole.map(({ table, columns }) => [table, columnsOf(columns)]))).toEqual(reference.tables)
  })

  test('is whole: every column reaches the document, alone and with all others, as it is and as JSON text', () => {
    const { text, missing } = summary(whole)
    expect(missing).toEqual([])
    expect(text.split('\n').at(-1)).toBe('62 of 62 tables, 1,542 of 1,542 columns reach the document')
  })

  test('tells ECS fields from vendor fields', () => {
    const columns = whole.find(({ table }) => table === 'DeviceNetworkEvents')!.columns
    expect(columns.find(({ column }) => column === 'RemoteIP')).toEqual({
      column: 'RemoteIP',
      type: 'string',
      ecs: ['destination.address', 'destination.ip', 'related.ip'],
      vendor: [],
      reached: true,
    })
    expect(columns.find(({ column }) => column === 'ReportId')?.vendor).toEqual(['m365_defender.event.report_id'])
  })

  test('names a column that is lost, and where', () => {
    const lossy = measureCoverage(faulty(({ m365_defender }) => delete m365_defender.event.cloud_resource_type))
    const { text, missing } = summary(lossy)
    expect(missing).toEqual(['AlertEvidence.ResourceType', 'BehaviorEntities.CloudResourceType'])
    expect(text).toContain('62 of 62 tables, 1,540 of 1,542 columns reach the document')
    expect(details(lossy.find(({ table }) => table === 'AlertEvidence')!).text).toMatch(/ResourceType +string +MISSING/)
  })

  test('does not take a value that is kept outside of all fields for one that arrived', () => {
    const beside = faulty(document => {
      document.xdrelay = { kept: document.m365_defender }
      delete document.m365_defender
    })
    expect(summary(measureCoverage(beside)).missing).toContain('AlertEvidence.ResourceType')
  })

  test('names a table whose rows come out under another name', () => {
    const renamed = (batch: SourceBatch) => {
      const [message] = batch.messages
      const body = Buffer.from(Buffer.from(message!.body).toString().replaceAll('-AlertInfo"', '-AlertInform"'))
      return transform({ ...batch, messages: [{ ...message!, body }] })
    }
    expect(summary(measureCoverage(renamed)).missing).toContain('AlertInfo')
  })
})

test('ids and texts beyond 2^53 keep their digits in every column', () => {
  const mapper = createMapper(usual)
  for (const { table, columns } of loadSchemas()) {
    const digits = [...columns].map(
      ([column], index) => [column, String(9_007_199_254_740_993n + BigInt(index) * 2n)] as const,
    )
    const record = recordOf(table, Object.fromEntries(digits.map(([column, text]) => [column, exactNumber(text)])))
    const text = JSON.stringify(mapOne(mapper, record).document)
    for (const [column, exact] of digits) expect(text, `${table}.${column}`).toContain(exact)
  }
})
