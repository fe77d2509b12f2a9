import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { tempDirectory } from './temp.ts'

const run = promisify(execFile)

export interface Tmpfs {
  readonly path: string
  /** Makes it larger while it is in use. */
  resize(size: string, inodes?: number): Promise<void>
  makeReadOnly(): Promise<void>
}

/**
 * A file system of its own with so much room (`16m`, and so many files and folders), unmounted when the test ends,
 * whoever still uses it.
 */
export async function tmpfs(size: string, inodes = 10_000): Promise<Tmpfs> {
  const path = await tempDirectory()
  await run('mount', ['-t', 'tmpfs', '-o', `size=${size},nr_inodes=${inodes}`, 'xdrelay-test', path])
  onTestFinished(async () => void (await run('umount', ['--lazy', path])))
  return {
    path,
    async resize(to, files = inodes) {
      await run('mount', ['-o', `remount,size=${to},nr_inodes=${files}`, path])
    },
    makeReadOnly: async () => void (await run('mount', ['-o', 'remount,ro', path])),
  }
}

/** Mounts a file by itself, as container platforms do with `-v file:file`; unmounted when the test ends. */
export async function mountByItself(path: string): Promise<void> {
  await run('mount', ['--bind', path, path])
  onTestFinished(async () => void (await run('umount', ['--lazy', path])))
}

/**
 * Why no file system can be mounted here, or undefined when one can: for `test.skipIf`. It takes root and Linux, and
 * some containers forbid it even then.
 */
export async function tmpfsMissing(): Promise<string | undefined> {
  try {
    // In a mount namespace of its own, so that nothing is left behind.
    await run('unshare', ['--mount', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'xdrelay-test', '/tmp'])
    return undefined
  } catch (error) {
    const text = `no file system for tests with a full disk: ${String(error).replaceAll(/\s+/g, ' ')}`
    console.warn(`skipped: ${text}`)
    return text
  }
}
