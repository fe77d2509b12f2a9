import { createInterface } from 'node:readline'
import { createEventHubSource } from '../../src/consumer/source.ts'
import { silent } from '../../src/core/log.ts'
import { createMetrics } from '../../src/core/metrics.ts'
import { Secret } from '../../src/core/secret.ts'
import type { Cursor } from '../../src/core/types.ts'

/**
 * A replica in a process of its own, to be killed or stopped. Writes one line per batch, `take xdr/0 0-4`, and
 * `lost xdr/0`. On the line `checkpoint` it stores what it has taken: `checkpoint xdr/0 4 written`.
 */
const [hub = '', storage = '', container = '', renew = '', expiry = ''] = process.argv.slice(2)
const taken = new Map<string, Cursor>()
const say = (text: string) => process.stdout.write(`${text}\n`)

const source = createEventHubSource({
  name: 'xdr',
  options: {
    connectionString: new Secret(hub),
    consumerGroup: 'relay',
    start: 'earliest',
    ownership: { renew: Number(renew), expiry: Number(expiry) },
    maxBatch: 64,
    stallAfter: 90_000,
  },
  checkpoints: { connectionString: new Secret(storage), container, createContainer: true, interval: 5000 },
  prefetchBytes: 16e6,
  log: silent,
  metrics: createMetrics(),
  fatal: error => say(`fatal ${error.message}`),
})

await source.start({
  async take({ stream, cursor, messages }) {
    taken.set(stream, cursor)
    say(`take ${stream} ${messages[0]!.sequenceNumber}-${cursor.sequenceNumber}`)
  },
  lost: stream => say(`lost ${stream}`),
})
for await (const line of createInterface({ input: process.stdin }))
  if (line === 'checkpoint')
    for (const [stream, cursor] of taken)
      say(`checkpoint ${stream} ${cursor.sequenceNumber} ${await source.checkpoint(stream, cursor)}`)
