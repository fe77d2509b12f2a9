import { describe, expect, test } from 'vitest'
import { loadSchemas } from '../../src/transform/mapping/schemas.ts'
import { at } from './mapping/records.ts'
import { batch, record } from './support/batches.ts'
import { keeping, outcome, strict } from './support/outcome.ts'

const good = record({ DeviceName: 'ws-1', FileSize: 1 }, 'AdvancedHunting-DeviceFileEvents')
const wrong = record({ DeviceName: 'ws-2', FileSize: 'much' }, 'AdvancedHunting-DeviceFileEvents')

/** One record of DeviceFileEvents with these columns, kept; it never becomes a dead letter. */
function kept(properties: object, table = 'DeviceFileEvents') {
  const { documents, rejects, drift } = outcome([record(properties, `AdvancedHunting-${table}`)])
  expect(rejects).toEqual([])
  return { document: documents[0], drift }
}

describe('R1: only what cannot be a record is dead-lettered', () => {
  test.each([
    ['a body that is not JSON', '{"records":[', 'invalid_json', ''],
    ['a body that is no object', '42', 'invalid_json', ''],
    ['an envelope without records', '{"items":[]}', 'bad_envelope', ''],
    ['a record that is no object', '{"records":["x"]}', 'bad_envelope', '/records/0'],
    ['a record without category', '{"records":[{"properties":{}}]}', 'bad_envelope', '/records/0'],
    ['a category that is no text', '{"records":[{"category":1,"properties":{}}]}', 'bad_envelope', '/records/0'],
    ['properties that are no object', '{"records":[{"category":"x","properties":"{}"}]}', 'bad_envelope', '/records/0'],
  ])('%s', (_name, body, reason, pointer) => {
    for (const transform of [keeping, strict]) {
      const { documents, rejects } = outcome(body, transform)
      expect(documents).toEqual([])
      expect(rejects).toMatchObject([{ reason, pointer }])
    }
  })

  test.each([
    ['no time', { category: 'AdvancedHunting-DeviceEvents', properties: {} }],
    ['no column at all', { time: '2026-07-22T10:43:05Z', category: 'AdvancedHunting-DeviceEvents', properties: {} }],
    ['no prefix of the category', { category: 'DeviceEvents', properties: { DeviceName: 'a' } }],
    ['an empty category', { category: '', properties: { DeviceName: 'a' } }],
    ['an empty category and one unknown column', { category: '', properties: { Novel: 'a' } }],
    ['an empty category and nothing', { category: '', properties: { Novel: '' } }],
    ['unknown keys beside the columns', { category: 'DeviceEvents', properties: {}, region: 'eu', extra: { a: 1 } }],
  ])('a record with %s is a document, also when strict', (_name, one) => {
    for (const transform of [keeping, strict]) {
      const { documents, rejects } = outcome([one], transform)
      expect(rejects).toEqual([])
      expect(documents).toHaveLength(1)
      expect(documents[0]['@timestamp']).toMatch(/^2026-07-22T/)
    }
  })

  test('keys of the envelope with values that fit none of them are kept with a note', () => {
    const one = { tenantId: { a: 1 }, time: [7], Tenant: ['t', 'u'], operationName: 5, category: 'x', properties: {} }
    const { documents, rejects, drift } = outcome([one])
    expect(rejects).toEqual([])
    expect(documents[0].xdrelay).toEqual({
      kept: { 'envelope.tenantId': '{"a":1}', 'envelope.time': '[7]', 'envelope.Tenant': '["t","u"]' },
      notes: [
        { column: 'envelope.Tenant', expected: 'string', found: 'array' },
        { column: 'envelope.tenantId', expected: 'string', found: 'object' },
        { column: 'envelope.time', expected: 'string', found: 'array' },
      ],
    })
    expect(at(documents[0], 'V.operation_name')).toBe('5')
    expect(drift).toContainEqual(expect.objectContaining({ kind: 'type_change', column: 'envelope.time' }))
  })

  test('strict points to the key of the envelope', () => {
    const { rejects } = outcome([{ time: 'yesterday', category: 'DeviceEvents', properties: {} }], strict)
    expect(rejects).toMatchObject([{ reason: 'invalid', pointer: '/records/0/time' }])
  })
})

