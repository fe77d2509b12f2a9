import { dirname } from 'node:path'
import { tableOf } from '../core/chunk.ts'
import { XdrelayError } from '../core/errors.ts'
import type { Chunk, Delivery } from '../core/types.ts'
import { diskProblem, inTheWay, lacksRoom, tryFolder } from './disk.ts'
import { FileParts } from './file-parts.ts'
import { FilePath } from './file-path.ts'
import { OpenFiles } from './open-files.ts'
import type { CheckedOutput, OutputDeps, OutputKind } from './policy.ts'

export interface FileOptions {
  /** Absolute, with placeholders. */
  readonly path: string
  /** Bytes and milliseconds; 0: never. */
  readonly rotate: { readonly bytes: number; readonly age: number }
  readonly openFiles: number
}

/** NDJSON files; a document counts as delivered when it is on disk. */
export const file = {
  schema: {
    type: 'object',
    required: ['path'],
    properties: {
      path: {
        type: 'string',
        format: 'path',
        minLength: 1,
        description: 'File to append to; {table}, {date} (yyyy-MM-dd) and {hour} are filled in (UTC, time of writing).',
      },
      rotate: {
        type: 'object',
        default: {},
        properties: {
          bytes: { type: 'string', format: 'bytes', default: '256MiB', description: 'Rotate before this; 0: never.' },
          age: { type: 'string', format: 'duration', default: '0s', description: 'Rotate after this; 0s: never.' },
        },
      },
      open_files: {
        type: 'integer',
        minimum: 1,
        default: 64,
        description: 'Most files open at once; the one unused for longest is closed first.',
      },
    },
  },
  concurrency: 1,
  batch: { bytes: 8 * 1024 * 1024, count: 20_000, age: 200 },
  maxRetry: 5000,
  destination: ({ path }: FileOptions, table: string, time: Date) =>
    `file ${new FilePath(path, '').resolve(table, time)}`,
  create: (name: string, options: FileOptions, deps?: Pick<OutputDeps, 'watch'>) =>
    new FileOutput(name, options, deps?.watch),
} as const satisfies OutputKind

class FileOutput implements CheckedOutput {
  readonly #name: string
  readonly #path: FilePath
  readonly #files: OpenFiles
  readonly #watch: OutputDeps['watch']
  #outOfSpace = false
  /** Said once: more files are in use than may be open. */
  #isLimited = false

  constructor(name: string, { path, rotate, openFiles }: FileOptions, watch: OutputDeps['watch']) {
    this.#name = name
    this.#path = new FilePath(path, name)
    this.#watch = watch
    this.#files = new OpenFiles({
      ...rotate,
      mode: 0o640,
      noFollow: this.#path.varies,
      limit: openFiles,
      report: open => watch?.metrics.outputOpenFiles.set({ output: name }, open),
      limited: () => this.#noteLimit(openFiles),
    })
    watch?.metrics.outputOpenFilesLimit.set({ output: name }, openFiles)
    watch?.metrics.outputOpenFiles.set({ output: name }, 0)
    this.#setOutOfSpace(false)
  }

  get outOfSpace(): boolean {
    return this.#outOfSpace
  }

  /** Nothing to do: a folder that cannot be made now is an outage of the writes. */
  async open(): Promise<void> {}

  async check(): Promise<string> {
    const path = this.#path.resolve('unknown', new Date())
    const folder = dirname(path)
    // Where the name varies, which names come is not known.
    const obstacle = this.#path.varies ? undefined : await inTheWay(path)
    if (obstacle) throw new XdrelayError('cannot_write', `cannot write ${path}: ${obstacle}`, { facts: { path } })
    try {
      await tryFolder(folder)
    } catch (error) {
      throw new XdrelayError('cannot_write', `cannot write in ${folder}: ${diskProblem(error)}`, {
        cause: error,
        facts: { path: folder },
      })
    }
    return folder
  }

  async write(chunks: readonly Chunk[]): Promise<Delivery> {
    const time = new Date()
    const parts = new FileParts(table => this.#path.resolve(table, time))
    for (const chunk of chunks) parts.add(chunk)
    const failed = await this.#files.write(parts.byPath)
    const full = [...failed.values()].find(lacksRoom)
    this.#setOutOfSpace(full !== undefined)
    if (failed.size === 0) return { rejected: [], retry: [], duplicates: 0 }
    const [path, error] = [...failed].toSorted(([a], [b]) => (a < b ? -1 : 1))[0]!
    // Which files meet a full disk differs from one try to the next; the trouble is the same.
    const outage = full
      ? `no room to write in ${this.#path.folder}: ${diskProblem(full)}`
      : `cannot write ${path}: ${diskProblem(error)}`
    return { rejected: [], retry: this.#documentsOf(chunks, time, failed), duplicates: 0, outage }
  }

  close(): Promise<void> {
    return this.#files.close()
  }

  #documentsOf(chunks: readonly Chunk[], time: Date, paths: ReadonlyMap<string, unknown>): number[] {
    const documents: number[] = []
    let start = 0
    for (const chunk of chunks) {
      for (let index = 0; index < chunk.ids.length; index++) {
        if (paths.has(this.#path.resolve(tableOf(chunk, index), time))) documents.push(start + index)
      }
      start += chunk.ids.length
    }
    return documents
  }

  #setOutOfSpace(yes: boolean): void {
    this.#outOfSpace = yes
    this.#watch?.metrics.outputOutOfSpace.set({ output: this.#name }, yes ? 1 : 0)
  }

  #noteLimit(limit: number): void {
    if (this.#isLimited) return
    this.#isLimited = true
    const text = `output ${this.#name} writes to more than its open_files: ${limit}; files are closed and opened again, which is slower`
    this.#watch?.log.warn(text, { 'event.action': 'open_files_limit', 'labels.output': this.#name })
  }
}
