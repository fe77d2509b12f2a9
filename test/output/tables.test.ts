import fc from 'fast-check'
import { expect, test } from 'vitest'
import { TableFilter } from '../../src/output/tables.ts'
import { chunkOf } from '../support/chunks.ts'

test.each<[string[], string, boolean]>([
  [['*'], 'Anything', true],
  [['*'], '', true],
  [['DeviceEvents'], 'DeviceEvents', true],
  [['DeviceEvents'], 'DeviceEvents2', false],
  [['deviceevents'], 'DeviceEvents', false],
  [['Device*'], 'DeviceInfo', true],
  [['Device*'], 'MyDeviceInfo', false],
  [['*Events'], 'EmailEvents', true],
  [['*Events'], 'EventsEmail', false],
  [['a*a'], 'a', false],
  [['a*a'], 'aa', true],
  [['a*b*c'], 'a-b-b-c', true],
  [['a*b*c'], 'a-c-b', false],
  [['a**c'], 'abc', true],
  [['D.vice'], 'Device', false],
  [['EmailEvents', 'Device*'], 'DeviceInfo', true],
  [['*', '!Device*'], 'DeviceInfo', false],
  [['*', '!Device*'], 'EmailEvents', true],
])('%j and the table %s: %s', (patterns, table, wanted) => {
  expect(new TableFilter(patterns).wants(table)).toBe(wanted)
})

test('patterns mean the same as the regular expression that one would write', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '*'), minLength: 1, maxLength: 6 })
  const check = (name: string, glob: string) => {
    const regex = new RegExp(`^${glob.replaceAll('*', '.*')}$`)
    expect(new TableFilter([glob]).wants(name)).toBe(regex.test(name))
  }
  fc.assert(fc.property(text, pattern, check), { numRuns: 2000 })
})

test('current states are for outputs that can replace them', () => {
  const chunk = {
    ...chunkOf([{ n: 0 }, { n: 1 }, { n: 2 }], { tables: ['alert'] }),
    versions: Float64Array.of(0, 5, 0),
  }
  expect(new TableFilter(['*'], true).keep(chunk)).toBe(chunk)
  for (const patterns of [['*'], ['alert']]) {
    const kept = new TableFilter(patterns).keep(chunk)
    expect(kept.ids).toEqual([chunk.ids[0], chunk.ids[2]])
    expect([...kept.versions!]).toEqual([0, 0])
  }
  expect(new TableFilter(['incident'], true).keep(chunk).ids).toEqual([])
})
