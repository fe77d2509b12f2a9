import { open, rename, rm } from 'node:fs/promises'
import { dirname, parse } from 'node:path'
import { AppendFile, syncDirectory } from '../core/durable.ts'

export interface RollingOptions {
  /** Bytes beyond which a file is rotated before the next write; 0: never. */
  readonly bytes: number
  /** Milliseconds after its creation when a file is rotated at the next write; 0: never. */
  readonly age: number
  readonly mode: number
  readonly noFollow: boolean
}

/** One path that is appended to, made anew when it grows too large or old, or when someone moved it away. */
export class RollingFile {
  readonly path: string
  readonly #options: RollingOptions
  #file: AppendFile | undefined

  constructor(path: string, options: RollingOptions) {
    this.path = path
    this.#options = options
  }

  get isOpen(): boolean {
    return this.#file !== undefined
  }

  /** Appends whole lines and has them on disk; throws with nothing of them left in the file. One call at a time. */
  async write(parts: readonly Uint8Array[]): Promise<void> {
    try {
      const file = await this.#ready(parts.reduce((sum, part) => sum + part.length, 0))
      await file.append(parts)
      await file.sync()
    } catch (error) {
      // Opening it anew cuts off what could not be taken back.
      await this.close().catch(() => {})
      throw error
    }
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #ready(incoming: number): Promise<AppendFile> {
    if (this.#file && !(await this.#file.isInPlace())) await this.close()
    this.#file ??= await this.#open()
    if (!this.#isDue(this.#file, incoming)) return this.#file
    await this.close()
    await moveAside(this.path)
    this.#file = await this.#open()
    return this.#file
  }

  #isDue(file: AppendFile, incoming: number): boolean {
    const { bytes, age } = this.#options
    if (file.size === 0) return false
    return (bytes > 0 && file.size + incoming > bytes) || (age > 0 && Date.now() - file.created >= age)
  }

  #open(): Promise<AppendFile> {
    return AppendFile.open(this.path, { mode: this.#options.mode, noFollow: this.#options.noFollow })
  }
}

/** `events.ndjson` becomes `events.20260131T235959123Z.ndjson`; where that exists, a number tells them apart. */
async function moveAside(path: string): Promise<void> {
  const { dir, name, ext } = parse(path)
  const stamp = new Date().toISOString().replace(/[-:.]/g, '')
  for (let serial = 0; ; serial++) {
    const target = `${dir}/${name}.${stamp}${serial === 0 ? '' : `-${serial}`}${ext}`
    if (!(await reserve(target))) continue
    await renameTo(path, target)
    return syncDirectory(dirname(path))
  }
}

/** Leaves nothing behind where it fails: it is tried again, under another name, for as long as that lasts. */
async function renameTo(path: string, target: string): Promise<void> {
  try {
    await rename(path, target)
  } catch (error) {
    await rm(target, { force: true }).catch(() => {})
    throw error
  }
}

/** A rename replaces what is there, so the name is taken first; false when someone has it. */
async function reserve(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
