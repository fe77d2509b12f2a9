import { expect, test } from 'vitest'
import { createMetrics, type Metrics } from '../../src/core/metrics.ts'
import { Tally } from '../../src/core/tally.ts'
import type { Drift } from '../../src/core/types.ts'
import { chunkOf } from '../support/chunks.ts'

async function byTable(metric: Metrics['recordsReceived'] | Metrics['drift']): Promise<Map<string, number>> {
  const { values } = await metric.get()
  const counts = new Map<string, number>()
  for (const { labels, value } of values)
    if (value > 0) counts.set(String(labels.table), (counts.get(String(labels.table)) ?? 0) + value)
  return counts
}

function tally() {
  const metrics = createMetrics()
  return { metrics, tally: new Tally(metrics) }
}

function newTable(table: string): Drift {
  return { kind: 'new_table', table, column: '', expected: '', field: '', count: 1, forms: {} }
}

test('records are counted by table', async () => {
  const { metrics, tally: counts } = tally()
  counts.records(chunkOf([{}, {}, {}], { tables: ['DeviceEvents', 'EmailEvents', 'DeviceEvents'] }), [])
  expect(await byTable(metrics.recordsReceived)).toEqual(
    new Map([
      ['DeviceEvents', 2],
      ['EmailEvents', 1],
    ]),
  )
})

test.each(['a b', '', 'x'.repeat(101), 'Tab"le', 'Tab\nle', '../etc'])(
  'a table %j, which no table could be called, is counted as other',
  async name => {
    const { metrics, tally: counts } = tally()
    counts.records(chunkOf([{}], { tables: [name] }), [])
    counts.drift([newTable(name)])
    expect(await byTable(metrics.recordsReceived)).toEqual(new Map([['other', 1]]))
    expect(await byTable(metrics.drift)).toEqual(new Map([['other', 1]]))
  },
)

test('beyond 200 tables the others are counted together, for records and drift alike', async () => {
  const { metrics, tally: counts } = tally()
  const names = Array.from({ length: 250 }, (_, index) => `Table${index}`)
  counts.drift(names.slice(0, 100).map(newTable))
  counts.records(chunkOf(Array(250).fill({}), { tables: names }), [])
  counts.drift(names.map(newTable))
  const received = await byTable(metrics.recordsReceived)
  expect(received.size).toBe(201)
  expect(received.get('other')).toBe(50)
  expect((await byTable(metrics.drift)).get('other')).toBe(50)
})

test('of a new table the records are counted, and not its columns as well', async () => {
  const { metrics, tally: counts } = tally()
  counts.drift([newTable('Novel'), { ...newTable('Novel'), column: 'A' }, { ...newTable('*'), count: 5 }])
  expect(await byTable(metrics.drift)).toEqual(
    new Map([
      ['Novel', 1],
      ['other', 5],
    ]),
  )
})

test('only a checkpoint that was written is shown as the stored one', async () => {
  const { metrics, tally: counts } = tally()
  counts.checkpoint('xdr/a/3', { sequenceNumber: 7, offset: '7' }, 'written')
  counts.checkpoint('xdr/a/3', { sequenceNumber: 9, offset: '9' }, 'stale')
  const { values } = await metrics.checkpointSequence.get()
  expect(values).toEqual([{ labels: { source: 'xdr/a', partition: '3' }, value: 7 }])
  const writes = (await metrics.checkpointWrites.get()).values.map(({ labels, value }) => [labels.result, value])
  expect(Object.fromEntries(writes)).toEqual({ written: 1, stale: 1 })
})
