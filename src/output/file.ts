import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { tableOf } from '../core/chunk.ts'
import { makeDirectory } from '../core/durable.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import type { Chunk, Delivery } from '../core/types.ts'
import { FilePath } from './file-path.ts'
import type { CheckedOutput, OutputKind } from './policy.ts'
import { RollingFile } from './rolling-file.ts'

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
        description: 'Most files kept open; the one unused for longest is closed first.',
      },
    },
  },
  concurrency: 1,
  batch: { bytes: 8 * 1024 * 1024, count: 20_000, age: 200 },
  create: (name: string, options: FileOptions) => new FileOutput(name, options),
} as const satisfies OutputKind

class FileOutput implements CheckedOutput {
  readonly #options: FileOptions
  readonly #path: FilePath
  /** By path, the one unused for longest first. */
  readonly #files = new Map<string, RollingFile>()

  constructor(name: string, options: FileOptions) {
    this.#options = options
    this.#path = new FilePath(options.path, name)
  }

  /** Nothing to do: a folder that cannot be made now is an outage of the writes. */
  async open(): Promise<void> {}

  async check(): Promise<string> {
    const path = this.#path.resolve('unknown', new Date())
    try {
      await makeDirectory(dirname(path))
      await access(dirname(path), constants.W_OK)
    } catch (error) {
      throw new XdrelayError('cannot_write', problem(path, error), { cause: error, facts: { path } })
    }
    return dirname(path)
  }

  async write(chunks: readonly Chunk[]): Promise<Delivery> {
    const time = new Date()
    const parts = new Map<string, Uint8Array[]>()
    for (const chunk of chunks) this.#spread(chunk, time, parts)
    const failed = new Map<string, string>()
    const writes = [...parts].map(([path, buffers]) =>
      this.#fileFor(path)
        .write(buffers)
        .catch(error => failed.set(path, problem(path, error))),
    )
    await Promise.all(writes)
    await this.#closeUnused()
    const [outage] = failed.values()
    if (outage === undefined) return { rejected: [], retry: [], duplicates: 0 }
    return { rejected: [], retry: this.#documentsOf(chunks, time, failed), duplicates: 0, outage }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map(each => each.close()))
    this.#files.clear()
  }

  /** Adds the chunk's lines to the files they go to: in one piece where all go to one, by runs of a table otherwise. */
  #spread(chunk: Chunk, time: Date, parts: Map<string, Uint8Array[]>): void {
    const add = (path: string, bytes: Uint8Array) => {
      const buffers = parts.get(path)
      if (buffers) buffers.push(bytes)
      else parts.set(path, [bytes])
    }
    const paths = chunk.tables.map(table => this.#path.resolve(table, time))
    const single = new Set(paths).size === 1
    let start = 0
    for (let index = single ? chunk.ids.length - 1 : 0; index < chunk.ids.length; index++) {
      const path = paths[chunk.table[index]!]!
      if (index + 1 < chunk.ids.length && path === paths[chunk.table[index + 1]!]) continue
      add(path, chunk.lines.subarray(start, chunk.ends[index]))
      start = chunk.ends[index]!
    }
  }

  #documentsOf(chunks: readonly Chunk[], time: Date, paths: ReadonlyMap<string, string>): number[] {
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

  #fileFor(path: string): RollingFile {
    const { rotate } = this.#options
    const found =
      this.#files.get(path) ?? new RollingFile(path, { ...rotate, mode: 0o640, noFollow: this.#path.varies })
    this.#files.delete(path)
    this.#files.set(path, found)
    return found
  }

  async #closeUnused(): Promise<void> {
    const surplus = [...this.#files.values()].slice(0, Math.max(0, this.#files.size - this.#options.openFiles))
    for (const each of surplus) {
      this.#files.delete(each.path)
      await each.close().catch(() => {})
    }
  }
}

const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  EACCES: 'permission denied',
  EROFS: 'the file system is read-only',
  EIO: 'the disk failed',
  ELOOP: 'it is a symbolic link',
  EMFILE: 'too many open files',
}

function problem(path: string, error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException
  return `cannot write ${path}: ${reasons[code] ?? messageOf(error)}${reasons[code] ? ` (${code})` : ''}`
}
