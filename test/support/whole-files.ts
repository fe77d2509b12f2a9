import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

interface Known<T> {
  readonly path: string
  readonly state: string
  readonly values: readonly T[]
  /** Its last line is half. */
  readonly isTorn: boolean
}

/**
 * The lines of all NDJSON files in some folders, as they are at one moment: for files that are renamed, moved and cut
 * back while one looks. Only files that have changed since the last look are read.
 */
export class WholeFiles<T> {
  readonly #folders: readonly string[]
  readonly #read: (line: string) => T
  /** By device and inode, which a rename keeps. */
  #known = new Map<string, Known<T>>()

  constructor(folders: readonly string[], read: (line: string) => T) {
    this.#folders = folders
    this.#read = read
  }

  values(): T[] {
    return this.#look().flatMap(({ values }) => values)
  }

  /** Paths of files whose last line is half. */
  torn(): string[] {
    return this.#look().flatMap(({ path, isTorn }) => (isTorn ? [path] : []))
  }

  #look(): Known<T>[] {
    const known = new Map<string, Known<T>>()
    for (const [path, descriptor] of this.#openAll()) {
      const { dev, ino, size, mtimeMs } = fstatSync(descriptor)
      const [file, state] = [`${dev}:${ino}`, `${size} ${mtimeMs}`]
      const before = this.#known.get(file)
      known.set(file, before?.state === state ? { ...before, path } : this.#readFile(path, descriptor, state))
      closeSync(descriptor)
    }
    this.#known = known
    return [...known.values()]
  }

  /** In one go and again until nothing was renamed meanwhile, or a file could be missed under both of its names. */
  #openAll(): [path: string, descriptor: number][] {
    for (;;) {
      const paths = this.#paths()
      const opened = paths.map(path => [path, open(path)] as const)
      const found = opened.filter((each): each is [string, number] => each[1] !== undefined)
      if (found.length === paths.length && this.#paths().join() === paths.join()) return found
      for (const [, descriptor] of found) closeSync(descriptor)
    }
  }

  #readFile(path: string, descriptor: number, state: string): Known<T> {
    const bytes = Buffer.alloc(fstatSync(descriptor).size)
    const text = bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, 0))
    const end = text.lastIndexOf('\n') + 1
    const values = text.slice(0, end).split('\n').filter(Boolean).map(this.#read)
    return { path, state, values, isTorn: end < text.length }
  }

  #paths(): string[] {
    return this.#folders
      .flatMap(folder => readdirSync(folder).map(name => join(folder, name)))
      .filter(path => path.endsWith('.ndjson'))
      .sort()
  }
}

function open(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
