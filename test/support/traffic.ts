import { onTestFinished } from 'vitest'
import { createGenerator } from '../../src/emulator/generator/generator.ts'
import type { Hub } from '../../src/emulator/hub/hub.ts'

export interface Traffic {
  /** Records that have been sent in all. */
  readonly records: number
  /** Records of a partition's messages up to a sequence number. */
  upTo(partition: string, sequenceNumber: number): number
  stop(): void
}

/** Sends a small message to one partition after the other, 50 a second, until it is stopped. */
export function startTraffic(hub: Hub, hubName: string, partitions: number, seed: string): Traffic {
  const generator = createGenerator({ seed })
  const sent: number[][] = Array.from({ length: partitions }, () => [])
  let turn = 0
  const timer = setInterval(() => {
    const partition = turn++ % partitions
    const { body, records } = generator.nextMessage(5)
    sent[partition]!.push(records)
    hub.append(hubName, String(partition), body)
  }, 20)
  const stop = () => clearInterval(timer)
  onTestFinished(stop)
  return {
    get records() {
      return sum(sent.flat())
    },
    upTo: (partition, sequenceNumber) => sum(sent[Number(partition)]!.slice(0, sequenceNumber + 1)),
    stop,
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, each) => total + each, 0)
}
