import { expect, onTestFinished, test, vi } from 'vitest'
import { DriftRegister } from '../../src/core/drift.ts'
import { type LogFields, silent } from '../../src/core/log.ts'
import type { Drift } from '../../src/core/types.ts'

function drift(part: Partial<Drift>): Drift {
  return {
    kind: 'new_column',
    table: 'DeviceInfo',
    column: 'Foo',
    expected: '',
    field: '',
    count: 1,
    forms: {},
    ...part,
  }
}

function listening() {
  const lines: { text: string; fields: LogFields | undefined }[] = []
  const log = { ...silent, warn: (text: string, fields?: LogFields) => void lines.push({ text, fields }) }
  return { register: new DriftRegister(log), lines }
}

test('adds up counts and forms, and knows when it was first and last seen', () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 6, 3) })
  try {
    const register = new DriftRegister(silent)
    register.add([drift({ count: 2, forms: { empty: 2 } })])
    vi.setSystemTime(Date.UTC(2026, 6, 4))
    register.add([drift({ count: 3, forms: { empty: 1, text: 2 }, field: 'a.foo' })])
    expect(register.report()).toEqual({
      since: '2026-07-03T00:00:00.000Z',
      drift: [
        {
          ...drift({ count: 5, forms: { empty: 3, text: 2 }, field: 'a.foo' }),
          first_seen: '2026-07-03T00:00:00.000Z',
          last_seen: '2026-07-04T00:00:00.000Z',
        },
      ],
    })
  } finally {
    vi.useRealTimers()
  }
})

test('says each once, in a sentence; the columns of a new table are part of it', () => {
  const { register, lines } = listening()
  for (let round = 0; round < 2; round++) {
    register.add([
      drift({ forms: { text: 1 }, field: 'm365_defender.event.foo' }),
      drift({
        kind: 'type_change',
        column: 'OSBuild',
        expected: 'long',
        forms: { text: 1 },
        field: 'xdrelay.kept.OSBuild',
      }),
      drift({ kind: 'new_table', table: 'Novel', column: '', field: 'm365_defender.event' }),
      drift({ kind: 'new_table', table: 'Novel', column: 'A', forms: { text: 1 } }),
    ])
  }
  expect(lines.map(({ text }) => text)).toEqual([
    'new column DeviceInfo.Foo (text), kept as m365_defender.event.foo; see xdrelay drift',
    'column DeviceInfo.OSBuild is text where long is expected, kept as xdrelay.kept.OSBuild; see xdrelay drift',
    'new table Novel, kept as m365_defender.event.*; see xdrelay drift',
  ])
  expect(lines[0]!.fields).toEqual({
    'event.action': 'schema_drift',
    'labels.kind': 'new_column',
    'labels.table': 'DeviceInfo',
    'labels.column': 'Foo',
  })
})

test('a flood of names ends in one entry, and in one last line of the log for the hour', () => {
  const { register, lines } = listening()
  for (let column = 0; column < 5000; column++) register.add([drift({ column: `C${column}`, forms: { text: 1 } })])
  const report = register.report().drift
  expect(report).toHaveLength(2001)
  expect(report.at(-1)).toMatchObject({ kind: 'new_column', table: '*', column: '*', count: 3000, forms: {} })
  expect(lines).toHaveLength(51)
  expect(lines.at(-1)!.text).toMatch(/^more than 50 lines within an hour on drift of kind new_column: no more of them;/)
})

test('what is alike in a batch makes one line, with the first names', () => {
  const { register, lines } = listening()
  register.add([
    ...Array.from({ length: 100 }, (_, n) => drift({ column: `k${n}`, forms: { text: 1 } })),
    drift({ table: 'EmailEvents', column: 'Bar', forms: { text: 1 } }),
    ...['A', 'B'].map(column => drift({ kind: 'type_change', column, expected: 'long', forms: { text: 1 } })),
    ...['Novel', 'Other'].map(table => drift({ kind: 'new_table', table, column: '' })),
  ])
  expect(lines.map(({ text }) => text)).toEqual([
    '100 new columns of DeviceInfo: k0, k1, k2, k3, k4 and 95 more; see xdrelay drift',
    'new column EmailEvents.Bar (text); see xdrelay drift',
    '2 columns of DeviceInfo are not as expected: A, B; see xdrelay drift',
    '2 new tables: Novel, Other; see xdrelay drift',
  ])
  expect(lines.map(({ fields }) => fields)).toMatchObject([
    { 'labels.kind': 'new_column', 'labels.table': 'DeviceInfo', 'labels.count': 100 },
    { 'labels.column': 'Bar' },
    { 'labels.kind': 'type_change', 'labels.table': 'DeviceInfo', 'labels.count': 2 },
    { 'labels.kind': 'new_table', 'labels.count': 2 },
  ])
  expect(lines[3]!.fields).not.toHaveProperty('labels.table')
})

test('after a flood of columns a new table is said, once, and after an hour a new column again', () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { register, lines } = listening()
  for (let column = 0; column < 1500; column++) register.add([drift({ column: `C${column}` })])
  lines.length = 0
  vi.advanceTimersByTime(3_600_000)
  register.add([drift({ column: 'Later', forms: { text: 1 } })])
  for (let column = 0; column < 1000; column++) register.add([drift({ column: `D${column}` })])
  const table = drift({ kind: 'new_table', table: 'Novel', column: '', field: 'm365_defender.event' })
  for (let round = 0; round < 3; round++) register.add([table])
  expect(lines[0]!.text).toBe('new column DeviceInfo.Later (text); see xdrelay drift')
  expect(lines.slice(51).map(({ text }) => text)).toEqual([
    'new table Novel, kept as m365_defender.event.*; see xdrelay drift',
  ])
})
