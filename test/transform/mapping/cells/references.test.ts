import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { referenceSplits, references } from '../../../../src/transform/mapping/cells/references.ts'
import { collect } from '../../../../src/transform/mapping/cells/sets.ts'
import { conversions } from '../../../../src/transform/mapping/convert.ts'
import { splits } from '../../../../src/transform/mapping/split.ts'
import { cellsOf } from './cells-of.ts'

const { date, ip, lower, action, text, full_path, entity_id } = references
const ofText = { date, ip, lower, action, text }

const names2 = fc.string({
  unit: fc.constantFrom('a', 'B', '.', '\\', '/', 'é', '"', ' ', ':'),
  minLength: 1,
  maxLength: 8,
})
const dates = fc
  .tuple(
    fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }),
    fc.constantFrom('', '1', '12345', 'x'),
    fc.boolean(),
  )
  .map(([value, digits, zoned]) => `${value.toISOString().slice(0, -1)}${digits}${zoned ? 'Z' : ''}`)
const addresses = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.constantFrom('01.2.3.4', '1.2.3', '1.2.3.4.5', '1..2.3', '256.1.1.1', '1.2.3.4%eth0', '-'),
)
const texts = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 20 }),
  names2,
  dates,
  addresses,
)

describe('a reference comes to what its conversion gives', () => {
  test.each(Object.keys(ofText) as (keyof typeof ofText)[])('%s', name => {
    fc.assert(
      fc.property(texts, value => {
        const cells = cellsOf('string', value)
        expect(cells.of(ofText[name](cells, 0))).toEqual(conversions[name](value))
        // Some are known by then.
        expect(cells.of(ofText[name](cells, 0))).toEqual(conversions[name](value))
      }),
      { numRuns: 500 },
    )
  })

  test.each([0, 1, -1, 999_999_999_999_999, 4_294_967_296])('long and text of %d', value => {
    const cells = cellsOf('long', value)
    expect(cells.of(references.long(cells, 0))).toBe(value)
    expect(cells.of(references.text(cells, 0))).toBe(String(value))
  })

  test.each([true, false])('boolean of %s', value => {
    const cells = cellsOf('bool', value)
    expect(cells.of(references.boolean(cells, 0))).toBe(value)
  })

  test('full_path and the parts of a path', () => {
    const parts = splits.path!
    fc.assert(
      fc.property(
        fc.option(names2, { nil: undefined }),
        fc.option(names2, { nil: undefined }),
        fc.boolean(),
        (folder, file, whole) => {
          const path = whole && folder !== undefined && file !== undefined ? `${folder}\\${file}` : folder
          const cells = cellsOf('string', path, file)
          expect(cells.of(full_path(cells, 0, 1))).toEqual(conversions.full_path(path, file))
          const expected = parts.run(path, file)
          expect(referenceSplits.path(cells, 0, 1)).toBe(expected !== undefined)
          if (expected === undefined) return
          const found = parts.parts.map((_part, index) => cells.of(cells.parts[index]!))
          expect(found).toEqual(parts.parts.map(part => expected[part]))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test('the arguments of a command line', () => {
    const lines = fc.oneof(
      names2,
      fc.array(texts, { minLength: 1, maxLength: 4 }).map(words => words.join(' ')),
      fc.constant('x '.repeat(600)),
    )
    fc.assert(
      fc.property(lines, line => {
        const cells = cellsOf('string', line)
        const expected = splits.command_line!.run(line)
        for (let time = 0; time < 2; time++) {
          expect(referenceSplits.command_line(cells, 1)).toBe(expected !== undefined)
          if (expected !== undefined)
            expect([...cells.parts.subarray(0, 2)].map(ref => cells.of(ref))).toEqual([expected.args, expected.count])
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('ids of processes', () => {
  const device = '0123456789abcdef0123456789abcdef01234567'
  const processOf = (pid: unknown, start: unknown, machine: unknown) => {
    const cells = cellsOf('dynamic', pid, start, machine)
    return cells.of(entity_id(cells, 0, 1, 2))
  }

  test('are those of the conversion, known or not', () => {
    for (let time = 0; time < 2; time++) {
      for (const pid of [0, 1, 4711, 4_294_967_296, -3]) {
        for (const start of ['2026-03-02T08:00:00.1234567Z', '2026-03-02T08:00:00.123', '2026-02-29T08:00:00.123Z']) {
          for (const machine of [device, 'short', device.replace('0', 'é')]) {
            const cut = conversions.date(start)
            expect(processOf(pid, start, machine)).toBe(conversions.entity_id(pid, cut, machine))
          }
        }
      }
    }
  })

  test('there is none where a part is missing', () => {
    expect(processOf(undefined, '2026-03-02T08:00:00.123Z', device)).toBeUndefined()
    expect(processOf(1, undefined, device)).toBeUndefined()
    expect(processOf(1, '2026-03-02T08:00:00.123Z', undefined)).toBeUndefined()
  })
})

describe('sets', () => {
  test('keep their order and hold each text once, wherever it comes from', () => {
    const cells = cellsOf('string', 'a', 'b\\c', 'a', 'é', 'b')
    for (const ref of [
      1,
      2,
      3,
      4,
      5,
      cells.worth('a'),
      cells.worth('new'),
      cells.worth('b\\c'),
      cells.worth(['b', 'list']),
    ]) {
      collect(cells, 0, ref)
    }
    collect(cells, 0, 0)
    expect(cells.of(cells.refs[0]!)).toEqual(['a', 'b\\c', 'é', 'b', 'new', 'list'])
    collect(cells, 1, cells.refs[0]!)
    expect(cells.of(cells.refs[1]!)).toEqual(cells.of(cells.refs[0]!))
  })

  test('take long lists, and what comes before and behind one', () => {
    const list = Array.from({ length: 5000 }, (_, index) => `x${index % 4000}`)
    const cells = cellsOf('string', 'first', 'x1', 'last')
    for (const ref of [1, cells.worth(list), 2, 3]) collect(cells, 0, ref)
    const found = cells.of(cells.refs[0]!) as string[]
    expect(found).toEqual(['first', ...list.slice(0, 4000), 'last'])
  })
})
