import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documentBytes, tableOf } from '../../src/core/chunk.ts'
import { parseJson } from '../../src/core/parse-json.ts'
import type { Mapper } from '../../src/transform/record.ts'
import { message, noDrift, plainMapper, record, run } from './support/batches.ts'

const value = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('\n', '\u2028', '😀', '\r\n{'),
)
const usable = fc
  .tuple(fc.dictionary(fc.string(), value), fc.constantFrom('A', 'B', 'AdvancedHunting-C'))
  .map(([properties, category]) => record(properties, category))
const element = fc.oneof(
  { weight: 4, arbitrary: usable },
  { weight: 1, arbitrary: fc.constantFrom(null, 1, 'x', [], {}) },
)

describe('a chunk', () => {
  test('holds every usable record once, in order, and everything else is a reject', () => {
    fc.assert(
      fc.property(fc.array(fc.array(element, { maxLength: 6 }), { maxLength: 4 }), messages => {
        const { chunk, rejects, documents } = run(messages.map(records => message(...records)))
        const expected = messages.flatMap((records, m) =>
          records.map((content, r) => ({ place: `${m}/${r}`, content })),
        )
        const delivered = documents.map(({ envelope }, i) => ({
          place: `${chunk.message[i]}/${chunk.record[i]}`,
          content: envelope,
        }))
        const refused = rejects.map(({ message, recordIndex, bytes }) => ({
          place: `${message.sequenceNumber - 100}/${recordIndex}`,
          content: parseJson(Buffer.from(bytes).toString()),
        }))
        const order = new Map(expected.map(({ place }, index) => [place, index]))
        const all = [...delivered, ...refused].sort((a, b) => order.get(a.place)! - order.get(b.place)!)
        expect(JSON.stringify(all)).toBe(JSON.stringify(expected))
        expect(delivered.map(({ place }) => order.get(place)!)).toEqual(
          delivered.map(({ place }) => order.get(place)!).sort((a, b) => a - b),
        )
      }),
      { numRuns: 200 },
    )
  })

  test('is one JSON object and a line feed for each document', () => {
    fc.assert(
      fc.property(fc.array(usable, { maxLength: 8 }), records => {
        const { chunk } = run([message(...records)])
        expect(chunk.ends.at(-1) ?? 0).toBe(chunk.lines.length)
        for (const [index, id] of chunk.ids.entries()) {
          const line = Buffer.from(documentBytes(chunk, index)).toString()
          expect(line.endsWith('\n')).toBe(true)
          expect(line.slice(0, -1)).not.toContain('\n')
          expect(parseJson(line)).toMatchObject({ id, table: tableOf(chunk, index) })
        }
      }),
      { numRuns: 200 },
    )
  })

  test('keeps its bytes when the next one is made, and when documents outgrow the buffer', () => {
    const first = run([message(record({ a: 'first' }))])
    const bytes = Buffer.from(first.chunk.lines).toString()
    const large = run(Array.from({ length: 30 }, (_, index) => message(record({ index, a: 'ä'.repeat(400_000) }))))
    expect(large.documents.map(({ envelope }) => [envelope.properties.index, envelope.properties.a.length])).toEqual(
      Array.from({ length: 30 }, (_, index) => [index, 400_000]),
    )
    expect(Buffer.from(first.chunk.lines).toString()).toBe(bytes)
  })

  test('has positions only for records from a hub', () => {
    const positions: unknown[] = []
    const { out } = plainMapper
    const mapper: Mapper = {
      out,
      map(input) {
        out.value({ p: positions.push(input.position) })
        return undefined
      },
      ...noDrift,
    }
    run([message(record())], {}, mapper)
    expect(positions).toEqual([
      {
        eventHub: 'defender',
        consumerGroup: '$Default',
        partitionId: '3',
        sequenceNumber: 100,
        offset: '0',
        enqueuedTime: '2026-07-22T00:00:00.000Z',
      },
    ])
  })
})
