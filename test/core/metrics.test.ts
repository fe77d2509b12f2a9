import { expect, test } from 'vitest'
import { countOutput, createMetrics } from '../../src/core/metrics.ts'

type Counter = { get(): Promise<{ values: { labels: object; value: number }[] }> }

const samples = async (counter: Counter) =>
  (await counter.get()).values.map(({ labels, value }) => ({ ...labels, value }))

test('what can go wrong is counted from 0, so that its first time is an increase', async () => {
  const { deadLetters, recordsRejected, drift } = createMetrics()
  expect(await samples(recordsRejected)).toContainEqual({ reason: 'invalid_json', value: 0 })
  expect(await samples(recordsRejected)).not.toContainEqual({ reason: 'refused', value: 0 })
  expect(await samples(deadLetters)).toContainEqual({ reason: 'refused', value: 0 })
  expect(await samples(drift)).toContainEqual({ table: 'other', kind: 'new_table', value: 0 })
})

test('an output is counted from 0 and not again from there', async () => {
  const metrics = createMetrics()
  countOutput(metrics, 'siem')
  metrics.recordsSettled.inc({ output: 'siem', result: 'delivered' }, 3)
  countOutput(metrics, 'siem')
  expect(await samples(metrics.outputRetries)).toEqual([{ output: 'siem', value: 0 }])
  expect(await samples(metrics.recordsSettled)).toContainEqual({ output: 'siem', result: 'dead_letter', value: 0 })
  expect(await samples(metrics.recordsSettled)).toContainEqual({ output: 'siem', result: 'delivered', value: 3 })
})
