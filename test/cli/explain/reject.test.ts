import { expect, test } from 'vitest'
import { explainReject } from '../../../src/cli/explain/reject.ts'
import { createBatchTransform } from '../../../src/transform/batch.ts'
import { batch, options } from '../../transform/support/batches.ts'

const transform = createBatchTransform({ ...options, strict: true, limits: { depth: 6, keys: 100 } })

/** The first reject of a message with this body. */
function rejected(body: string | Uint8Array) {
  return explainReject(transform(batch(body)).rejects[0]!)
}

const record = (properties: object) => JSON.stringify({ records: [{ category: 'CloudAppEvents', properties }] })
const nested = { RawEventData: { a: { b: { c: { d: { e: 1 } } } } } }
const list = { RawEventData: Array.from({ length: 200 }, () => 1) }

test.each([
  ['bad JSON', `{"records":[${'1,'.repeat(40)}nope]}`, 'invalid_json', 'ope]}', /complete JSON object/],
  ['a word that is none', '{"records":[{"category":nope}]}', 'invalid_json', 'ope}]}', /complete JSON object/],
  ['a missing comma', '{"records":[{"a":"\\u00e9" "b":1}]}', 'invalid_json', '"b":1', /complete JSON object/],
  ['a bad escape', '{"records":["\\x"]}', 'invalid_json', 'x"]}', /complete JSON object/],
  ['a cut escape', '{"records":["\\u00', 'invalid_json', '', /been cut/],
  ['more behind it', '{"records":[]} {}', 'invalid_json', '{}', /complete JSON object/],
  ['a cut message', '{"records":[{"category":"x"', 'invalid_json', '', /been cut/],
  ['nothing at all', '', 'invalid_json', '', /complete JSON object/],
  ['a zip', Buffer.from([0x1f, 0x8b, 8, 0]), 'bad_encoding', '\ufffd', /neither compressed/],
  [
    'a byte of another encoding behind a replacement character',
    Buffer.concat([Buffer.from('{"a":"\ufffd, caf'), Buffer.from([0xe9]), Buffer.from(' end"}')]),
    'bad_encoding',
    '\ufffd end',
    /UTF-8/,
  ],
])('%s: shows the bytes and where it goes wrong', (_name, body, reason, from, needed) => {
  const { reason: found, around, needed: text } = rejected(body)
  expect(found).toBe(reason)
  expect(around.text.slice(around.caret!)).toMatch(new RegExp(`^${RegExp.escape(from)}`))
  expect(text).toMatch(needed)
})

test.each([
  ['JSON that is no object', '7', 'invalid_json', '', '7'],
  ['a record that is none', '{"records":[7]}', 'bad_envelope', '/records/0', '7'],
])('%s: shows how it begins and points into it', (_name, body, reason, pointer, start) => {
  const explained = rejected(body)
  expect(explained).toMatchObject({ reason, pointer })
  expect(explained.around.caret).toBeNull()
  expect(explained.around.text.startsWith(start)).toBe(true)
  expect(explained.needed).not.toBe('')
})

test.each([
  ['too deep', record(nested), 'too_deep', 'RawEventData'],
  ['too many elements', record({ City: 'a', ...list }), 'too_large', 'RawEventData'],
  ['a column that does not fit', record({ Isp: 'City', City: 7 }), 'invalid', 'City'],
])('%s: shows the column', (_name, body, reason, column) => {
  const explained = rejected(body)
  expect(explained).toMatchObject({ reason, pointer: `/records/0/properties/${column}` })
  expect(explained.around.text.slice(explained.around.caret!)).toMatch(new RegExp(`^"${column}":`))
})
