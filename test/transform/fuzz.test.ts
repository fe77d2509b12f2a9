import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createInputs } from '../../scripts/fuzz/inputs.ts'
import { createCheck, messageOf } from '../../scripts/fuzz/invariants.ts'
import { fuzz, replay } from '../../scripts/fuzz/run.ts'
import { readTree, writeTree } from '../../scripts/fuzz/tree.ts'
import type { SourceBatch, Transformed } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import type { TransformOptions } from '../../src/transform/options.ts'
import { tempDirectory } from '../support/temp.ts'
import { record, options as settings } from './support/batches.ts'

/** One for each way to make ids: its tables take longer to compile than all inputs here. */
const sound = {
  position: createBatchTransform(settings),
  content: createBatchTransform({ ...settings, ids: 'content' }),
}

/** The transform with a fault in what it gives back. */
const faulty = (change: (result: Transformed, batch: SourceBatch, options: TransformOptions) => Transformed) => {
  return (options: TransformOptions) => (batch: SourceBatch) => change(sound[options.ids](batch), batch, options)
}

const withLines = (change: (text: string) => string) =>
  faulty(result => {
    const parts = Buffer.from(result.chunk.lines)
      .toString()
      .split(/(?<=\n)/)
    const lines = parts.map(line => Buffer.from(change(line)))
    let end = 0
    const ends = Uint32Array.from(lines, line => {
      end += line.length
      return end
    })
    return { ...result, chunk: { ...result.chunk, lines: Buffer.concat(lines), ends } }
  })

/** Instead of all fields of ECS but those about the event. */
const withFields = (fields: string) =>
  withLines(line => {
    const { '@timestamp': time, event, m365_defender } = JSON.parse(line) as Record<string, unknown>
    return `${JSON.stringify({ '@timestamp': time, event, m365_defender }).slice(0, -1)},${fields}}\n`
  })

const bytes = (one: unknown) => Buffer.from(JSON.stringify(one))
const usual = record({ Timestamp: '2026-07-22T10:43:05Z', DeviceName: 'ws-1', AdditionalFields: '{"a":"deep"}' })
const exact = bytes(record()).toString().replace('"ws-1"', '"ws-1","ReportId":639199916335081329')
const bodies = [
  messageOf(bytes(usual), bytes(null), Buffer.from(exact)),
  messageOf(bytes(record({ FileName: 'a.exe' }))),
  Buffer.from('{"records":['),
]

