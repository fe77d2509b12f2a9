import { type RecordsKey, recordBounds, recordsKey } from '../core/json-slices.ts'
import type { Job, RejectedPart, Result } from './job.ts'

/** Runs a job; `undefined` means that it ended its worker. */
export type Attempt = (job: Job) => Promise<Result | undefined>

/** Narrowing restarts a worker for every crash. What is still unclear after so many is rejected without a further try. */
const mostCrashes = 40

/** The result of a job that ended its worker twice: its guilty records are rejected as `worker_crash`, the others done. */
export async function narrow(job: Job, attempt: Attempt): Promise<Result> {
  let crashes = 0
  return bisect(job)

  async function bisect(part: Job): Promise<Result> {
    const { messages } = part
    if (crashes >= mostCrashes || messages.length === 0) return rejected(part)
    if (messages.length > 1) {
      const middle = messages.length >> 1
      const first = { ...part, messages: messages.slice(0, middle) }
      return merge(await both(first, { ...part, messages: messages.slice(middle) }), middle)
    }
    const { from, to } = rangeOf(part)
    if (to - from < 2) return rejected(part)
    if (part.records === undefined) {
      // If reading the message without touching a record is enough for a crash, no part of it can be saved.
      const read = await run({ ...part, records: { from: 0, to: 0 } })
      if (read === undefined) return rejected(part)
      if (read.rejects.length > 0) return read
    }
    const middle = (from + to) >> 1
    return merge(await both({ ...part, records: { from, to: middle } }, { ...part, records: { from: middle, to } }), 0)
  }

  /** One after the other: with a single suspect under way, a crash has a single cause. */
  async function both(first: Job, second: Job): Promise<[Result, Result]> {
    return [(await run(first)) ?? (await bisect(first)), (await run(second)) ?? (await bisect(second))]
  }

  async function run(part: Job): Promise<Result | undefined> {
    const result = await attempt(part)
    if (result === undefined) crashes++
    return result
  }
}

function rangeOf({ origin, messages, records }: Job): { from: number; to: number } {
  return records ?? { from: 0, to: (recordBounds(messages[0]!.body, recordsKey(origin))?.length ?? 0) / 2 }
}

/** The records of the part, or where there is no telling them apart its messages, as rejects. */
function rejected({ origin, messages, records }: Job): Result {
  const key = recordsKey(origin)
  return { ...nothing, rejects: messages.flatMap(({ body }, index) => rejectsOf(body, key, index, records)) }
}

const guilty = { reason: 'worker_crash' } as const

function rejectsOf(body: Uint8Array, key: RecordsKey, message: number, records: Job['records']): RejectedPart[] {
  const bounds = recordBounds(body, key)
  const only = bounds?.length === 2 ? { from: 0, to: 1 } : undefined
  const { from, to } = records ?? only ?? { from: 0, to: 0 }
  if (bounds === undefined || to === from) {
    const detail = 'The message ended the worker that transformed it, more than once.'
    return [{ ...guilty, detail, pointer: '', message, recordIndex: null, start: 0, end: body.length }]
  }
  const detail = 'The record ended the worker that transformed it, more than once.'
  return Array.from({ length: to - from }, (_, offset) => {
    const recordIndex = from + offset
    const [start, end] = [bounds[recordIndex * 2]!, bounds[recordIndex * 2 + 1]!]
    return { ...guilty, detail, pointer: `/${key}/${recordIndex}`, message, recordIndex, start, end }
  })
}

const nothing: Result = {
  lines: new Uint8Array(0),
  ends: new Uint32Array(0),
  ids: [],
  tables: [],
  table: new Uint16Array(0),
  message: new Uint32Array(0),
  record: new Uint32Array(0),
  rejects: [],
  drift: [],
}

/** One result of two, the second one's messages counted from `firstMessage`. */
function merge([a, b]: readonly [Result, Result], firstMessage: number): Result {
  return {
    lines: Buffer.concat([a.lines, b.lines]),
    ends: Uint32Array.from([...a.ends, ...b.ends.map(end => end + a.lines.length)]),
    ids: [...a.ids, ...b.ids],
    tables: [...a.tables, ...b.tables],
    table: Uint16Array.from([...a.table, ...b.table.map(table => table + a.tables.length)]),
    message: Uint32Array.from([...a.message, ...b.message.map(message => message + firstMessage)]),
    record: Uint32Array.from([...a.record, ...b.record]),
    ...((a.versions ?? b.versions) && { versions: Float64Array.from([...versionsOf(a), ...versionsOf(b)]) }),
    rejects: [...a.rejects, ...b.rejects.map(part => ({ ...part, message: part.message + firstMessage }))],
    drift: [...a.drift, ...b.drift],
  }
}

function versionsOf({ versions, ids }: Result): Iterable<number> {
  return versions ?? new Float64Array(ids.length)
}
