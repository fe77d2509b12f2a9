import { availableParallelism } from 'node:os'
import { XdrelayError } from '../core/errors.ts'
import type { SourceBatch, Transform, Transformed } from '../core/types.ts'
import { type Job, type Result, transformed } from './job.ts'
import { narrow } from './narrow.ts'
import { type TransformOptions, workersFor } from './options.ts'
import { type Task, Thread } from './thread.ts'

const builtIn = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** How many threads in a row may end before they are ready, until the fault is taken to lie in the installation. */
const mostFailedStarts = 3

/**
 * The transform on worker threads. Bodies are copied once and moved in, results are moved out. `run` settles for every
 * batch: a worker that ends (out of memory, stuck, a defect) is replaced and its batch tried again, then taken apart
 * until the guilty record is found. It rejects only when no worker can be started, or after `close`.
 */
export function createTransform(
  options: TransformOptions,
  testing: { worker?: URL; stallAfter?: number } = {},
): Transform {
  const pool = new Pool(options, testing.worker ?? builtIn, testing.stallAfter ?? 60_000)
  return {
    async run(batch: SourceBatch): Promise<Transformed> {
      const attempt = (job: Job) => pool.attempt(job)
      return transformed(batch, (await attempt(batch)) ?? (await attempt(batch)) ?? (await narrow(batch, attempt)))
    },
    close: () => pool.close(),
  }
}

class Pool {
  readonly #options: TransformOptions
  readonly #url: URL
  readonly #stallAfter: number
  readonly #size: number
  readonly #threads = new Set<Thread>()
  /** Tasks that no thread has room for, oldest first. */
  readonly #waiting: Task[] = []
  #failedStarts = 0
  /** Why there will be no further result. */
  #over: XdrelayError | undefined

  constructor(options: TransformOptions, url: URL, stallAfter: number) {
    this.#options = options
    this.#url = url
    this.#stallAfter = stallAfter
    this.#size = options.workers ?? workersFor(availableParallelism())
    while (this.#threads.size < this.#size) this.#start()
  }

  /** The job's result; undefined when it ended its worker. */
  attempt(job: Job): Promise<Result | undefined> {
    if (this.#over) return Promise.reject(this.#over)
    const { promise, resolve, reject } = Promise.withResolvers<Result | undefined>()
    this.#waiting.push({ job, done: resolve, crashed: () => resolve(undefined), failed: reject })
    this.#dispatch()
    return promise
  }

  async close(): Promise<void> {
    this.#fail(new XdrelayError('interrupted', 'The transform is closed.'))
    await Promise.all([...this.#threads].map(thread => thread.end()))
  }

  #start(): void {
    const thread: Thread = new Thread({
      url: this.#url,
      workerData: this.#options,
      stallAfter: this.#stallAfter,
      onProgress: () => {
        this.#failedStarts = 0
        this.#dispatch()
      },
      onEnd: (ended, unfinished, error) => this.#replace(ended, unfinished, error),
    })
    this.#threads.add(thread)
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      while (this.#threads.size < this.#size) this.#start()
      const free = [...this.#threads].filter(thread => thread.hasRoom).sort((a, b) => a.load - b.load)[0]
      if (free === undefined) return
      free.give(this.#waiting.shift()!)
    }
  }

  /** Only the first unfinished task was under way; the others of that thread are not suspected of anything. */
  #replace(ended: Thread, unfinished: readonly Task[], error: Error | undefined): void {
    this.#threads.delete(ended)
    if (this.#over) {
      for (const task of unfinished) task.failed(this.#over)
      return
    }
    if (!ended.ready) this.#failedStarts++
    const suspect = ended.ready ? unfinished[0] : undefined
    this.#waiting.unshift(...unfinished.filter(task => task !== suspect))
    if (this.#failedStarts >= mostFailedStarts) {
      const reason = error?.message ?? 'it ended without an error'
      this.#fail(new XdrelayError('internal', `The transform's worker cannot be started: ${reason}`, { cause: error }))
      return
    }
    suspect?.crashed()
    this.#dispatch()
  }

  #fail(error: XdrelayError): void {
    this.#over ??= error
    for (const task of this.#waiting.splice(0)) task.failed(this.#over)
  }
}
