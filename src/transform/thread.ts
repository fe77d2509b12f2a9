import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import type { Job, Result } from './job.ts'
import { packJob, unpackResult, type WorkerMail } from './serve.ts'

/** A job and whoever waits for it. */
export interface Task {
  readonly job: Job
  done(result: Result): void
  /** The job, as far as can be told, ended its worker. */
  crashed(): void
  /** The job cannot be done for a reason that does not lie in it. */
  failed(error: Error): void
}

export interface ThreadOptions {
  readonly url: URL
  readonly workerData: unknown
  /** Milliseconds for one job before its thread is taken for stuck and ended. */
  readonly stallAfter: number
  /** There may be room for a further task. */
  readonly onProgress: () => void
  /** Called once, with the tasks that have no result; the first of them was under way. */
  readonly onEnd: (thread: Thread, unfinished: Task[], error: Error | undefined) => void
}

/** A batch of some MB needs a tenth of it. A thread that needs more ends, and the process goes on. */
const resourceLimits = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 16 }

/** A worker thread and its tasks, in order: one under way and one waiting, so that it is never idle between two. */
export class Thread {
  readonly #worker: Worker
  readonly #options: ThreadOptions
  readonly #tasks: Task[] = []
  #ready = false
  #stall: NodeJS.Timeout | undefined
  #error: Error | undefined

  constructor(options: ThreadOptions) {
    this.#options = options
    // V8 reads this flag when it makes a heap, and puts it above the limits given here: one for the main thread's heap,
    // which is there already, must not take the worker its young generation.
    setFlagsFromString('--max-semi-space-size=0')
    this.#worker = new Worker(options.url, { workerData: options.workerData, resourceLimits })
    this.#worker.on('message', (mail: WorkerMail) => this.#receive(mail))
    this.#worker.on('error', error => {
      this.#error = error instanceof Error ? error : new Error(String(error))
    })
    this.#worker.on('exit', () => {
      clearTimeout(this.#stall)
      options.onEnd(this, this.#tasks, this.#error)
    })
  }

  /** Whether its code could be loaded: an end before that is nobody's job's fault. */
  get ready(): boolean {
    return this.#ready
  }

  get load(): number {
    return this.#tasks.length
  }

  get hasRoom(): boolean {
    return this.#tasks.length < 2
  }

  give(task: Task): void {
    this.#tasks.push(task)
    const [mail, transfer] = packJob(task.job)
    this.#worker.postMessage(mail, transfer)
    if (this.#tasks.length === 1) this.#watch()
  }

  async end(): Promise<void> {
    await this.#worker.terminate()
  }

  #receive(mail: WorkerMail): void {
    if (mail === 'ready') this.#ready = true
    else this.#tasks.shift()!.done(unpackResult(mail))
    this.#watch()
    this.#options.onProgress()
  }

  /** The clock runs from when a job is first in line, and not while the thread still starts. */
  #watch(): void {
    clearTimeout(this.#stall)
    if (!this.#ready || this.#tasks.length === 0) return
    this.#stall = setTimeout(() => void this.#worker.terminate(), this.#options.stallAfter)
  }
}
