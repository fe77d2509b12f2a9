import { expect, onTestFinished, test, vi } from 'vitest'
import type { Reject } from '../../src/core/types.ts'
import { DeadLetterLog } from '../../src/output/dead-letter-log.ts'
import { origin } from '../support/chunks.ts'
import { memoryLog } from '../support/memory-log.ts'

const body = Buffer.from('{"secret":1}')

function rejectOf(more: Partial<Reject> = {}): Reject {
  const message = { body, sequenceNumber: 1, offset: '1', enqueuedTime: 0 }
  const what = { reason: 'invalid_json', detail: 'The body is empty.', pointer: '' } as const
  return { ...what, origin, message, recordIndex: null, bytes: body, ...more }
}

function listening() {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { log, lines } = memoryLog()
  return { news: new DeadLetterLog(log, '/dead'), lines }
}

test('the first is said at once, and what comes within a minute in one line at its end', () => {
  const { news, lines } = listening()
  news.add([rejectOf()])
  for (let n = 0; n < 1000; n++) news.add([rejectOf({ reason: 'refused', detail: 'status 413', output: 'siem' })])
  news.add([rejectOf({ reason: 'invalid', detail: 'A is documented as long, found text', table: 'DeviceInfo' })])
  expect(lines).toEqual([
    {
      level: 'warn',
      text: '1 new dead letter (1 invalid_json) in /dead; the first: The body is empty.',
      fields: { 'event.action': 'dead_letter', 'labels.count': 1 },
    },
  ])
  vi.advanceTimersByTime(59_000)
  expect(lines).toHaveLength(1)
  vi.advanceTimersByTime(1000)
  expect(lines.slice(1).map(({ text }) => text)).toEqual([
    '1001 new dead letters (1000 refused, 1 invalid) in /dead; the first: status 413, output siem',
  ])
  vi.advanceTimersByTime(600_000)
  expect(lines).toHaveLength(2)
  news.add([rejectOf({ reason: 'invalid', detail: 'A is documented as long, found text', table: 'DeviceInfo' })])
  expect(lines.at(-1)!.text).toMatch(/; the first: A is documented as long, found text, table DeviceInfo$/)
})

test('what is not said yet is said at the end', () => {
  const { news, lines } = listening()
  news.add([rejectOf()])
  news.add([rejectOf(), rejectOf()])
  news.close()
  expect(lines.map(({ fields }) => fields?.['labels.count'])).toEqual([1, 2])
  expect(vi.getTimerCount()).toBe(0)
})

test.each([
  [
    'refused',
    "status 400; document_parsing_exception: [1:9] failed to parse field [source.ip] of type [ip] in document with id 'a'. Preview of field's value: 'secret'; illegal_argument_exception: 'secret' is not an IP",
    'status 400 document_parsing_exception field source.ip',
  ],
  ['refused', 'status 500; fail_processor_exception: secret', 'status 500 fail_processor_exception'],
  ['refused', 'secret', 'the output does not take it'],
  ['worker_crash', 'The record cannot be mapped: secret\nsecret.', 'The record cannot be mapped'],
  ['too_large', 'The record is too large to be handled: secret.', 'The record is too large to be handled'],
] as const)('a value that the reason %s quotes is not in the log', (reason, detail, said) => {
  const { news, lines } = listening()
  news.add([rejectOf({ reason, detail })])
  expect(lines[0]!.text).toBe(`1 new dead letter (1 ${reason}) in /dead; the first: ${said}`)
})
