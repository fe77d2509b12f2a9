import { setTimeout as sleep } from 'node:timers/promises'
import { XdrelayError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Metrics } from '../core/metrics.ts'
import type { OptionSchema } from '../core/options.ts'
import type { DeadLetter, Reject } from '../core/types.ts'
import { deadLetterLine } from './dead-letter-line.ts'
import { DeadLetterLog } from './dead-letter-log.ts'
import { diskProblem, lacksRoom, tryFolder } from './disk.ts'
import { folderMode, Segments } from './segments.ts'

export interface DeadLetterOptions {
  readonly file: {
    /** Absolute path of the folder. */
    readonly path: string
    /** Bytes of the whole folder. */
    readonly maxBytes: number
    readonly segmentBytes: number
  }
}

export const deadLetterSchema = {
  type: 'object',
  required: ['file'],
  properties: {
    file: {
      type: 'object',
      required: ['path'],
      properties: {
        path: { type: 'string', format: 'path', minLength: 1, description: 'Folder of the dead letters.' },
        max_bytes: {
          type: 'string',
          format: 'bytes',
          // A message of 1 MiB in base64, and what is said of it: less would not take every letter.
          minimum: 2 * 1024 * 1024,
          default: '1GiB',
          description:
            'Room for dead letters, 2MiB at least; when it is used up, xdrelay waits until some are taken away.',
        },
        segment_bytes: { type: 'string', format: 'bytes', default: '64MiB', description: 'Size of one file of them.' },
      },
    },
  },
} as const satisfies OptionSchema

export interface DeadLetterDeps {
  readonly log: Log
  readonly metrics: Metrics
}

/** One call of `write` that is not on disk yet. */
interface Waiting {
  readonly rejects: readonly Reject[]
  /** How many of them are on disk. */
  stored: number
  readonly done: () => void
}

/** What goes to disk with one write and one fsync: how many lines of which calls. */
interface Append {
  readonly lines: Buffer[]
  bytes: number
  readonly calls: { readonly call: Waiting; readonly count: number }[]
}

/** How often to look again while there is no room, in milliseconds. */
const recheck = 250
/** How often to look at the folder's size while nothing is written: somebody may have taken letters away. */
const remeasure = 5000
/** Bytes of one append; more waits for the next. */
const appendBytes = 4 * 1024 * 1024

/**
 * Dead letters in files. Calls that come while an append is under way share the next one, and its fsync. Where the
 * folder is full or the disk fails, everything waits and is tried again: only an abort ends a wait.
 */
