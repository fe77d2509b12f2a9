import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/elasticsearch-global.ts'],
    pool: 'forks',
    // Real servers (AMQP, Azurite, Elasticsearch) start inside tests; on a busy two-core machine that takes its time.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
  },
})
