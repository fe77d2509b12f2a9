import { onTestFinished } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import { type Hub, startHub } from '../../src/emulator/hub/hub.ts'

export interface FilledHub {
  readonly hub: Hub
  /** Records of each message, by partition and sequence number. */
  readonly produced: readonly (readonly number[])[]
}

/** A hub `defender` whose partitions hold generated messages, stopped when the test ends. */
export async function filledHub(options: {
  partitions: number
  records: number
  seed: string
  recordsPerMessage?: number
}): Promise<FilledHub> {
  const { partitions, records, seed, recordsPerMessage = 100 } = options
  const hub = await startHub({ hubs: [{ name: 'defender', partitions }] })
  onTestFinished(() => hub.stop())
  const generator = createGenerator({ seed })
  const produced: number[][] = Array.from({ length: partitions }, () => [])
  for (let made = 0, turn = 0; made < records; turn++) {
    const message = generator.nextMessage(Math.min(recordsPerMessage, records - made))
    hub.append('defender', String(turn % partitions), message.body)
    produced[turn % partitions]!.push(message.records)
    made += message.records
  }
  return { hub, produced }
}
