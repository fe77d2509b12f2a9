import { constants, type Stats } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface AppendOptions {
  /** Permissions of a new file, less the umask. */
  readonly mode: number
  /** Fail where the file exists already. */
  readonly exclusive?: boolean
  /** Fail where the last part of the path is a symbolic link: for names that come from records. */
  readonly noFollow?: boolean
}

const lineFeed = 0x0a
const block = 64 * 1024
/** The kernel takes at most 1024 buffers in one call. */
const mostBuffers = 1024

/**
 * A file of lines that is only ever appended to, and that holds whole lines whatever happens: a half-written last line
 * is cut off when it is opened, and a write that failed is taken back. What `append` wrote is safe once `sync` resolved.
 *
 * One file belongs to one process. Another that appends to it as well is not harmed, but a write of either that fails
 * half-way may then leave half a line behind.
 */
export class AppendFile {
  readonly path: string
  readonly #handle: FileHandle
  #size: number
  /** Size at the last `sync`; beyond it nothing is certain after an I/O error. */
  #synced: number
  readonly #identity: Pick<Stats, 'ino' | 'dev'>
  /** When the file was created, in milliseconds since the epoch. */
  readonly created: number

  private constructor(path: string, handle: FileHandle, size: number, { ino, dev, birthtimeMs }: Stats) {
    this.path = path
    this.#handle = handle
    this.#size = size
    this.#synced = size
    this.#identity = { ino, dev }
    // Not every file system keeps the time of birth.
    this.created = birthtimeMs || Date.now()
  }

  /** Opens or creates the file, and its folders; what it returns ends with a whole line. */
  static async open(path: string, options: AppendOptions): Promise<AppendFile> {
    const folder = dirname(path)
    await makeDirectory(folder)
    const { O_RDWR, O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
    const flags = (options.exclusive ? O_EXCL : 0) | (options.noFollow ? (O_NOFOLLOW ?? 0) : 0)
    const handle = await open(path, O_RDWR | O_APPEND | O_CREAT | flags, options.mode)
    try {
      const size = await cutTornTail(handle)
      await syncDirectory(folder)
      return new AppendFile(path, handle, size, await handle.stat())
    } catch (error) {
      await handle.close()
      // Tried again under a new name each time, it would leave an empty file behind each time.
      if (options.exclusive) await rm(path, { force: true }).catch(() => {})
      throw error
    }
  }

  /** Bytes of whole lines. */
  get size(): number {
    return this.#size
  }

  /**
   * True while the path still leads to this file. Takes note of what others did to its size: a log rotation that
   * copies and truncates, a second writer.
   */
  async isInPlace(): Promise<boolean> {
    const there = await stat(this.path).catch(() => undefined)
    if (there?.ino !== this.#identity.ino || there.dev !== this.#identity.dev) return false
    if (there.size !== this.#size) {
      this.#size = await cutTornTail(this.#handle)
      this.#synced = Math.min(this.#synced, this.#size)
    }
    return true
  }

  /** Writes whole lines, with one system call; throws with nothing of them left in the file. */
  async append(parts: readonly Uint8Array[]): Promise<void> {
    const buffers = parts.length > mostBuffers ? [Buffer.concat(parts)] : parts
    const bytes = buffers.reduce((sum, part) => sum + part.length, 0)
    let written = 0
    try {
      written = (await this.#handle.writev(buffers)).bytesWritten
      // A disk that fills up takes a part first and fails the rest.
      const rest = written < bytes ? Buffer.concat(buffers) : undefined
      while (rest && written < bytes) written += (await this.#handle.write(rest, written)).bytesWritten
    } catch (error) {
      await this.#takeBack(this.#size + written, this.#size)
      throw error
    }
    this.#size += bytes
  }

  /** Throws when the disk did not take what was appended since the last call, with nothing of it left in the file. */
  async sync(): Promise<void> {
    try {
      await this.#handle.datasync()
    } catch (error) {
      await this.#takeBack(this.#size, this.#synced)
      this.#size = this.#synced
      throw error
    }
    this.#synced = this.#size
  }

  close(): Promise<void> {
    return this.#handle.close()
  }

  /**
   * Best effort: where it fails, the torn line is cut at the next opening. A file that is not as long as it should be
   * holds lines of another writer too, and is left as it is.
   */
  async #takeBack(from: number, to: number): Promise<void> {
    try {
      if (from > to && (await this.#handle.stat()).size === from) await this.#handle.truncate(to)
    } catch {
      // The error that led here says what is wrong.
    }
  }
}

/**
 * Cuts off what follows the last line feed; returns the size left. A tail that still grows is another process's write
 * under way, so the cut waits until it stands still.
 */
export async function cutTornTail(handle: FileHandle): Promise<number> {
  for (let seen = -1; ; await sleep(50)) {
    const info = await handle.stat()
    if (!info.isFile()) throw new Error('not a regular file')
    const end = await endOfLastLine(handle, info.size)
    if (end === info.size) return end
    if (info.size === seen) {
      await handle.truncate(end)
      return end
    }
    seen = info.size
  }
}

async function endOfLastLine(handle: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    // One byte tells in nearly every case.
    const length = end === size ? 1 : Math.min(block, end)
    const { buffer, bytesRead } = await handle.read({ buffer: Buffer.alloc(length), position: end - length })
    const at = buffer.subarray(0, bytesRead).lastIndexOf(lineFeed)
    if (at !== -1) return end - length + at + 1
    end -= length
  }
  return 0
}

/** Puts the whole text in the place of the file, or leaves it as it was, also in a power cut. For one writer at a time. */
export async function replaceFile(path: string, text: string, mode = 0o600): Promise<void> {
  const draft = `${path}.new`
  const handle = await open(draft, 'w', mode)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(draft, path)
  await syncDirectory(dirname(path))
}

/**
 * Creates the folder and those above it, and makes their names survive a power cut. Throws what the file system said of
 * the first that cannot be made: `mkdir` of Node, told to make all of them, takes a read-only file system for a missing
 * folder, and never ends below `/proc`.
 */
export async function makeDirectory(path: string, mode?: number): Promise<void> {
  const missing: string[] = []
  for (let folder = resolve(path); !(await isThere(folder)); folder = dirname(folder)) missing.unshift(folder)
  for (const folder of missing) {
    await mkdir(folder, mode).catch(async (error: NodeJS.ErrnoException) => {
      // Another process may have been quicker.
      if (error.code !== 'EEXIST' || !(await isThere(folder))) throw error
    })
    await syncDirectory(dirname(folder))
  }
}

/** Whether the folder exists; throws for anything else in its place. */
async function isThere(folder: string): Promise<boolean> {
  const found = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' && dirname(folder) !== folder) return undefined
    throw error
  })
  if (found?.isDirectory() === false) throw Object.assign(new Error('ENOTDIR: not a directory'), { code: 'ENOTDIR' })
  return found !== undefined
}

/** Makes names that were created, renamed or removed in the folder survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
