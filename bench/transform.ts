import type { SourceBatch } from '../src/core/types.ts'
import { createGenerator, type GeneratorOptions } from '../src/emulator/generator/generator.ts'
import { createBatchTransform } from '../src/transform/batch.ts'
import { usualLimits } from '../src/transform/options.ts'
import { type ProfileLine, profileOf } from './profile.ts'

export interface TransformFigures {
  readonly mix: string
  readonly records: number
  /** Records and megabytes of messages per second of one core. */
  readonly recordsPerSecond: number
  readonly megabytesPerSecond: number
  /** The same for JSON.parse, JSON.stringify of each record and Buffer.from: what no transform can exceed. */
  readonly ceilingRecordsPerSecond: number
  /** Time of the ceiling by time of the transform. */
  readonly ratio: number
}

export const transformOptions = {
  strict: false,
  preserveDuplicateCustomFields: false,
  preserveOriginalEvent: false,
  ids: 'position',
  limits: { ...usualLimits, messageBytes: 64 << 20 },
} as const
const origin = { source: 's', namespace: 'n', eventHub: 'h', consumerGroup: 'c', partitionId: '0' }
const largest = ['DeviceNetworkEvents', 'DeviceProcessEvents', 'DeviceFileEvents', 'DeviceEvents']

export function measureTransform(quick: boolean): TransformFigures[] {
  return [
    measure('all tables', {}, quick),
    measure('four largest device tables', { tables: largest }, quick),
    ...largest.map(table => measure(table, { tables: [table] }, quick)),
  ]
}

/** Where the time of a warm transform of all tables goes. */
export function profileTransform(quick: boolean): Promise<ProfileLine[]> {
  const generator = createGenerator({ seed: 'bench' })
  const bodies = Array.from({ length: quick ? 40 : 150 }, () => generator.nextMessage(100).body)
  const run = transformPass(bodies)
  for (let pass = 0; pass < 5; pass++) run()
  return profileOf(() => {
    for (let pass = 0; pass < 10; pass++) run()
  }, 20)
}

/** Passes take turns, so that whatever else the machine does meets both. */
function measure(mix: string, options: Partial<GeneratorOptions>, quick: boolean): TransformFigures {
  const generator = createGenerator({ seed: 'bench', ...options })
  const messages = Array.from({ length: quick ? 40 : 150 }, () => generator.nextMessage(100))
  const bodies = messages.map(({ body }) => body)
  const run = transformPass(bodies)
  const warmUps = quick ? 2 : 3
  const passes: { transform: number; ceiling: number }[] = []
  for (let pass = 0; pass < warmUps + (quick ? 5 : 11); pass++) {
    const times = { transform: milliseconds(run), ceiling: milliseconds(() => ceilingPass(bodies)) }
    if (pass >= warmUps) passes.push(times)
  }
  const [transform, ceiling] = [median(passes.map(each => each.transform)), median(passes.map(each => each.ceiling))]
  const records = messages.reduce((sum, message) => sum + message.records, 0)
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0)
  return {
    mix,
    records,
    recordsPerSecond: Math.round((records / transform) * 1000),
    megabytesPerSecond: Math.round(bytes / transform / 1000),
    ceilingRecordsPerSecond: Math.round((records / ceiling) * 1000),
    ratio: Number(median(passes.map(each => each.ceiling / each.transform)).toFixed(3)),
  }
}

function transformPass(bodies: readonly Uint8Array[]): () => void {
  const transform = createBatchTransform(transformOptions)
  return () => {
    for (const [index, body] of bodies.entries()) {
      const { rejects } = transform(batchOf(body, index))
      if (rejects.length > 0) throw new Error(`the transform rejected a record: ${rejects[0]!.detail}`)
    }
  }
}

/** A batch of one message, as a hub would give it. */
export function batchOf(body: Uint8Array, sequenceNumber: number): SourceBatch {
  const cursor = { sequenceNumber, offset: String(sequenceNumber) }
  const messages = [{ body, ...cursor, enqueuedTime: 1.78e12 }]
  return { stream: 's/0', origin, messages, cursor, bytes: body.length }
}

function ceilingPass(bodies: readonly Uint8Array[]): void {
  for (const body of bodies) {
    const { records } = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString()) as {
      records: object[]
    }
    for (const record of records) Buffer.from(JSON.stringify(record))
  }
}

/** By the wall clock: of two passes side by side, both meet the same other load. */
function milliseconds(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}
