import { recordBounds } from '../../src/core/json-slices.ts'
import { parseJson } from '../../src/core/parse-json.ts'
import type { Origin, Reject, SourceBatch, Transformed } from '../../src/core/types.ts'
import { createBatchTransform } from '../../src/transform/batch.ts'
import { type TransformOptions, usualLimits } from '../../src/transform/options.ts'
import { readLines } from './lines.ts'
import { readBody, whyUnusable } from './oracle.ts'
import { lostValue } from './values.ts'

/** What became of an input that kept to all invariants. */
export interface Checked {
  readonly result: Transformed
  /** Milliseconds of the transform alone. */
  readonly time: number
}

export type Check = (bodies: readonly Uint8Array[]) => Checked

/**
 * Sends message bodies through the transform, from bytes to bytes, and throws at the first invariant that does not
 * hold: nothing lost, nothing twice, nothing distorted, each record by itself, the same every time.
 */
export function createCheck(changes: Partial<TransformOptions> = {}, create = createBatchTransform): Check {
  const options = {
    strict: false,
    preserveDuplicateCustomFields: false,
    preserveOriginalEvent: false,
    limits: usualLimits,
    ...changes,
  }
  const byPosition = create({ ...options, ids: 'position' })
  const byContent = create({ ...options, ids: 'content' })
  return bodies => {
    const batch = batchOf(bodies)
    const start = performance.now()
    const result = byPosition(batch)
    const time = performance.now() - start
    const documents = readLines(result.chunk)
    for (const [index, body] of bodies.entries()) checkMessage(body, index, result, documents, options.strict)
    checkRepeats(batch, result, byPosition)
    checkNeighbours(bodies, byContent)
    checkPrototype()
    return { result, time }
  }
}

const hub: Origin = {
  source: 'fuzz',
  namespace: 'contoso.servicebus.windows.net',
  eventHub: 'defender',
  consumerGroup: '$Default',
  partitionId: '3',
}
const nowhere: Origin = { source: 'fuzz', namespace: '', eventHub: '', consumerGroup: '', partitionId: '' }

export function batchOf(bodies: readonly Uint8Array[], origin = hub, first = 100): SourceBatch {
  const messages = bodies.map((body, index) => {
    const sequenceNumber = first + index
    return { body, sequenceNumber, offset: String(sequenceNumber * 4096), enqueuedTime: Date.UTC(2026, 2, 1) }
  })
  const bytes = bodies.reduce((sum, { length }) => sum + length, 0)
  return { stream: 'fuzz/3', origin, messages, cursor: { sequenceNumber: first + bodies.length, offset: '' }, bytes }
}

/** Each record of a message is a document or a reject, for a reason that holds, and keeps its values or its bytes. */
function checkMessage(
  body: Uint8Array,
  message: number,
  { chunk, rejects }: Transformed,
  documents: readonly string[],
  strict: boolean,
): void {
  const own = rejects.filter(reject => reject.message === chunk.messages[message])
  const places = [...chunk.message.keys()].filter(index => chunk.message[index] === message)
  const reading = readBody(body)
  if ('reason' in reading) {
    equal(places.length, 0, 'documents of an unusable message')
    equal(own.map(({ reason, recordIndex }) => `${reason} ${recordIndex}`).join(), `${reading.reason} null`, 'rejects')
    if (!Buffer.from(own[0]!.bytes).equals(body)) throw new Error('the dead letter has not the bytes of the message')
    return
  }
  const { records } = reading
  const delivered = places.map(index => chunk.record[index]!)
  ascending(delivered, 'documents')
  ascending(
    own.map(({ recordIndex }) => recordIndex!),
    'rejects',
  )
  const all = [...delivered, ...own.map(({ recordIndex }) => recordIndex!)].sort((a, b) => a - b)
  equal(all.join(), [...records.keys()].join(), 'records that came out')
  for (const reject of own) checkReject(reject, records[reject.recordIndex!], strict)
  const bounds = recordBounds(body)!
  for (const [place, index] of delivered.entries()) {
    const [why] = whyUnusable(records[index], usualLimits)
    if (why !== undefined) throw new Error(`record ${index} is a document, and not ${why}`)
    const text = Buffer.from(body.subarray(bounds[index * 2], bounds[index * 2 + 1])).toString()
    const lost = lostValue(text, documents[places[place]!]!)
    if (lost !== undefined) throw new Error(`record ${index} has lost ${lost.slice(0, 300)}`)
  }
}

