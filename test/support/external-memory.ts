import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { collectEarly } from '../../src/cli/early-collection.ts'

// Takes memory outside the heap that outlives the young generation, and prints the most MiB of it that there were.
if (process.argv[2] === 'early') collectEarly()
const held: Buffer[] = []
let most = 0
for (let round = 0; round < 400; round++) {
  held.push(Buffer.alloc(1 << 20))
  if (held.length > 8) held.shift()
  // Objects that a young generation is collected for.
  for (let each = 0; each < 20_000; each++) JSON.parse('{"a":"b"}')
  most = Math.max(most, getHeapStatistics().external_memory)
  await sleep(5)
}
console.log(Math.round(most / (1 << 20)))
