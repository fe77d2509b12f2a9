import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppendFile, cutTornTail, makeDirectory } from '../core/durable.ts'

export interface SegmentOptions {
  readonly path: string
  /** Bytes beyond which the next segment is begun. */
  readonly segmentBytes: number
}

/** Records may hold what only the operator may see. */
export const folderMode = 0o700

/**
 * A folder of NDJSON segments, appended to in turn. Names sort by age. Each process writes segments of its own, so
 * several may share the folder; nobody but the operator removes any.
 */
export class Segments {
  readonly #options: SegmentOptions
  #current: AppendFile | undefined

  constructor(options: SegmentOptions) {
    this.#options = options
  }

  /** Creates the folder and cuts off the half-written last lines that a crash left. */
  async open(): Promise<void> {
    await makeDirectory(this.#options.path, folderMode)
    for (const name of await this.#names()) {
      const handle = await open(join(this.#options.path, name), constants.O_RDWR)
      try {
        await cutTornTail(handle)
      } finally {
        await handle.close()
      }
    }
  }

  /** Bytes in the folder, whoever wrote them. */
  async size(): Promise<number> {
    const sizes = (await this.#names()).map(async name => {
      const info = await stat(join(this.#options.path, name)).catch((error: NodeJS.ErrnoException) => {
        // A segment that is taken away meanwhile takes no room.
        if (error.code === 'ENOENT') return undefined
        throw error
      })
      return info?.size ?? 0
    })
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }

  /**
   * Resolves once the lines are on disk; throws with nothing of them left in the segment. After a failure the same
   * segment is tried again: one for each try would fill the folder with empty files.
   */
  async append(lines: readonly Uint8Array[]): Promise<void> {
    const segment = await this.#ready(lines.reduce((sum, line) => sum + line.length, 0))
    await segment.append(lines)
    await segment.sync()
  }

  async close(): Promise<void> {
    const segment = this.#current
    this.#current = undefined
    await segment?.close()
  }

  async #ready(incoming: number): Promise<AppendFile> {
    const current = this.#current
    if (current) {
      const isFull = current.size > 0 && current.size + incoming > this.#options.segmentBytes
      if (isFull || !(await current.isInPlace())) await this.close()
    }
    if (this.#current) return this.#current
    await makeDirectory(this.#options.path, folderMode)
    this.#current = await AppendFile.open(this.#newPath(), { mode: 0o600, exclusive: true })
    return this.#current
  }

  #newPath(): string {
    const stamp = new Date().toISOString().replace(/[-:.]/g, '')
    return join(this.#options.path, `dead-letters-${stamp}-${randomBytes(4).toString('hex')}.ndjson`)
  }

  async #names(): Promise<string[]> {
    const names = await readdir(this.#options.path).catch((error: NodeJS.ErrnoException) => {
      // The next segment makes the folder anew.
      if (error.code === 'ENOENT') return []
      throw error
    })
    return names.filter(name => name.endsWith('.ndjson'))
  }
}