describe('unknown columns and tables', () => {
  test('are kept and reported as drift, also when strict', () => {
    const unknown = [
      record({ DeviceName: 'a', Novel: 'n', Other: { b: [1] } }),
      record({ DeviceName: 'a', A: 1 }, 'AdvancedHunting-TableOfTomorrow'),
    ]
    for (const transform of [keeping, strict]) {
      const { documents, rejects, drift } = outcome(unknown, transform)
      expect(rejects).toEqual([])
      expect(at(documents[0], 'V.novel')).toBe('n')
      expect(at(documents[0], 'V.other')).toEqual({ b: [1] })
      expect(at(documents[1], 'V.a')).toBe(1)
      const told = drift.map(({ kind, table, column, count }) => [kind, table, column, count])
      expect(told).toEqual(
        expect.arrayContaining([
          ['new_column', 'DeviceEvents', 'Novel', 1],
          ['new_column', 'DeviceEvents', 'Other', 1],
          ['new_table', 'TableOfTomorrow', '', 1],
        ]),
      )
    }
  })

  test('a column of other tables with a value that does not fit there is kept with a note, also when strict', () => {
    for (const table of ['DeviceFileEvents', 'TableOfTomorrow']) {
      const one = record({ CertificateExpirationTime: [1, 2], IsRootSignerMicrosoft: 'x' }, `AdvancedHunting-${table}`)
      for (const transform of [keeping, strict]) {
        const { documents, rejects } = outcome([one], transform)
        expect(rejects).toEqual([])
        expect(documents[0].xdrelay).toEqual({
          kept: { CertificateExpirationTime: '[1,2]', IsRootSignerMicrosoft: 'x' },
          notes: [
            { column: 'CertificateExpirationTime', expected: 'datetime', found: 'array' },
            { column: 'IsRootSignerMicrosoft', expected: 'bool', found: 'string' },
          ],
        })
      }
    }
  })

  test('a column of an unknown table that means something elsewhere is no reason to reject it', () => {
    const one = record({ DeviceName: { a: 1 }, FileName: 5, FileSize: 'much' }, 'AdvancedHunting-TableOfTomorrow')
    const { documents, rejects } = outcome([one], strict)
    expect(rejects).toEqual([])
    expect(documents[0].xdrelay.kept).toEqual({ DeviceName: '{"a":1}', FileSize: 'much' })
  })
})

