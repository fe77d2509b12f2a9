import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { DeadLetter, Delivery } from '../../src/core/types.ts'
import { chunkOf } from '../support/chunks.ts'
import { eventually } from '../support/eventually.ts'
import { allDelivered, docs, inFlight, laneOf, retryAll, ScriptedOutput, settledBy, stateOf } from '../support/lanes.ts'

describe('outages', () => {
  test('an outage is waited out without end, logged once, and ends with everything delivered', async () => {
    const output = new ScriptedOutput(chunks => retryAll(chunks, { outage: 'connection refused' }))
    const { lane, metrics, lines } = laneOf(output)
    const settled = lane.submit(chunkOf(docs(5)))
    await eventually(() => expect(output.writes.length).toBeGreaterThan(10))
    expect(lane.state).toBe('down')
    expect(lane.outage).toBe('connection refused')
    expect((await metrics.outputState.get()).values[0]?.value).toBe(2)
    output.answer(() => allDelivered)
    await settled
    expect(lane.state).toBe('up')
    expect(lines.map(({ level }) => level)).toEqual(['error', 'info'])
    expect(await settledBy(metrics, 'siem')).toEqual({ delivered: 5 })
  })

  test('another text of an outage is another log line', async () => {
    const output = new ScriptedOutput(chunks => retryAll(chunks, { outage: 'refused' }))
    const { lane, lines } = laneOf(output)
    lane.submit(chunkOf(docs(1))).catch(() => {})
    await eventually(() => expect(output.writes.length).toBeGreaterThan(3))
    output.answer(chunks => retryAll(chunks, { outage: 'status 401' }))
    await eventually(() => expect(lines).toHaveLength(2))
    expect(lines[1]?.text).toContain('status 401')
  })

  test('while a target is down one write at a time asks whether it is back', async () => {
    let now = 0
    const most: number[] = []
    const output = new ScriptedOutput(async chunks => {
      most.push(++now)
      await turn()
      now--
      return retryAll(chunks, { outage: 'down' })
    })
    const { lane } = laneOf(output, { policy: { count: 1, concurrency: 4 } })
    lane.submit(chunkOf(docs(10))).catch(() => {})
    await eventually(() => expect(most.length).toBeGreaterThan(12))
    expect(Math.max(...most.slice(0, 4))).toBe(4)
    expect(most.slice(4)).toEqual(most.slice(4).map(() => 1))
  })

  test('the wait grows, and is never shorter than what the target asked for', async () => {
    vi.useFakeTimers()
    vi.spyOn(Math, 'random').mockReturnValue(1)
    onTestFinished(() => void vi.useRealTimers())
    onTestFinished(() => void vi.restoreAllMocks())
    const at: number[] = []
    const output = new ScriptedOutput(chunks => {
      at.push(performance.now())
      return retryAll(chunks, at.length === 4 ? { retryAfter: 5000 } : {})
    })
    const { lane } = laneOf(output, { policy: { minRetry: 100, maxRetry: 400 } })
    lane.submit(chunkOf(docs(1))).catch(() => {})
    await vi.advanceTimersByTimeAsync(20_000)
    const waits = at.slice(1, 6).map((time, index) => Math.round(time - at[index]!))
    expect(waits.map(wait => Math.round(wait / 100) * 100)).toEqual([100, 200, 400, 5400, 400])
  })

  test('reasons that take turns are said once each', async () => {
    let writes = 0
    const output = new ScriptedOutput(chunks => {
      if (writes === 20) return allDelivered
      return retryAll(chunks, { outage: ['refused', 'reset'][writes++ % 2]! })
    })
    const { lane, lines } = laneOf(output)
    await lane.submit(chunkOf(docs(1)))
    const again = lane.submit(chunkOf(docs(1)))
    await again
    expect(lines.map(({ level, text }) => `${level} ${text.split(';')[0]}`)).toEqual([
      'error output siem is down: refused',
      'error output siem is down: reset',
      'info output siem is up again',
    ])
  })

  test('an output that throws is an outage, not the end', async () => {
    const output = new ScriptedOutput(() => {
      throw new Error('a defect')
    })
    const { lane } = laneOf(output)
    const settled = lane.submit(chunkOf(docs(2)))
    await eventually(() => expect(lane.outage).toBe('a defect'))
    output.answer(() => allDelivered)
    await settled
  })

  test('throttling halves the concurrency and good writes bring it back', async () => {
    const running = { now: 0, most: 0 }
    let throttle = true
    const output = new ScriptedOutput(async chunks => {
      running.most = Math.max(running.most, ++running.now)
      await turn()
      running.now--
      return throttle && chunks[0]!.ids.length > 1 ? { ...allDelivered, retry: [0] } : allDelivered
    })
    const { lane } = laneOf(output, { policy: { count: 2, concurrency: 8 } })
    await lane.submit(chunkOf(docs(64)))
    throttle = false
    running.most = 0
    const next = lane.submit(chunkOf(docs(8)))
    await turn()
    expect(running.most).toBeLessThan(8)
    await next
    running.most = 0
    await lane.submit(chunkOf(docs(200)))
    expect(running.most).toBe(8)
  })

  test('a drain asks a target that was down once more at once', async () => {
    const output = new ScriptedOutput(chunks => retryAll(chunks, { outage: 'down', retryAfter: 60_000 }))
    const { lane } = laneOf(output)
    const settled = lane.submit(chunkOf(docs(1)))
    await eventually(() => expect(lane.state).toBe('down'))
    output.answer(() => allDelivered)
    lane.drain()
    await settled
    expect(output.writes).toHaveLength(2)
  })

  test('documents that are throttled alone do not hold the others back', async () => {
    const first = chunkOf(docs(2))
    const output = new ScriptedOutput(chunks => {
      const at = chunks.flatMap(chunk => chunk.ids).indexOf(first.ids[0]!)
      return at === -1 ? allDelivered : { ...allDelivered, retry: [at], retryAfter: 60_000 }
    })
    const { lane, metrics } = laneOf(output)
    const stuck = lane.submit(first)
    await lane.submit(chunkOf(docs(3)))
    expect(await stateOf(stuck)).toBe('open')
    output.answer(() => allDelivered)
    lane.drain()
    await stuck
    expect(output.writes.at(-1)).toEqual([first.ids[0]])
    expect((await metrics.outputRetries.get()).values[0]?.value).toBe(1)
  })
})

