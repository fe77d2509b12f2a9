import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createMetrics } from '../../src/core/metrics.ts'

const page = readFileSync('docs/metrics.md', 'utf8')

/** Rows of the table of metrics: name, type, labels. */
const rows = [...page.matchAll(/^\| `(xdrelay_\w+)` \| (\w+) \| (.*?) ?\| (.*) \|$/gm)].map(
  ([, name, type, labels, meaning]) => ({
    name,
    type,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label),
    meaning,
  }),
)

test('docs/metrics.md lists every metric with its type and labels, in the order of the registry', () => {
  const metrics = createMetrics().registry.getMetricsAsArray()
  const real = metrics.map(metric => {
    const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] }
    return { name, type, labels: labelNames, meaning: expect.stringMatching(/.\.$/) }
  })
  expect(real.length).toBeGreaterThan(10)
  expect(rows).toEqual(real)
})

test('every metric that the page speaks of is one', () => {
  const names = new Set(
    createMetrics()
      .registry.getMetricsAsArray()
      .map(({ name }) => name),
  )
  const named = [...page.matchAll(/xdrelay_\w+/g)].map(([name]) => name)
  expect(named.filter(name => !names.has(name))).toEqual([])
})
