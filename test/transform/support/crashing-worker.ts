import { existsSync, writeFileSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { createRunner } from '../../../src/transform/batch.ts'
import type { TransformOptions } from '../../../src/transform/options.ts'
import type { Mapper } from '../../../src/transform/record.ts'
import { serve } from '../../../src/transform/serve.ts'
import { noDrift, plainMapper } from './batches.ts'

/** A real worker with a mapper that ends or stalls its thread at records whose properties say so. */
const mapper: Mapper = {
  out: plainMapper.out,
  map(record) {
    if (record.properties.exit) process.exit(7)
    if (typeof record.properties.exitOnce === 'string') exitOnce(record.properties.exitOnce)
    if (record.properties.outOfMemory) exhaust()
    while (record.properties.stall);
    return plainMapper.map(record)
  },
  ...noDrift,
}

const run = createRunner(workerData as TransformOptions, () => mapper)
serve(parentPort!, job => {
  const poisoned = job.messages.some(({ body }) => Buffer.from(body).includes('exit before any record'))
  if (poisoned) process.exit(7)
  return run(job)
})

/** `marker` is a file that the first crash leaves behind. */
function exitOnce(marker: string): void {
  if (existsSync(marker)) return
  writeFileSync(marker, '')
  process.exit(7)
}

function exhaust(): never {
  const held: unknown[] = []
  for (;;) held.push(new Array(2_000_000).fill(0.5))
}
