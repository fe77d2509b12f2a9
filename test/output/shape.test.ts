import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Budget } from '../../src/core/budget.ts'
import { documentBytes, subset } from '../../src/core/chunk.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Chunk, Delivery, Message, Output } from '../../src/core/types.ts'
import { portions } from '../../src/output/queue.ts'
import { rawChunk } from '../../src/output/raw.ts'
import { type Shape, ShapedOutput, shapeOf } from '../../src/output/shape.ts'
import { chunkOf } from '../support/chunks.ts'
import { allDelivered, docs, inFlight, laneOf, MemoryDeadLetter, ScriptedOutput, settledBy } from '../support/lanes.ts'

/** A chunk of these records of these bodies; what its documents are does not matter. */
function chunkOfBodies(
  bodies: readonly string[],
  places: readonly (readonly [message: number, record: number])[],
): Chunk {
  const chunk = chunkOf(docs(places.length))
  const messages = bodies.map(
    (body, index): Message => ({ ...chunk.messages[0]!, sequenceNumber: index, body: Buffer.from(body) }),
  )
  return {
    ...chunk,
    messages,
    message: Uint32Array.from(places, ([message]) => message),
    record: Uint32Array.from(places, ([, record]) => record),
  }
}

const linesOf = (chunk: Chunk) => chunk.ids.map((_, index) => Buffer.from(documentBytes(chunk, index)).toString())

describe('a raw chunk', () => {
  test('has the records of its documents as they came, in their order', () => {
    const bodies = [
      '\ufeff{"records": [ {"a": 1.50 , "b":"\\u0061\\/"},null,{"a":639199916335081329,"a":2} ] }',
      '{"records":[],"records":[{"ü":"\u2028 😀"}]}',
    ]
    const chunk = rawChunk(
      chunkOfBodies(bodies, [
        [0, 0],
        [0, 2],
        [1, 0],
      ]),
    )
    expect(linesOf(chunk)).toEqual([
      '{"a": 1.50 , "b":"\\u0061\\/"}\n',
      '{"a":639199916335081329,"a":2}\n',
      '{"ü":"\u2028 😀"}\n',
    ])
    expect(chunk.ends.at(-1)).toBe(chunk.lines.length)
  })

  test('is still a line for each record when records span lines: each line break becomes a blank', () => {
    const body = '{"records":[\r\n  {\r\n\t"a":\n"x\\n\\r\\ny",\n\n"b":[\r1]}\n]}'
    expect(linesOf(rawChunk(chunkOfBodies([body], [[0, 0]])))).toEqual(['{  \t"a": "x\\n\\r\\ny",  "b":[ 1]}\n'])
  })

  test('has an item once, however many documents it became', () => {
    const body = '{"value":[{"id":"1","alerts":[{},{}]}, {"id":"2"} ]}'
    const places = [
      [0, 0],
      [0, 0],
      [0, 1],
    ] as const
    const chunk = chunkOfBodies([body], places)
    const lines = linesOf(rawChunk({ ...chunk, origin: { ...chunk.origin, dataset: 'incident' } }))
    expect(lines).toEqual(['{"id":"1","alerts":[{},{}]}\n', '', '{"id":"2"}\n'])
  })

  test('has an item once also where its documents are written apart, or some of them again', () => {
    const body = '{"value":[{"id":"1","alerts":[{},{},{}]},{"id":"2"}]}'
    const places = [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, 1],
    ] as const
    const chunk = chunkOfBodies([body], places)
    const incidents = { ...chunk, origin: { ...chunk.origin, dataset: 'incident' as const } }
    const parts = portions(incidents, { bytes: 1e6, count: 2, age: 0 })
    const once = ['{"id":"1","alerts":[{},{},{}]}\n', '', '', '{"id":"2"}\n']
    expect(parts.flatMap(part => linesOf(rawChunk(part)))).toEqual(once)
    expect(linesOf(rawChunk(subset(parts[0]!, [1])))).toEqual([''])
    expect(linesOf(rawChunk(subset(subset(parts[1]!, [0, 1]), [1])))).toEqual(['{"id":"2"}\n'])
  })

  test('of anything is what was sent, apart from line breaks', () => {
    const record = fc
      .tuple(fc.jsonValue(), fc.constantFrom(undefined, 2, '\t'))
      .map(([value, gap]) => JSON.stringify({ value }, null, gap))
    fc.assert(
      fc.property(fc.array(fc.array(record, { maxLength: 4 }), { maxLength: 4 }), messages => {
        const places = messages.flatMap((records, message) => records.map((_, index) => [message, index] as const))
        const bodies = messages.map(records => `{"records":[${records.join('\n,\n')}]}`)
        const expected = messages.flat().map(text => `${text.replaceAll('\n', ' ')}\n`)
        const chunk = chunkOfBodies(bodies, places)
        expect(linesOf(rawChunk(chunk))).toEqual(expected)
        const odd = places.map((_, index) => index).filter(index => index % 2 === 1)
        expect(linesOf(rawChunk(subset(chunk, odd)))).toEqual(odd.map(index => expected[index]))
      }),
    )
  })

  test('leaves the bodies as they are', () => {
    const body = '{"records":[{\n"a":1}]}'
    const chunk = chunkOfBodies([body], [[0, 0]])
    rawChunk(chunk)
    expect(Buffer.from(chunk.messages[0]!.body).toString()).toBe(body)
  })
})

