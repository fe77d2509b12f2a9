import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/elasticsearch-global.ts'],
    pool: 'forks',
    // Most tests wait for real parts: three at a time take less than half the time of one, also on two cores.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    // Real servers (AMQP, Azurite, Elasticsearch) start inside tests; on a busy two-core machine that takes its time.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
    expect: { poll: { timeout: 20_000 } },
  },
})