describe('a wrong type', () => {
  test('that converts without loss is converted, and only counted', () => {
    const { document, drift } = kept({
      FileSize: '1024',
      FileName: 5,
      DeviceName: true,
      IsAzureInfoProtectionApplied: 1,
    })
    expect(document).toMatchObject({ file: { size: 1024, name: '5' }, host: { name: 'true' } })
    expect(at(document, 'V.is_azure_info_protection_applied')).toBe(true)
    expect(document.xdrelay).toBeUndefined()
    // The schema names the other forms of numbers and booleans, so those are no news.
    expect(drift.map(({ kind, column }) => [kind, column])).toEqual([
      ['type_change', 'DeviceName'],
      ['type_change', 'FileName'],
    ])
  })

  test.each([
    ['long', 'FileSize', 'much', 'string', 'much'],
    ['long', 'FileSize', 1.5, 'number', '1.5'],
    ['long', 'FileSize', true, 'boolean', 'true'],
    ['long', 'FileSize', { a: [1] }, 'object', '{"a":[1]}'],
    ['long', 'FileSize', '9223372036854775808', 'string', '9223372036854775808'],
    ['bool', 'IsAzureInfoProtectionApplied', 2, 'number', '2'],
    ['bool', 'IsAzureInfoProtectionApplied', 'True', 'string', 'True'],
    ['datetime', 'Timestamp', 'yesterday', 'string', 'yesterday'],
    ['datetime', 'Timestamp', 1_767_225_600, 'number', '1767225600'],
    ['datetime', 'Timestamp', '2026-02-30T10:00:00Z', 'string', '2026-02-30T10:00:00Z'],
    ['string', 'FileName', ['a', 'b'], 'array', '["a","b"]'],
    ['string', 'FileName', { a: 'b' }, 'object', '{"a":"b"}'],
  ])(
    'that does not: a %s column %s of %j is kept as text, and strict rejects it',
    (expected, column, value, found, text) => {
      const { document } = kept({ [column]: value })
      expect(document.xdrelay.kept).toEqual({ [column]: text })
      expect(document.xdrelay.notes).toEqual([{ column, expected, found }])
      const one = record({ [column]: value }, 'AdvancedHunting-DeviceFileEvents')
      const { documents, rejects } = outcome([good, one, good], strict)
      expect(documents).toHaveLength(2)
      expect(rejects).toMatchObject([
        { reason: 'invalid', pointer: `/records/1/properties/${column}`, bytes: JSON.stringify(one) },
      ])
      expect(rejects[0]!.detail).toContain(`${column} is documented as ${expected}, found`)
    },
  )

  test('in many columns: all are kept, and there are notes for the first ones', () => {
    const columns = loadSchemas().find(({ table }) => table === 'DeviceProcessEvents')!.columns
    const texts = [...columns.keys()].filter(column => column !== 'AdditionalFields')
    const { document } = kept(Object.fromEntries(texts.map(column => [column, { of: column }])), 'DeviceProcessEvents')
    for (const column of texts) expect(document.xdrelay.kept[column]).toBe(JSON.stringify({ of: column }))
    expect(texts.length).toBeGreaterThan(16)
    expect(document.xdrelay.notes).toHaveLength(16)
  })

  test('keeps the digits of numbers', () => {
    const properties =
      '{"FileName":[639199916335081329,1e400],"FileSize":18446744073709551615,"Timestamp":9007199254740993}'
    const body = `{"records":[{"category":"DeviceFileEvents","properties":${properties}}]}`
    expect(outcome(body).documents[0].xdrelay.kept).toEqual({
      FileName: '[639199916335081329,1e400]',
      FileSize: '18446744073709551615',
      Timestamp: '9007199254740993',
    })
  })

  test('leaves its neighbours alone, and a dead letter has the bytes of its record only', () => {
    const { documents, rejects } = outcome([good, wrong, good, null as unknown as object, wrong], strict)
    expect(documents.map(({ azure }) => azure.record_index)).toEqual([0, 2])
    expect(rejects.map(({ reason, pointer, bytes }) => [reason, pointer, bytes])).toEqual([
      ['invalid', '/records/1/properties/FileSize', JSON.stringify(wrong)],
      ['bad_envelope', '/records/3', 'null'],
      ['invalid', '/records/4/properties/FileSize', JSON.stringify(wrong)],
    ])
  })

  test('is counted as drift whether it is kept or rejected', () => {
    for (const transform of [keeping, strict]) {
      expect(outcome([wrong, good, wrong], transform).drift).toMatchObject([
        { kind: 'type_change', table: 'DeviceFileEvents', column: 'FileSize', count: 2 },
      ])
    }
  })
})

test('JSON text with half a character stays text: a target would refuse it, and without it nothing is lost', () => {
  const { document } = kept({ AdditionalFields: '{"a":"\\ud800"}', FileName: '\\ud800' }, 'DeviceEvents')
  expect(at(document, 'V.additional_fields')).toEqual({ value: '{"a":"\\ud800"}' })
  expect(document.file.name).toBe('\\ud800')
  const pair = kept({ AdditionalFields: '{"a":"\\ud83d\\ude00"}' }, 'DeviceEvents').document
  expect(at(pair, 'V.additional_fields')).toEqual({ a: '😀' })
})

test('an unknown column is kept where it is all there is', () => {
  const { documents } = outcome([
    { category: '', properties: { Novel: 'n', Odd: {} } },
    { category: '', properties: { Odd: '' } },
  ])
  expect(documents.map(({ m365_defender }) => m365_defender)).toEqual([{ event: { novel: 'n' } }, undefined])
})

test('a minus before zero is a digit too', () => {
  const body = '{"records":[{"category":"DeviceFileEvents","properties":{"FileSize":-0}}]}'
  const { chunk } = keeping(batch(body))
  expect(Buffer.from(chunk.lines).toString()).toContain('"size":-0')
})

test('the keys of a value count once against the limit, wherever it is kept', () => {
  const list = Array.from({ length: 6000 }, () => 1)
  const { document } = kept({ CertificateExpirationTime: list }, 'TableOfTomorrow')
  expect(document.xdrelay.kept.CertificateExpirationTime).toBe(JSON.stringify(list))
  const twice = record({ A: list, B: list }, 'AdvancedHunting-TableOfTomorrow')
  expect(outcome([twice]).rejects).toMatchObject([{ reason: 'too_large' }])
})
