import { expect, test } from 'vitest'
import { PrefetchAllowance } from '../../src/consumer/allowance.ts'
import { OwnedPartitions } from '../../src/consumer/owned.ts'
import { silent } from '../../src/core/log.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import { origin } from '../support/chunks.ts'

test('gaps and restarts of a partition are counted from 0 as soon as it is owned', async () => {
  const metrics = createMetrics()
  const owned = new OwnedPartitions({ origin, allowance: new PrefetchAllowance(1e6), metrics, log: silent })
  owned.begin('3', undefined)
  const labels = { source: origin.source, partition: '3' }
  expect((await metrics.sequenceGaps.get()).values).toEqual([{ labels, value: 0 }])
  const { values } = await metrics.partitionRestarts.get()
  expect(values).toContainEqual({ labels: { ...labels, reason: 'stalled' }, value: 0 })
  expect(values.every(({ value }) => value === 0)).toBe(true)
  owned.begin('3', undefined)
  const again = (await metrics.partitionRestarts.get()).values
  expect(again).toContainEqual({ labels: { ...labels, reason: 'closed' }, value: 1 })
})
