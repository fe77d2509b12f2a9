import { RollingFile, type RollingOptions } from './rolling-file.ts'

export interface OpenFilesOptions extends RollingOptions {
  /** Most files that are open at once. */
  readonly limit: number
  /** Told how many are open, after every write. */
  readonly report: (open: number) => void
  /** Told when a file was closed to stay within the limit. */
  readonly limited: () => void
}

/** Files by path, of which only so many are open: the one unused for longest is closed for the next. */
export class OpenFiles {
  readonly #options: OpenFilesOptions
  /** By path, the one unused for longest first. */
  readonly #files = new Map<string, RollingFile>()

  constructor(options: OpenFilesOptions) {
    this.#options = options
  }

  /** Appends to each path what belongs there; returns what went wrong, by path. One call at a time. */
  async write(parts: ReadonlyMap<string, readonly Uint8Array[]>): Promise<Map<string, unknown>> {
    const failed = new Map<string, unknown>()
    const paths = [...parts.keys()]
    for (let from = 0; from < paths.length; from += this.#options.limit) {
      const group = paths.slice(from, from + this.#options.limit)
      const files = group.map(path => this.#use(path))
      await this.#makeRoom(files)
      await Promise.all(
        files.map(file => file.write(parts.get(file.path)!).catch(error => failed.set(file.path, error))),
      )
    }
    this.#report()
    return failed
  }

  async close(): Promise<void> {
    await Promise.all([...this.#files.values()].map(each => each.close()))
    this.#files.clear()
    this.#report()
  }

  #use(path: string): RollingFile {
    const found = this.#files.get(path) ?? new RollingFile(path, this.#options)
    this.#files.delete(path)
    this.#files.set(path, found)
    return found
  }

  /** Lets go of files until those that are about to be written can all be open. */
  async #makeRoom(coming: readonly RollingFile[]): Promise<void> {
    const others = [...this.#files.values()].filter(each => !coming.includes(each))
    const surplus = others.slice(0, Math.max(0, this.#files.size - this.#options.limit))
    for (const each of surplus) {
      this.#files.delete(each.path)
      // It is on disk since its last write.
      await each.close().catch(() => {})
    }
    if (surplus.length > 0) this.#options.limited()
  }

  #report(): void {
    this.#options.report([...this.#files.values()].filter(each => each.isOpen).length)
  }
}