const shaped = (output: Output, shape: Shape, budget = new Budget(1e6)) => new ShapedOutput(output, shape, budget)

/** An output that keeps what it was given as text, and answers as told. */
function recording(answers: Delivery[], look = () => {}) {
  const written: string[] = []
  const output = new ScriptedOutput(chunks => {
    look()
    written.push(chunks.map(chunk => Buffer.from(chunk.lines).toString()).join(''))
    return answers.shift() ?? allDelivered
  })
  return { output, written }
}

const bodies = ['{"records":[{"n": 0},{"n": 1},{"n": 2}]}']
const all = [
  [0, 0],
  [0, 1],
  [0, 2],
] as const

describe('a lane before a shaped output', () => {
  test('writes raw records, again those that failed, and dead-letters the bytes of those that were refused', async () => {
    const { output, written } = recording([{ rejected: [{ index: 1, detail: 'no' }], retry: [2], duplicates: 0 }])
    const deadLetter = new MemoryDeadLetter()
    const { lane, metrics } = laneOf(shaped(output, rawChunk), { deadLetter })
    await lane.submit(chunkOfBodies(bodies, all))
    expect(written).toEqual(['{"n": 0}\n{"n": 1}\n{"n": 2}\n', '{"n": 2}\n'])
    expect(deadLetter.rejects.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['{"n": 1}'])
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 2, dead_letter: 1 })
  })

  test('dead-letters the bytes as received where fields are dropped, for so it can be driven in again', async () => {
    const { output, written } = recording([{ rejected: [{ index: 0, detail: 'no' }], retry: [], duplicates: 0 }])
    const deadLetter = new MemoryDeadLetter()
    const shape = shapeOf('ecs', { drop: ['user'] })!
    const { lane } = laneOf(shaped(output, shape), { deadLetter })
    await lane.submit(chunkOf([{ user: 'mara', x: 1 }]))
    expect(written).toEqual(['{"x":1}\n'])
    expect(deadLetter.rejects.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['{"user":"mara","x":1}'])
  })

  test('holds the documents that all outputs share; its own lines are made, and counted, for each write alone', async () => {
    const shape = shapeOf('ecs', { hash: ['user'], hashKey: new Secret('0123456789abcdef') })!
    const budget = new Budget(1e6)
    const used: number[] = []
    const { output, written } = recording([{ rejected: [], retry: [0], duplicates: 0, outage: 'down' }], () => {
      used.push(budget.used)
    })
    const { lane, metrics } = laneOf(shaped(output, shape, budget))
    const chunk = chunkOf([{ user: 'a' }])
    const settled = lane.submit(chunk)
    expect(await inFlight(metrics)).toBe(chunk.lines.length)
    await settled
    expect(written).toHaveLength(2)
    expect(written[0]).toBe(written[1])
    expect(used).toEqual(written.map(text => text.length))
    expect(budget.used).toBe(0)
    expect(Buffer.from(chunk.lines).toString()).toBe('{"user":"a"}\n')
  })

  test('gives back what a write took that ended with an error', async () => {
    const budget = new Budget(1e6)
    const output = new ScriptedOutput(() => Promise.reject(new Error('a defect')))
    const { lane, abort } = laneOf(shaped(output, rawChunk, budget))
    lane.submit(chunkOf(docs(1))).catch(() => {})
    await expect.poll(() => output.writes.length, { timeout: 10_000 }).toBeGreaterThan(1)
    abort.abort()
    await lane.idle()
    expect(budget.used).toBe(0)
  })

  test('counts what its tables leave out as filtered', async () => {
    const { output, written } = recording([])
    const { lane, metrics } = laneOf(shaped(output, rawChunk), { tables: ['Device*', '!DeviceInfo'] })
    const tables = ['DeviceEvents', 'DeviceInfo', 'EmailEvents']
    const mixed = { ...chunkOf(docs(3), { tables }), messages: chunkOfBodies(bodies, all).messages }
    await lane.submit(mixed)
    await lane.submit(chunkOf(docs(2), { tables: ['EmailEvents'] }))
    expect(written).toEqual(['{"n": 0}\n'])
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 1, filtered: 4 })
  })
})

test('an output that wants documents as they are has no shape', () => {
  expect(shapeOf('ecs', undefined)).toBeUndefined()
})