describe('the invariants of the transform', () => {
  test('hold for sound, odd and broken messages', () => {
    const { result } = createCheck()(bodies)
    expect(result.chunk.ids).toHaveLength(3)
    expect(result.rejects.map(({ reason }) => reason)).toEqual(['bad_envelope', 'invalid_json'])
  })

  let calls = 0
  test.each([
    ['a lost value', withLines(line => line.replace('"deep"', '"else"')), /lost "deep"/],
    ['a rounded number', withLines(line => line.replace('639199916335081329', '639199916335081300')), /lost 6391999/],
    ['half a character', withLines(line => line.replace('ws-1', '\\ud800')), /lone surrogate/],
    ['an empty value', withLines(line => line.replace('"deep"', '""')), /is empty/],
    ['an object for a text', withFields('"ecs":{"version":{"a":1}}'), /ecs.version takes keyword, not \{/],
    ['a text for an object', withFields('"ecs":"8.17.0"'), /ecs takes an object, not "8/],
    ['a text for JSON', withLines(line => line.replace('{"a":"deep"}', '"deep"')), /additional_fields takes flattened/],
    ['an object in a list', withFields('"related":{"user":["a",{"b":"c"}]}'), /related.user takes keyword/],
    ['no address', withFields('"source":{"ip":["10.0.0.1","10.0.0.256"]}'), /source.ip takes ip/],
    ['no date', withFields('"process":{"start":"2026-02-30T25:00:00.000Z"}'), /process.start takes date/],
    ['no number', withFields('"source":{"port":1.5}'), /source.port takes long/],
    ['no truth value', withFields('"file":{"code_signature":{"exists":"yes"}}'), /exists takes boolean/],
    ['no score', withFields('"vulnerability":{"score":{"base":"7"}}'), /base takes float/],
    ['no field', withFields('"process":{"pids":1}'), /process.pids is in no template/],
    ['no place', withFields('"source":{"geo":{"location":{"lat":91,"lon":0}}}'), /source.geo.location takes geo_point/],
    ['a line feed too many', withLines(line => line.replace(/^\{/, '{\n')), /not one line/],
    ['a document without time', withLines(line => line.replace('"@timestamp"', '"timestamp"')), /is of undefined/],
    ['a lost reject', faulty(result => ({ ...result, rejects: [] })), /records that came out|rejects/],
    [
      'a reason that is not true',
      faulty(result => ({ ...result, rejects: result.rejects.map(reject => ({ ...reject, reason: 'too_large' })) })),
      /rejected as too_large/,
    ],
    [
      'a dead letter with other bytes',
      faulty(result => ({ ...result, rejects: result.rejects.map(reject => ({ ...reject, bytes: bytes(1) })) })),
      /bytes/,
    ],
    [
      'ids that change',
      faulty(({ chunk, ...rest }) => ({ ...rest, chunk: { ...chunk, ids: chunk.ids.map(id => `${id}x${++calls}`) } })),
      /second run/,
    ],
    [
      'a document that depends on its neighbours',
      faulty((result, { messages }, { ids }) => {
        if (ids === 'position' || messages[0]!.sequenceNumber === 7) return result
        return { ...result, chunk: { ...result.chunk, ids: result.chunk.ids.map(id => `${id}n`) } }
      }),
      /one by one/,
    ],
    [
      'a transform that throws',
      faulty(() => {
        throw new TypeError('x is not a function')
      }),
      /not a function/,
    ],
  ])('tell %s', (_name, create, message) => {
    expect(() => createCheck({}, create)(bodies)).toThrow(message)
  })
})

test('a reject for a wrong type has to point to it', () => {
  const wrong = [messageOf(bytes(record({ Timestamp: 'yesterday' })))]
  const misplaced = (options: TransformOptions) => {
    const transform = createBatchTransform(options)
    return (batch: SourceBatch): Transformed => {
      const { rejects, ...rest } = transform(batch)
      return { ...rest, rejects: rejects.map(reject => ({ ...reject, pointer: '/records/0/Timestamp' })) }
    }
  }
  expect(createCheck({ strict: true })(wrong).result.rejects).toMatchObject([{ reason: 'invalid' }])
  expect(() => createCheck({ strict: true }, misplaced)(wrong)).toThrow(/where nothing is/)
})

describe('the fuzzer', () => {
  test('finds nothing in its first inputs', () => {
    const lines: string[] = []
    expect(
      fuzz({ seed: 'suite', goOn: inputs => inputs < 60, print: line => lines.push(line) }),
      lines.join('\n'),
    ).toBe(false)
    expect(lines.at(-1)).toMatch(
      /^60 inputs, \d+ messages, \d+ documents, \d+ rejects \(.*\), slowest \d+ ms .*; no failure$/,
    )
  })

  test('makes the same inputs of the same seed', () => {
    const texts = (seed: string) => {
      const next = createInputs(seed)
      return Array.from({ length: 20 }, () => Buffer.concat(next()).toString('base64'))
    }
    expect(texts('a')).toEqual(texts('a'))
    expect(texts('a')).not.toEqual(texts('b'))
  })

  test('keeps a small input that fails, and says how to run it again', async () => {
    const directory = join(await tempDirectory(), 'kept')
    const lines: string[] = []
    const print = (line: string) => lines.push(line)
    const create = withLines(line => line.replaceAll('"operation_name":"Publish"', '"operation_name":"x"'))
    expect(fuzz({ seed: 's/1', goOn: inputs => inputs < 50, print, directory, create })).toBe(true)
    const [name] = readdirSync(directory)
    expect(lines.at(-1)).toBe(`kept in ${directory}/${name}; again: npm run fuzz -- --replay ${directory}/${name}`)
    expect(JSON.parse(lines.at(-2)!).records.map(Object.keys)).toEqual([expect.arrayContaining(['operationName'])])
    expect(lines.at(-2)!.length).toBeLessThan(120)
    expect(replay(join(directory, name!), print)).toBe(false)
    expect(lines.at(-1)).toBe('no failure')
  })

  test('takes JSON apart and puts it together as it was', () => {
    const text = '{"a":[1e400,-0,{},[],"\\ud800\\"]"],"a":{"__proto__":null,"":[true]}}'
    expect(writeTree(readTree(text))).toBe(text)
    expect(writeTree(readTree(text), () => ' ').replaceAll(' ', '')).toBe(text)
  })
})
