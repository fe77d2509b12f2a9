import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { createBatchTransform } from '../../src/transform/batch.ts'
import type { Mapper } from '../../src/transform/record.ts'
import { batch, message, noDrift, options, plainMapper, record, run } from './support/batches.ts'

const { out } = plainMapper

const good = message(record())
const goodRecord = JSON.stringify(record())

/** The body between good ones, and what became of it: the neighbours are delivered in any case. */
function poison(body: string | Uint8Array) {
  const result = run([good, body, good])
  const own = result.rejects.filter(({ message }) => message.sequenceNumber === 101)
  expect(result.rejects).toEqual(own)
  expect([...result.chunk.message].filter(index => index !== 1)).toEqual([0, 2])
  return {
    ...result,
    rejects: own,
    documents: result.documents.filter((_, index) => result.chunk.message[index] === 1),
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString()
}

describe('whole messages', () => {
  test.each(['', ' \n', '{"records":[', 'null', '42', '"text"', 'true', '12345678901234567890', 'hello', '\0'])(
    'E1: %j is rejected as invalid_json',
    body => {
      const { rejects, documents } = poison(body)
      expect(documents).toEqual([])
      expect(rejects).toMatchObject([{ reason: 'invalid_json', pointer: '', recordIndex: null }])
      expect(text(rejects[0]!.bytes)).toBe(body)
    },
  )

  test('E2: a torn array goes whole', () => {
    const body = `{"records":[${goodRecord},{"category":"Advanc`
    const { rejects, documents } = poison(body)
    expect(documents).toEqual([])
    expect(rejects.map(({ reason, bytes }) => [reason, text(bytes)])).toEqual([['invalid_json', body]])
  })

  test.each([
    "{'records':[]}",
    '{"records":[NaN]}',
    '{"records":[Infinity]}',
    '{"records":[],}',
    '{"records":[/*a*/]}',
    '{"records":[01]}',
  ])('E11: %s is rejected as invalid_json', body => {
    expect(poison(body).rejects).toMatchObject([{ reason: 'invalid_json', recordIndex: null }])
  })

  test.each([
    ['{"records":[1 2]}', 'The body is not JSON, from character 15 on.'],
    ['{"records":[639199916335081329,639199916335081330 2]}', 'The body is not JSON, from character 51 on.'],
    ['{"records":[NaN]}', 'The body is not JSON.'],
  ])('%s tells where it stops being JSON, however long its numbers are', (body, detail) => {
    expect(poison(body).rejects).toMatchObject([{ detail }])
  })

  test.each([
    ['UTF-16', Buffer.from(`\ufeff${good}`, 'utf16le')],
    ['Latin-1', Buffer.from('{"records":[{"category":"ä"}]}', 'latin1')],
    ['gzip', gzipSync(good)],
    ['zstd', Buffer.from('28b52ffd00ff', 'hex')],
    ['a cut character', Buffer.from(good.replace('ws-1', 'wä')).subarray(0, good.indexOf('ws-1') + 2)],
  ])('E7: %s is rejected as bad_encoding', (_name, body) => {
    const { rejects } = poison(body)
    expect(rejects).toMatchObject([{ reason: 'bad_encoding', pointer: '', recordIndex: null }])
    expect(rejects[0]!.bytes).toEqual(body)
  })

  test('E7: a UTF-8 byte order mark is stripped', () => {
    const { rejects, documents } = poison(`\ufeff${good}`)
    expect(rejects).toEqual([])
    expect(documents).toHaveLength(1)
  })

  test.each([
    '{}',
    '[]',
    `[${goodRecord}]`,
    '{"records":null}',
    '{"records":{}}',
    '{"records":"x"}',
    '{"Records":[]}',
    '{"__proto__":{"records":[]}}',
  ])('E12: %s is rejected as bad_envelope', body => {
    const { rejects } = poison(body)
    expect(rejects).toMatchObject([{ reason: 'bad_envelope', pointer: '', recordIndex: null }])
    expect(text(rejects[0]!.bytes)).toBe(body)
  })

  test('E12: an empty array is fine', () => {
    const { rejects, documents } = poison('{"records":[]}')
    expect([rejects, documents]).toEqual([[], []])
  })

  test('E3: a message beyond a configured size is rejected as too_large, one at the limit is not', () => {
    const limits = { ...options.limits, messageBytes: good.length }
    const { rejects, documents } = run([good, `${good} `], { limits })
    expect(documents).toHaveLength(1)
    expect(rejects).toMatchObject([{ reason: 'too_large', recordIndex: null }])
  })

  test('a reject does not quote the content in its detail', () => {
    const [reject] = poison('{"records":[{"password":hunter2}]}').rejects
    expect(reject!.detail).not.toContain('hunter')
  })
})

describe('single records', () => {
  test.each([
    ['null', 'null'],
    ['42', 'a number'],
    ['12345678901234567890', 'a number'],
    ['"text"', 'a text'],
    ['[{"a":1}]', 'an array'],
    ['true', 'a boolean'],
    ['{}', 'no `category`'],
    ['{"category":7,"properties":{}}', 'a number for `category`'],
    ['{"category":"x"}', 'no `properties`'],
    ['{"category":"x","properties":null}', 'null for `properties`'],
    ['{"category":"x","properties":[]}', 'an array for `properties`'],
    ['{"category":"x","properties":1e400}', 'a number for `properties`'],
  ])('E12: %s is rejected alone, with its own bytes', (bad, found) => {
    for (const place of [0, 1, 2]) {
      const records = [goodRecord, goodRecord]
      records.splice(place, 0, bad)
      const { rejects, documents, chunk } = poison(`{ "records" : [ ${records.join(' ,\n')} ] }`)
      expect(documents).toHaveLength(2)
      expect([...chunk.record].slice(1, 3)).toEqual([0, 1, 2].filter(index => index !== place))
      expect(rejects).toMatchObject([{ reason: 'bad_envelope', pointer: `/records/${place}`, recordIndex: place }])
      expect(rejects[0]!.detail).toContain(found)
      expect(text(rejects[0]!.bytes)).toBe(bad)
    }
  })

  test('E3: 1 MB messages of one record, of 5,000 and of one long text are done', () => {
    const long = message(record({ a: 'x'.repeat(1_000_000) }))
    const many = message(...Array.from({ length: 5000 }, (_, index) => record({ index, a: 'x'.repeat(60) })))
    const wide = message(record(Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`k${index}`, 1]))))
    const { rejects, documents } = run([long, many, wide])
    expect(rejects).toEqual([])
    expect(documents).toHaveLength(5002)
  })

  test.each([65, 5000, 500_000])('E4: %i levels cost this record alone, as too_deep', depth => {
    const deep = `{"category":"AdvancedHunting-X","properties":{"a":${'['.repeat(depth)}${']'.repeat(depth)}}}`
    const transform = createBatchTransform(options)
    const { rejects, chunk } = transform(batch(`{"records":[${goodRecord},${deep},${goodRecord}]}`))
    expect([...chunk.record]).toEqual([0, 2])
    expect(rejects.map(({ reason, recordIndex }) => [reason, recordIndex])).toEqual([['too_deep', 1]])
    expect(rejects[0]!.pointer).toMatch(/^\/records\/1/)
    expect(text(rejects[0]!.bytes)).toBe(deep)
  })

  test('E4: a mapper that runs out of stack costs this record alone', () => {
    const mapper: Mapper = {
      out,
      map({ properties, id }) {
        out.value('deep' in properties ? endless() : { id })
        return undefined
      },
      ...noDrift,
    }
    const { rejects, documents } = run([message(record(), record({ deep: 1 }), record())], {}, mapper)
    expect(documents).toHaveLength(2)
    expect(rejects).toMatchObject([{ reason: 'too_deep', recordIndex: 1 }])
  })

  test('a defect of the mapper costs this record alone', () => {
    const mapper: Mapper = {
      out,
      map({ properties, id }) {
        if ('bad' in properties) throw new TypeError('x is not a function')
        out.value({ id })
        return undefined
      },
      ...noDrift,
    }
    const { rejects, documents } = run([message(record(), record({ bad: 1 }), record())], {}, mapper)
    expect(documents).toHaveLength(2)
    expect(rejects).toMatchObject([{ reason: 'worker_crash', recordIndex: 1, pointer: '/records/1' }])
  })

  test("a mapper's reject carries the record's bytes and a pointer into the message", () => {
    const mapper: Mapper = {
      out,
      map: () => ({ reason: 'invalid', detail: 'Port is text', pointer: '/properties/Port' }),
      ...noDrift,
    }
    const { rejects, documents } = run([good], {}, mapper)
    expect(documents).toEqual([])
    expect(rejects).toMatchObject([
      { reason: 'invalid', detail: 'Port is text', pointer: '/records/0/properties/Port', recordIndex: 0 },
    ])
    expect(text(rejects[0]!.bytes)).toBe(goodRecord)
  })

  test('E5: NUL and control characters in values, keys and category are kept', () => {
    const odd = record({ 'a\0b': '\0\u0001\u001b[31m' }, 'AdvancedHunting-\0')
    const [document] = poison(message(odd)).documents
    expect(document!.envelope).toEqual(odd)
    expect(document!.table).toBe('\0')
  })

  test.each(['\\ud800', '\\uDFFF', 'a\\udc00\\ud800b', '\\ud83d\\ud83d\\ude00'])(
    'E6: lone surrogates (%s) are replaced, and the original text is kept',
    escapes => {
      const bad = `{"category":"x","properties":{"${escapes}":"${escapes}"}}`
      const pair = '{"category":"x","properties":{"a":"\\ud83d\\ude00"}}'
      const { documents, lines } = poison(`{"records":[${pair},${bad}]}`)
      const wellFormed = (JSON.parse(`"${escapes}"`) as string).toWellFormed()
      expect(documents.map(({ sanitized }) => sanitized)).toEqual([false, true])
      expect(documents[1]!.envelope.properties).toEqual({ [wellFormed]: wellFormed })
      expect(documents[1]!.original).toBe(bad)
      expect(lines.every(line => line.isWellFormed())).toBe(true)
    },
  )

  test('E6: surrogate pairs, and backslashes before ud800, stay as they are', () => {
    const properties = '{"a":"\\ud83d\\ude00","b":"\\\\ud800","c":"😀","d":"\\\\\\\\\\\\uDFFF"}'
    const { documents } = poison(`{"records":[{"category":"x","properties":${properties}}]}`)
    expect(documents).toMatchObject([{ sanitized: false, envelope: { properties: JSON.parse(properties) } }])
  })

  test('E8: of duplicate keys the last one wins', () => {
    const { documents } = poison(
      '{"records":[],"records":[{"category":"a","category":"b","properties":{"x":1,"x":2}}]}',
    )
    expect(documents).toMatchObject([{ table: 'b', envelope: { properties: { x: 2 } } }])
  })

  test('a key with an escape is not taken for one that a record before had', () => {
    const { lines } = run([message(record({ nested: { key: [], '\\': 0 } }), record({ nested: { key: 1, '"': 2 } }))])
    expect(lines[1]).toContain('{"key":1,"\\"":2}')
  })

  test('E9: __proto__, constructor and the like are plain data at any level', () => {
    const keys = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'toJSON']
    const inner = `{${keys.map(key => `${JSON.stringify(key)}:{"polluted":12345678901234567890}`).join()}}`
    const body = `{"records":[{"category":"x","properties":{"a":[${inner}],"__proto__":${inner}},"__proto__":${inner}}]}`
    const { lines } = poison(body)
    const [, line] = lines
    expect(line).toContain(`"properties":{"a":[${inner}],"__proto__":${inner}},"__proto__":${inner}}`)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  test('E9: nothing gets into the prototype through the mapping rules either', () => {
    const before = Object.getOwnPropertyNames(Object.prototype)
    const properties = JSON.parse(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"DeviceName":"ws-1"}',
    )
    const { chunk, rejects } = createBatchTransform(options)(batch(message(record(properties))))
    expect([chunk.ids.length, rejects]).toEqual([1, []])
    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    expect(text(chunk.lines)).toContain('polluted')
  })

  test('E13: any category is kept, with the prefix in any case or without it', () => {
    const categories = ['AdvancedHunting-DeviceEvents', 'advancedhunting-deviceevents', 'DeviceEvents', 'New-Table', '']
    const { documents, chunk } = run([message(...categories.map(category => record({}, category)))])
    expect(documents.map(({ table }) => table)).toEqual([
      'DeviceEvents',
      'deviceevents',
      'DeviceEvents',
      'New-Table',
      '',
    ])
    expect(chunk.tables).toEqual(['DeviceEvents', 'deviceevents', 'New-Table', ''])
    expect([...chunk.table]).toEqual([0, 1, 0, 2, 3])
  })

  test('E15, E16: hostile categories and values stay inside of their line', () => {
    const hostile = [
      '../../etc/passwd',
      '\n{"delete":{}}\n',
      '\u2028',
      '\u001b[31m',
      '</script>',
      '\u0024{jndi:ldap://x}',
      '😀'.repeat(300),
    ]
    const { documents, lines } = run([message(...hostile.map(value => record({ value }, value)))])
    expect(lines).toHaveLength(hostile.length)
    expect(documents.map(({ envelope }) => envelope.properties.value)).toEqual(hostile)
  })

  test('E18: more tables than table numbers still are told apart from the first ones', () => {
    const bodies = Array.from({ length: 7 }, (_, part) =>
      message(...Array.from({ length: 10_000 }, (_, index) => record({}, `t${part * 10_000 + index}`))),
    )
    const { chunk } = run(bodies)
    const names = [...chunk.table].map(index => chunk.tables[index])
    expect(names.slice(0, 65_535)).toEqual(Array.from({ length: 65_535 }, (_, index) => `t${index}`))
    expect(new Set(names.slice(65_535))).toEqual(new Set(['unknown']))
  })

  test('a thousand broken messages do not keep a good one back', () => {
    const { rejects, documents } = run([...Array.from({ length: 1000 }, () => '{"records":[null,'), good])
    expect([rejects.length, documents.length]).toEqual([1000, 1])
  })
})

function endless(): object {
  return { inner: endless() }
}
