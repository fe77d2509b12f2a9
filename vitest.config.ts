import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/elasticsearch-global.ts'],
    pool: 'forks',
    // Most tests wait for real parts: two at a time halve the run even where there are two cores, one of which Vitest spares.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Real servers (AMQP, Azurite, Elasticsearch) start inside tests; on a busy two-core machine that takes its time.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
  },
})
