import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { batch, message, options, record, run } from './support/batches.ts'

const preserving = { preserveOriginalEvent: true }

/** Records as no serialiser would write them. */
const spellings = [
  '{"category":"AdvancedHunting-DeviceInfo","properties":{"DeviceName":"a"}}',
  '{\r\n\t"category" : "AdvancedHunting-DeviceEvents" ,\n  "properties" : { "ReportId" : 639199916335081329 , "x":1.50e+2 , "y" : -0 }\n}',
  '{"category":"AdvancedHunting-DeviceInfo","properties":{"DeviceName":"\\u0061\\/b \\ud83d\\ude00","n":null,"n":1}}',
  '{"properties":{"DeviceName":"Grüße 你好 😀 \u2028\u2029\ufeff\u007f"},"category":"Wholly.Unknown"}',
]

const originals = (lines: Uint8Array) =>
  Buffer.from(lines)
    .toString()
    .split('\n')
    .slice(0, -1)
    .map(line => (JSON.parse(line) as { event: { original?: string } }).event.original)

test('event.original is the exact text of every record when it is asked for, and absent otherwise', () => {
  const body = `\ufeff { "x" : [1] , "records" : [ ${spellings.join(' ,\n')} ] }`
  const { chunk } = createBatchTransform({ ...options, ...preserving })(batch(body))
  expect(originals(chunk.lines)).toEqual(spellings)
  expect(originals(createBatchTransform(options)(batch(body)).chunk.lines)).toEqual(spellings.map(() => undefined))
})

test('the original of a record after broken ones is its own', () => {
  const body = `{"records":[null, {"category":1},${spellings[1]},"x"]}`
  const { documents, rejects } = run([body], preserving)
  expect(documents.map(({ original }) => original)).toEqual([spellings[1]])
  expect(rejects).toHaveLength(3)
})

test('a record counts as sanitized only if it was, even though every original is kept', () => {
  const broken = '{"category":"A","properties":{"x":"\\ud800"}}'
  const { documents } = run([`{"records":[${spellings[2]},${broken}]}`], preserving)
  expect(documents.map(({ sanitized, original }) => [sanitized, original])).toEqual([
    [false, spellings[2]],
    [true, broken],
  ])
})

test('the original of any record is what was sent, and nothing else of the document changes', () => {
  fc.assert(
    fc.property(fc.array(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), { maxLength: 4 }), all => {
      const records = all.map(properties => record(properties))
      const { documents } = run([message(...records)], preserving)
      expect(documents.map(({ original }) => original)).toEqual(records.map(each => JSON.stringify(each)))
      const without = run([message(...records)]).documents
      expect(documents.map(({ original: _, ...rest }) => rest)).toEqual(without)
    }),
    { numRuns: 100 },
  )
})
