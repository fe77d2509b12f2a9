import { expect, onTestFinished, test } from 'vitest'
import { silent } from '../../src/core/log.ts'
import type { Cursor, Positions, RewindableSource, SourceBatch } from '../../src/core/types.ts'
import { Progress } from '../../src/state/progress.ts'

const origin = { source: 'alerts', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }
const at = (sequenceNumber: number): Cursor => ({ sequenceNumber, offset: `state ${sequenceNumber}` })
const message = (sequenceNumber: number) => ({ ...at(sequenceNumber), body: Buffer.from(''), enqueuedTime: 0 })

function batchOf(cursor: Cursor, messages: SourceBatch['messages']): SourceBatch {
  return { stream: 'alerts', origin, messages, cursor, bytes: 0 }
}

function progressOf(positions: Positions) {
  const saved: [string, Cursor][] = []
  const source = {
    positions: async () => positions,
    checkpoint: async () => 'written',
    saveLanePosition: async (output: string, _stream: string, cursor: Cursor) => {
      saved.push([output, cursor])
      return 'written'
    },
  } as Partial<RewindableSource> as RewindableSource
  const abort = new AbortController().signal
  const progress = new Progress({
    required: [],
    optional: ['siem'],
    interval: 60_000,
    log: silent,
    abort,
    stored: () => {},
  })
  onTestFinished(() => progress.close())
  return { progress, source, saved }
}

test('a stream that begins with a batch without messages begins there, for an output too that was given none of it', async () => {
  const { progress, source, saved } = progressOf({ checkpoint: undefined, lanes: new Map() })
  const mark = batchOf(at(10), [])
  const settlers = progress.track(mark)
  await progress.open(source, mark)
  settlers.required()
  progress.track(batchOf(at(20), [message(20)])).required()
  await progress.flush()
  expect([progress.reached('alerts'), progress.reached('alerts', 'siem')]).toEqual([20, 10])
  expect(saved).toEqual([['siem', at(10)]])
})

test('a stream that begins with a message begins just before it', async () => {
  const { progress, source } = progressOf({ checkpoint: undefined, lanes: new Map() })
  await progress.open(source, batchOf(at(12), [message(11), message(12)]))
  expect([progress.reached('alerts'), progress.reached('alerts', 'siem')]).toEqual([10, 10])
})

test('the position of an output does not go back to what is read again for another', async () => {
  const { progress, source } = progressOf({ checkpoint: at(30), lanes: new Map([['siem', at(20)]]) })
  const again = batchOf(at(11), [message(11)])
  await progress.open(source, again)
  progress.track(again).optional('siem')()
  expect(progress.reached('alerts', 'siem')).toBe(20)
  progress.track(batchOf(at(21), [message(21)])).optional('siem')()
  expect(progress.reached('alerts', 'siem')).toBe(21)
})
