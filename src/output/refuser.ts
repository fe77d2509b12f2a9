import { setTimeout as sleep } from 'node:timers/promises'
import { tableOf } from '../core/chunk.ts'
import { messageOf } from '../core/errors.ts'
import { recordsKey } from '../core/json-slices.ts'
import type { Log } from '../core/log.ts'
import type { Chunk, DeadLetter, Reject } from '../core/types.ts'
import { Pace, type PacePolicy } from './pace.ts'
import { ReceivedRecords } from './received.ts'
import type { Share } from './share.ts'

export interface RefuserParts {
  /** The output's name. */
  readonly name: string
  readonly policy: PacePolicy
  readonly deadLetter: DeadLetter
  readonly log: Log
  readonly signal: AbortSignal
}

/** Takes the documents that an output will never accept to the dead letter, as the records they came from. */
export class Refuser {
  readonly #parts: RefuserParts
  readonly #pace: Pace

  constructor(parts: RefuserParts) {
    this.#parts = parts
    this.#pace = new Pace(parts.policy)
  }

  /** Resolves with true once the rejects are on disk, however long that takes; with false on abort. Never rejects. */
  async bury(chunks: readonly Chunk[], shares: readonly Share[]): Promise<boolean> {
    const { name, deadLetter, log, signal } = this.#parts
    const rejects = chunks.flatMap((chunk, at) => rejectsOf(chunk, shares[at]!, name))
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await deadLetter.write(rejects, signal)
        return true
      } catch (error) {
        if (signal.aborted) return false
        if (attempt === 1) log.error(`dead letter of output ${name} failed, trying again: ${messageOf(error)}`)
        await sleep(this.#pace.wait(attempt), undefined, { signal }).catch(() => {})
      }
    }
    return false
  }
}

function rejectsOf(chunk: Chunk, { refused }: Share, output: string): Reject[] {
  const received = new ReceivedRecords(chunk)
  return refused.map(({ index, detail }) => {
    const message = chunk.messages[chunk.message[index]!]!
    const recordIndex = chunk.record[index]!
    const bytes = received.bytes(index)
    const pointer = `/${recordsKey(chunk.origin)}/${recordIndex}`
    const table = tableOf(chunk, index)
    return { reason: 'refused', detail, pointer, origin: chunk.origin, message, recordIndex, bytes, output, table }
  })
}