describe('abort', () => {
  test('an abort rejects what is unsettled and waits for the writes under way', async () => {
    const gate = Promise.withResolvers<Delivery>()
    const output = new ScriptedOutput(() => gate.promise)
    const { lane, abort, metrics } = laneOf(output, { policy: { concurrency: 1, count: 1 } })
    const settled = [lane.submit(chunkOf(docs(1))), lane.submit(chunkOf(docs(1)))]
    const results = Promise.allSettled(settled)
    const idle = lane.idle()
    abort.abort(new Error('give up'))
    expect((await results).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await stateOf(idle)).toBe('open')
    gate.resolve(allDelivered)
    await idle
    await expect(lane.submit(chunkOf(docs(1)))).rejects.toThrow('give up')
    expect(output.writes).toHaveLength(1)
    expect(await inFlight(metrics)).toBe(0)
  })

  test('an abort ends the wait for a retry and for the dead letter', async () => {
    const deadLetter: DeadLetter = {
      open: async () => {},
      close: async () => {},
      write: () => Promise.reject(new Error('full')),
    }
    const output = new ScriptedOutput(() => ({ rejected: [{ index: 0, detail: 'no' }], retry: [1], duplicates: 0 }))
    const { lane, abort } = laneOf(output, { deadLetter, policy: { minRetry: 60_000, maxRetry: 60_000 } })
    const settled = lane.submit(chunkOf(docs(2)))
    settled.catch(() => {})
    await eventually(() => expect(output.writes).toHaveLength(1))
    abort.abort()
    await lane.idle()
    await expect(settled).rejects.toThrow()
  })
})
