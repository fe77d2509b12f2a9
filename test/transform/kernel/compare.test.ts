import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { texts } from '../../../src/transform/kernel/kinds.ts'
import {
  outAt,
  stateHasRemarks,
  stateOut,
  statePosition,
  stopCompare,
  stopEnd,
} from '../../../src/transform/kernel/layout.ts'
import type { Cells } from '../../../src/transform/mapping/cells/cells.ts'
import { references } from '../../../src/transform/mapping/cells/references.ts'
import { collect } from '../../../src/transform/mapping/cells/sets.ts'
import { DocumentTree } from '../../../src/transform/mapping/document/document-plan.ts'
import type { VendorField } from '../../../src/transform/mapping/document/vendor-field.ts'
import { runtime } from '../../../src/transform/mapping/runtime.ts'
import { cellsOf } from '../mapping/cells/cells-of.ts'

/** Texts that differ little: in case, in a bit that is not case, in escapes, beyond ASCII. */
const text = fc.oneof(
  fc.constantFrom(
    'a[',
    'A[',
    'a{',
    'A{',
    'a@',
    'a`',
    'ab',
    'é',
    'É',
    'aé',
    'aÉ',
    'a\n',
    'a\\',
    'A\\',
    '"',
    '1',
    '12',
    'true',
  ),
  // Its small letter is an ordinary k.
  fc.constantFrom('a\u212a', 'ak', 'aK'),
  fc.constantFrom('2026-03-02T08:00:00.123Z', '2026-03-02T08:00:00.1234567Z', '2026-03-02T08:00:00.124Z'),
  fc.constantFrom('x'.repeat(16), 'X'.repeat(16), `${'x'.repeat(16)}é`, `${'x'.repeat(16)}É`, `${'x'.repeat(16)}e`),
)
const isAscii = (value: unknown) => /^[\x20-\x7e]*$/.test(String(value))

/** How a field came to its value, from slot 1. */
const ways: Record<string, (cells: Cells) => number> = {
  'as it came': () => 2,
  'as text that was made': cells => cells.worth(cells.value(1)),
  'in lower case': cells => references.lower(cells, 1),
  'as a date': cells => references.date(cells, 1) || 2,
  'as an action': cells => references.action(cells, 1),
  'as a number': cells => cells.worth(12),
  'as a truth value': cells => cells.worth(true),
}
const way = fc.constantFrom(...Object.keys(ways))

describe('whether a field has the value of a column', () => {
  const field: VendorField = {
    column: { column: 'A', type: 'string', label: 'A', name: 'a', fieldType: 'keyword', duplicate: true },
    ...{
      path: 'a',
      slot: 0,
      elseSlot: 0,
      copied: texts,
      quoted: 0,
      isDate: false,
      isAddress: false,
      json: '' as const,
    },
    copies: Int32Array.of(0),
    value: () => undefined,
  }
  const tree = new DocumentTree()
  tree.add('a', { kind: 'vendor', number: 0, field, isTold: false })
  const { kernel } = cellsOf('string', 'x')
  const plan = tree.plan(kernel)

  /** What the kernel says of slot 0 and field 0; undefined where it leaves that to the caller. */
  function isThere(): boolean | undefined {
    kernel.state[stateOut] = outAt
    kernel.state[statePosition] = 0
    kernel.state[stateHasRemarks] = 0
    const stop = kernel.run.write(plan.steps, plan.stepsEnd, false)
    if (stop === stopCompare) return undefined
    expect(stop).toBe(stopEnd)
    return !kernel.bytes.toString('latin1', outAt, kernel.state[stateOut]).includes('"a":')
  }

  test.each([false, true])('is told as by its text; in a set: %s', inSet => {
    let clear = 0
    fc.assert(
      fc.property(text, text, way, (value, other, name) => {
        const cells = cellsOf('string', value, other)
        const ref = ways[name]!(cells)
        if (inSet) collect(cells, 0, ref)
        else cells.refs[0] = ref
        const found = isThere()
        if (found === undefined) return
        clear++
        expect(found).toBe(runtime.same(cells.of(cells.refs[0]!), value))
      }),
      { numRuns: 5000 },
    )
    expect(clear).toBeGreaterThan(2000)
  })

  test('is told of all that is ASCII', () => {
    fc.assert(
      fc.property(text.filter(isAscii), text.filter(isAscii), way, (value, other, name) => {
        fc.pre(value.length !== 24)
        const cells = cellsOf('string', value, other)
        cells.refs[0] = ways[name]!(cells)
        expect(isThere()).toBeDefined()
      }),
    )
  })
})

const json = cellsOf('string', 'x').kernel.put(Buffer.from('["a","b"]'))

test('a set has what a set of values would have, in its order', () => {
  const from = fc.tuple(
    fc.nat(4),
    fc.constantFrom('slot', 'worth', 'lower', 'part', 'action', 'number', 'list', 'json', 'set'),
  )
  fc.assert(
    fc.property(fc.array(text, { minLength: 5, maxLength: 5 }), fc.array(from, { maxLength: 60 }), (values, adds) => {
      const cells = cellsOf('string', ...values)
      const expected = new Set<unknown>()
      // Another set, of which all elements are added.
      for (const slot of [4, 3]) collect(cells, 1, slot + 1)
      const other = cells.of(cells.refs[1]!)
      for (const [number, [slot, what]] of adds.entries()) {
        const value = values[slot]!
        const ref = {
          slot: () => slot + 1,
          worth: () => cells.worth(`${value}${number}`),
          lower: () => references.lower(cells, slot),
          part: () => cells.part(cells.from[slot]!, cells.from[slot]! + 1),
          action: () => references.action(cells, slot),
          number: () => cells.worth(number % 3 === 0 ? true : number % 13),
          list: () => cells.worth([value, `list${number}`]),
          json: () => cells.written(json, json + 9),
          set: () => cells.refs[1]!,
        }[what]()
        if (what === 'part' && /^[^ -~]|^["\\]/.test(value)) continue
        const added = cells.of(ref)
        collect(cells, 0, ref)
        for (const each of Array.isArray(added) ? added : [added]) expected.add(each)
      }
      expect(cells.of(cells.refs[0]!) ?? []).toEqual([...expected])
      expect(cells.of(cells.refs[1]!)).toEqual(other)
    }),
    { numRuns: 3000 },
  )
})