function checkReject({ reason, bytes, recordIndex, pointer }: Reject, record: unknown, strict: boolean): void {
  const expected = whyUnusable(record, usualLimits)
  if (!expected.includes(reason) && !(strict && reason === 'invalid')) {
    throw new Error(`record ${recordIndex} is rejected as ${reason}, expected ${expected[0] ?? 'a document'}`)
  }
  if (!pointer.startsWith(`/records/${recordIndex}`)) throw new Error(`record ${recordIndex} is rejected at ${pointer}`)
  if (reason === 'invalid' && !leadsTo(record, pointer.split('/').slice(3))) {
    throw new Error(`record ${recordIndex} is rejected at ${pointer}, where nothing is`)
  }
  // JSON.stringify has no stack for some of these.
  if (expected.includes('too_deep')) return
  equal(JSON.stringify(parseJson(Buffer.from(bytes).toString())), JSON.stringify(record), 'the bytes of a dead letter')
}

/** Whether a path, for columns that schemas know and so without escapes, leads to something. */
function leadsTo(record: unknown, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return record !== null && record !== ''
  return (
    typeof record === 'object' &&
    record !== null &&
    Object.hasOwn(record, key) &&
    leadsTo((record as Record<string, unknown>)[key], rest)
  )
}

/** The same batch again, and its messages each in a batch of its own, give the same bytes and the same ids. */
function checkRepeats(batch: SourceBatch, first: Transformed, transform: (batch: SourceBatch) => Transformed): void {
  equal(traceOf([transform(batch)]), traceOf([first]), 'the second run')
  if (batch.messages.length < 2) return
  const parts = batch.messages.map(({ body }, index) => transform(batchOf([body], hub, 100 + index)))
  equal(traceOf(parts), traceOf([first]), 'the messages one by one')
}

function traceOf(results: readonly Transformed[]): string {
  const bytes = results.flatMap(({ chunk }) => [Buffer.from(chunk.lines)])
  const rejects = results.flatMap(({ rejects }) =>
    rejects.map(reject => [
      reject.message.sequenceNumber,
      reject.recordIndex,
      reject.reason,
      reject.detail,
      reject.pointer,
    ]),
  )
  return [
    Buffer.concat(bytes).toString(),
    results.flatMap(({ chunk }) => chunk.ids).join(),
    JSON.stringify(rejects),
  ].join('\n')
}

const mostAlone = 30

/** By content and without a position, a record's document and id are its own, whatever stands around it. */
function checkNeighbours(bodies: readonly Uint8Array[], transform: (batch: SourceBatch) => Transformed): void {
  for (const body of bodies) {
    const bounds = recordBounds(body)
    const together = transform(batchOf([body], nowhere)).chunk
    if (bounds === undefined || bounds.length > 2 * mostAlone || together.ids.length === 0) continue
    const slices = Array.from({ length: bounds.length / 2 }, (_, index) =>
      body.subarray(bounds[index * 2], bounds[index * 2 + 1]),
    )
    const alone = slices.map(slice => transform(batchOf([messageOf(slice)], nowhere, 7)).chunk)
    equal(alone.flatMap(({ ids }) => ids).join(), together.ids.join(), 'the ids of the records one by one')
    const lines = Buffer.concat(alone.map(chunk => chunk.lines))
    equal(lines.toString(), Buffer.from(together.lines).toString(), 'the records one by one')
  }
}

export function messageOf(...records: readonly Uint8Array[]): Buffer {
  const parts = records.flatMap((record, index) => (index === 0 ? [record] : [Buffer.from(','), record]))
  return Buffer.concat([Buffer.from('{"records":['), ...parts, Buffer.from(']}')])
}

const prototype = Object.getOwnPropertyNames(Object.prototype).join()

function checkPrototype(): void {
  equal(Object.getOwnPropertyNames(Object.prototype).join(), prototype, 'the prototype of all objects')
}

function ascending(indexes: readonly number[], what: string): void {
  if (indexes.some((index, place) => place > 0 && index <= indexes[place - 1]!))
    throw new Error(`${what} out of order: ${indexes}`)
}

function equal(found: string | number, expected: string | number, what: string): void {
  if (found === expected) return
  const [one, other] = [String(found), String(expected)]
  let at = 0
  while (one[at] === other[at]) at++
  const around = (text: string) => JSON.stringify(text.slice(Math.max(0, at - 60), at + 60))
  throw new Error(`${what}: expected ${around(other)}, found ${around(one)}`)
}