export class FileDeadLetter implements DeadLetter {
  readonly #options: DeadLetterOptions['file']
  readonly #deps: DeadLetterDeps
  readonly #segments: Segments
  readonly #news: DeadLetterLog
  /** False while the folder could not be made ready for want of room. */
  #isOpen = false
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #size = 0
  /** What is in the way, so that it is logged once. */
  #trouble: string | undefined
  #outOfSpace = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: DeadLetterOptions, deps: DeadLetterDeps) {
    this.#options = options.file
    this.#deps = deps
    this.#segments = new Segments(options.file)
    this.#news = new DeadLetterLog(deps.log, options.file.path)
    deps.metrics.deadLetterLimit.set(options.file.maxBytes)
    this.#show()
  }

  get state(): 'up' | 'down' {
    return this.#trouble === undefined ? 'up' : 'down'
  }

  /** True while nothing but room is missing: on the disk, or within `max_bytes`. */
  get outOfSpace(): boolean {
    return this.#outOfSpace
  }

  /** Throws `cannot_write` when the folder cannot be made or read; a full disk is waited out by the writes. */
  async open(): Promise<void> {
    try {
      await this.#prepare()
    } catch (error) {
      if (!lacksRoom(error)) throw cannotWrite(this.#options.path, error)
      this.#note(error)
    }
    this.#timer = setInterval(() => void this.#remeasure().catch(() => {}), remeasure).unref()
  }

  write(rejects: readonly Reject[], signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    if (rejects.length === 0) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiting: Waiting = { rejects, stored: 0, done: resolve }
    this.#waiting.push(waiting)
    const abort = () => {
      this.#waiting = this.#waiting.filter(other => other !== waiting)
      reject(signal.reason)
    }
    signal.addEventListener('abort', abort, { once: true })
    this.#flushing ??= this.#flush()
    return promise.finally(() => signal.removeEventListener('abort', abort))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#flushing
    this.#news.close()
    await this.#segments.close()
  }

  /** Ends when nothing waits any more; meanwhile never throws. */
  async #flush(): Promise<void> {
    let measured = false
    while (this.#waiting.length > 0) {
      try {
        if (!measured) await this.#prepare()
        measured = true
        const next = this.#next()
        if (next.lines.length === 0) throw new UsedUp(this.#options.maxBytes, this.#oldestLetter())
        await this.#segments.append(next.lines)
        this.#settle(next)
      } catch (error) {
        this.#note(error)
        measured = false
        await sleep(recheck)
      }
    }
    // In the same turn as the last look: a call that comes now has to start anew.
    this.#flushing = undefined
  }

  /** The oldest rejects as lines, as many as one append and the room allow; one larger than all room goes alone. */
  #next(): Append {
    const now = new Date()
    const append: Append = { lines: [], bytes: 0, calls: [] }
    for (const call of this.#waiting) {
      const before = append.lines.length
      for (const reject of call.rejects.slice(call.stored)) {
        const line = deadLetterLine(reject, now)
        if (!this.#fits(append.bytes, line.length)) break
        append.lines.push(line)
        append.bytes += line.length
      }
      const count = append.lines.length - before
      if (count > 0) append.calls.push({ call, count })
      if (call.stored + count < call.rejects.length) break
    }
    return append
  }

  /** Bytes of the one that is to be written next. */
  #oldestLetter(): number {
    const { rejects, stored } = this.#waiting[0]!
    return deadLetterLine(rejects[stored]!, new Date()).length
  }

  #fits(before: number, line: number): boolean {
    const total = this.#size + before
    if (total > 0 && total + line > this.#options.maxBytes) return false
    return before === 0 || before + line <= appendBytes
  }

  #settle({ bytes, calls }: Append): void {
    const { metrics } = this.#deps
    this.#noteWell()
    this.#setSize(this.#size + bytes)
    for (const { call, count } of calls) {
      const stored = call.rejects.slice(call.stored, call.stored + count)
      for (const { reason } of stored) metrics.deadLetters.inc({ reason })
      this.#news.add(stored)
      call.stored += count
      if (call.stored < call.rejects.length) continue
      this.#waiting = this.#waiting.filter(other => other !== call)
      call.done()
    }
  }

  #note(error: unknown): void {
    const trouble = diskProblem(error)
    this.#outOfSpace = lacksRoom(error) || error instanceof UsedUp
    if (this.#trouble === trouble) return
    this.#trouble = trouble
    this.#show()
    const text = `dead letter ${this.#options.path} cannot be written: ${trouble}; what belongs there waits, nothing is lost`
    this.#deps.log.error(text, { 'event.action': 'dead_letter_down' })
  }

  #noteWell(): void {
    if (this.#trouble === undefined) return
    this.#trouble = undefined
    this.#outOfSpace = false
    this.#show()
    this.#deps.log.info('dead letter can be written again', { 'event.action': 'dead_letter_up' })
  }

  #show(): void {
    const { metrics } = this.#deps
    metrics.deadLetterState.set(this.state === 'up' ? 0 : 2)
    metrics.deadLetterOutOfSpace.set(this.#outOfSpace ? 1 : 0)
  }

  async #prepare(): Promise<void> {
    if (!this.#isOpen) await this.#segments.open()
    this.#isOpen = true
    this.#setSize(await this.#segments.size())
  }

  /** A flush measures by itself, and adds what it writes. */
  async #remeasure(): Promise<void> {
    if (this.#flushing) return
    const bytes = await this.#segments.size()
    if (!this.#flushing) this.#setSize(bytes)
  }

  #setSize(bytes: number): void {
    this.#size = bytes
    this.#deps.metrics.deadLetterBytes.set(bytes)
  }
}

/** The folder holds as much as it may; or one letter is larger than that, which only an empty folder takes. */
class UsedUp extends Error {
  constructor(maxBytes: number, letter = 0) {
    super(
      letter > maxBytes
        ? `one dead letter of ${letter} bytes does not fit into its max_bytes, ${maxBytes}; raise dead_letter.file.max_bytes or move all files away there`
        : `its ${maxBytes} bytes are used up; move files away there or raise dead_letter.file.max_bytes`,
    )
  }
}

/**
 * Tries whether dead letters could be written, and says in a few words what is there; throws `cannot_write` if not.
 * Touches no segment: another process may be appending to one.
 */
export async function checkDeadLetter({ file }: DeadLetterOptions): Promise<string> {
  const { path, maxBytes } = file
  try {
    await tryFolder(path, folderMode)
    const used = await new Segments(file).size()
    if (used >= maxBytes) throw new UsedUp(maxBytes)
    return `${path}: ${used} of ${maxBytes} bytes used`
  } catch (error) {
    throw cannotWrite(path, error)
  }
}

function cannotWrite(path: string, error: unknown): XdrelayError {
  return new XdrelayError('cannot_write', `dead letter folder ${path}: ${diskProblem(error)}`, {
    cause: error,
    facts: { path },
  })
}
