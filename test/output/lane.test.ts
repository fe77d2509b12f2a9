import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DeadLetter } from '../../src/core/types.ts'
import { chunkOf } from '../support/chunks.ts'
import { eventually } from '../support/eventually.ts'
import {
  allDelivered,
  docs,
  inFlight,
  laneOf,
  MemoryDeadLetter,
  ScriptedOutput,
  settledBy,
  stateOf,
} from '../support/lanes.ts'

describe('batches', () => {
  test('chunks share a write until the bytes of a batch are reached', async () => {
    const output = new ScriptedOutput()
    const chunk = chunkOf(docs(10))
    const { lane } = laneOf(output, { policy: { bytes: chunk.lines.length * 3, age: 60_000 } })
    await Promise.all([lane.submit(chunk), lane.submit(chunkOf(docs(10))), lane.submit(chunkOf(docs(10)))])
    expect(output.writes.map(ids => ids.length)).toEqual([30])
  })

  test('a batch is cut at the count, between chunks', async () => {
    const output = new ScriptedOutput()
    const { lane } = laneOf(output, { policy: { count: 5, age: 60_000 } })
    const settled = [3, 3, 3].map(count => lane.submit(chunkOf(docs(count))))
    lane.drain()
    await Promise.all(settled)
    expect(output.writes.map(ids => ids.length)).toEqual([3, 3, 3])
  })

  test('a chunk larger than a batch is divided, in order and without loss', async () => {
    const output = new ScriptedOutput()
    const chunk = chunkOf(docs(25))
    const { lane } = laneOf(output, { policy: { count: 10, concurrency: 1 } })
    await lane.submit(chunk)
    expect(output.writes.map(ids => ids.length)).toEqual([10, 10, 5])
    expect(output.writes.flat()).toEqual(chunk.ids)
  })

  test('a document larger than a batch travels alone', async () => {
    const output = new ScriptedOutput()
    const { lane } = laneOf(output, { policy: { bytes: 100, concurrency: 1 } })
    await lane.submit(chunkOf([{ a: 1 }, { a: 'x'.repeat(500) }, { a: 2 }]))
    expect(output.writes.map(ids => ids.length)).toEqual([1, 1, 1])
  })

  test('a batch that does not fill up goes when its oldest document is old enough', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const output = new ScriptedOutput()
    const { lane } = laneOf(output, { policy: { age: 1000 } })
    const settled = lane.submit(chunkOf(docs(1)))
    await vi.advanceTimersByTimeAsync(900)
    expect(output.writes).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(200)
    await settled
    expect(output.writes).toHaveLength(1)
  })

  test('after drain nothing waits for company', async () => {
    const output = new ScriptedOutput()
    const { lane } = laneOf(output, { policy: { age: 3_600_000 } })
    const before = lane.submit(chunkOf(docs(1)))
    expect(output.writes).toHaveLength(0)
    lane.drain()
    await before
    await lane.submit(chunkOf(docs(1)))
    await lane.idle()
    expect(output.writes).toHaveLength(2)
  })

  test('no more writes overlap than the kind allows', async () => {
    let now = 0
    let most = 0
    const output = new ScriptedOutput(async () => {
      most = Math.max(most, ++now)
      await turn()
      now--
      return allDelivered
    })
    const { lane } = laneOf(output, { policy: { count: 1, concurrency: 3 } })
    await lane.submit(chunkOf(docs(20)))
    expect(most).toBe(3)
  })
})

describe('settling', () => {
  test('a chunk settles only when its last document has', async () => {
    const output = new ScriptedOutput(chunks => ({ ...allDelivered, retry: chunks[0]!.ids.length === 3 ? [1] : [0] }))
    const { lane, metrics } = laneOf(output)
    const chunk = chunkOf(docs(3))
    const settled = lane.submit(chunk)
    await eventually(() => expect(output.writes.length).toBeGreaterThan(2))
    expect(await stateOf(settled)).toBe('open')
    expect(output.writes[1]).toEqual([chunk.ids[1]])
    output.answer(() => allDelivered)
    await settled
    expect(await inFlight(metrics)).toBe(0)
  })

  test('documents of tables that the output does not want are counted, and settle at once', async () => {
    const output = new ScriptedOutput()
    const { lane, metrics } = laneOf(output, { tables: ['Device*', '!DeviceInfo'] })
    const tables = ['DeviceEvents', 'DeviceInfo', 'EmailEvents', 'DeviceEvents']
    const chunk = chunkOf(docs(4), { tables })
    await lane.submit(chunk)
    await lane.submit(chunkOf(docs(2), { tables: ['EmailEvents'] }))
    expect(output.writes).toEqual([[chunk.ids[0], chunk.ids[3]]])
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 2, filtered: 4 })
  })

  test('duplicates and the failure store are counted apart', async () => {
    const { lane, metrics } = laneOf(new ScriptedOutput(() => ({ ...allDelivered, duplicates: 2, failureStore: 1 })))
    await lane.submit(chunkOf(docs(10)))
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 7, duplicate: 2, failure_store: 1 })
  })

  test('a refused document reaches the dead letter with the bytes of its own record', async () => {
    const output = new ScriptedOutput(() => ({ ...allDelivered, rejected: [{ index: 1, detail: 'bad date' }] }))
    const deadLetter = new MemoryDeadLetter()
    const { lane, metrics } = laneOf(output, { deadLetter })
    await lane.submit(chunkOf([{ a: 1 }, { b: 2 }, { c: 3 }]))
    const [reject] = deadLetter.rejects
    expect(deadLetter.rejects).toHaveLength(1)
    expect(reject).toMatchObject({ reason: 'refused', detail: 'bad date', recordIndex: 1, pointer: '/records/1' })
    expect(reject?.output).toBe('siem')
    expect(Buffer.from(reject!.bytes).toString()).toBe('{"b":2}')
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 2, dead_letter: 1 })
  })

  test('a document is not settled before its dead letter is on disk, however often that fails', async () => {
    const gate = Promise.withResolvers<void>()
    let calls = 0
    const write = async () => {
      if (++calls < 3) throw new Error('disk on fire')
      await gate.promise
    }
    const deadLetter: DeadLetter = { open: async () => {}, close: async () => {}, write }
    const output = new ScriptedOutput(() => ({ ...allDelivered, rejected: [{ index: 0, detail: 'no' }] }))
    const { lane, metrics, lines } = laneOf(output, { deadLetter })
    const settled = lane.submit(chunkOf(docs(2)))
    await eventually(() => expect(calls).toBe(3))
    expect(await stateOf(settled)).toBe('open')
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 1 })
    expect(lines.filter(({ text }) => text.includes('disk on fire'))).toHaveLength(1)
    gate.resolve()
    await settled
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 1, dead_letter: 1 })
  })
})
