import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeDirectory, replaceFile } from '../core/durable.ts'
import { messageOf, XdrelayError } from '../core/errors.ts'
import { type CursorHold, type CursorStore, HeldPositions, type HeldText } from './cursors.ts'
import { DirectoryLock } from './directory-lock.ts'

/** The file of a source that is called so. */
export function cursorFile(directory: string, name: string): string {
  return join(directory, `${name}.json`)
}

/** Positions in a file of a folder, for one process alone; the right to poll is a lock beside that file. */
export class DirectoryCursors implements CursorStore {
  readonly place: string
  readonly #directory: string
  readonly #file: string
  readonly #pid: number

  /** `name` tells the source from all others that keep their positions in this folder. `pid` is of this process. */
  constructor(directory: string, name: string, pid: number) {
    this.#directory = directory
    this.#file = cursorFile(directory, name)
    this.#pid = pid
    this.place = `file ${this.#file}, which one process at a time may use`
  }

  /** Throws `cannot_write`, also while another process polls from this folder. */
  async prove(): Promise<void> {
    const lock = await this.#lock()
    if (typeof lock === 'string') throw this.#failure(`${lock} uses it; only one replica can`)
    lock.free()
  }

  async acquire(): Promise<CursorHold | undefined> {
    const lock = await this.#lock()
    return typeof lock === 'string' ? undefined : new DirectoryHold(this.#file, lock)
  }

  async #lock(): Promise<DirectoryLock | string> {
    try {
      await makeDirectory(dirname(this.#file), 0o700)
      return DirectoryLock.take(this.#file.replace(/json$/, 'lock'), this.#pid)
    } catch (error) {
      throw this.#failure(messageOf(error))
    }
  }

  #failure(reason: string): XdrelayError {
    const directory = this.#directory
    return new XdrelayError('cannot_write', `the directory ${directory} of \`checkpoints\` cannot be used: ${reason}`, {
      facts: { directory },
    })
  }
}

class DirectoryHold extends HeldPositions implements CursorHold {
  readonly #text: FileText
  readonly #lock: DirectoryLock
  readonly #lost = new AbortController()

  constructor(path: string, lock: DirectoryLock) {
    const text = new FileText(path)
    super(text, `the file ${path}`)
    this.#text = text
    this.#lock = lock
  }

  get lost(): AbortSignal {
    return this.#lost.signal
  }

  get isHeld(): boolean {
    return !this.#lost.signal.aborted
  }

  async release(): Promise<void> {
    this.#lost.abort()
    this.#text.isHeld = false
    await this.settled()
    this.#lock.free()
  }
}

class FileText implements HeldText {
  readonly #path: string
  isHeld = true

  constructor(path: string) {
    this.#path = path
  }

  async read(): Promise<string | undefined> {
    try {
      return await readFile(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw this.#failure(error)
    }
  }

  async write(text: string): Promise<'written' | 'lost'> {
    if (!this.isHeld) return 'lost'
    try {
      await replaceFile(this.#path, text)
      return 'written'
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #failure(error: unknown): XdrelayError {
    return new XdrelayError('cannot_write', `the file ${this.#path} cannot be used: ${messageOf(error)}`)
  }
}

/**
 * Whether the sources with these names may keep their positions there, and how many have. One that is polled by a
 * running process at the moment may, as that shows. Throws `cannot_write`.
 */
export async function lookAtDirectory(directory: string, names: readonly string[], pid: number): Promise<string> {
  const looks = names.map(async name => {
    const hold = await new DirectoryCursors(directory, name, pid).acquire()
    const positions = await hold?.read()
    await hold?.release()
    return hold === undefined ? 'in use' : positions?.checkpoint === undefined ? 'empty' : 'kept'
  })
  const found = await Promise.all(looks)
  const count = (wanted: string) => found.filter(each => each === wanted).length
  const used = count('in use')
  return `directory ${directory}: checkpoints ${count('kept')}${used === 0 ? '' : `, ${used} in use by a running process`}`
}
