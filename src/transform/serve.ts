import type { MessagePort, Transferable } from 'node:worker_threads'
import type { Message, Origin } from '../core/types.ts'
import type { Job, Range, Result } from './job.ts'

type Head = Pick<Message, 'sequenceNumber' | 'offset' | 'enqueuedTime' | 'receivedTime'>

/** A job on its way to a worker: all bodies in one buffer that is moved and not copied. */
export interface JobMail {
  readonly origin: Origin
  readonly messages: readonly Head[]
  readonly bodies: Uint8Array
  /** For each message: where its body ends in `bodies`. */
  readonly ends: readonly number[]
  readonly records?: Range
}

/** `ready` once, then a result for each job, in the order of the jobs. */
export type WorkerMail = 'ready' | ResultMail

/** Lists as one text each, which crosses threads ten times faster than thousands of strings or objects. */
export type ResultMail = Omit<Result, 'ids' | 'rejects'> & { readonly ids: string; readonly rejects: string }

export function packJob({ origin, messages, records }: Job): [JobMail, Transferable[]] {
  const bodies = Buffer.allocUnsafeSlow(messages.reduce((sum, { body }) => sum + body.length, 0))
  let end = 0
  const ends = messages.map(({ body }) => {
    bodies.set(body, end)
    end += body.length
    return end
  })
  const heads = messages.map(headOf)
  const mail = { origin, messages: heads, bodies, ends, ...(records && { records }) }
  return [mail, [bodies.buffer]]
}

function headOf({ sequenceNumber, offset, enqueuedTime, receivedTime }: Message): Head {
  return { sequenceNumber, offset, enqueuedTime, ...(receivedTime !== undefined && { receivedTime }) }
}

function unpackJob({ origin, messages, bodies, ends, records }: JobMail): Job {
  const whole = messages.map((head, index) => ({ ...head, body: bodies.subarray(ends[index - 1] ?? 0, ends[index]) }))
  return { origin, messages: whole, ...(records && { records }) }
}

export function unpackResult({ ids, rejects, ...rest }: ResultMail): Result {
  // No id holds a comma.
  return { ...rest, ids: ids === '' ? [] : ids.split(','), rejects: JSON.parse(rejects) as Result['rejects'] }
}

/** The worker's side: answers every job until the port is closed. */
export function serve(port: MessagePort, run: (job: Job) => Result): void {
  port.on('message', (mail: JobMail) => {
    const result = run(unpackJob(mail))
    // Given back at once: V8 counts it against the heap until a collection finds it, and collects all the more often.
    ;(mail.bodies.buffer as ArrayBuffer).transfer(0)
    const { lines, ends, table, message, record, versions } = result
    const columns = [lines, ends, table, message, record, ...(versions ? [versions] : [])]
    const answer: ResultMail = { ...result, ids: result.ids.join(), rejects: JSON.stringify(result.rejects) }
    port.postMessage(
      answer,
      columns.map(({ buffer }) => buffer as ArrayBuffer),
    )
  })
  port.postMessage('ready')
}
