import { randomUUID } from 'node:crypto'
import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { AppendFile, makeDirectory } from '../core/durable.ts'
import { messageOf } from '../core/errors.ts'

/** What is wrong, and what to do about it where that is not plain. */
const reasons: Record<string, string> = {
  ENOSPC: 'the disk is full (ENOSPC); delete or move files away there, or make it larger',
  EDQUOT: 'the quota is used up (EDQUOT); delete or move files away there, or raise it',
  EACCES: 'permission denied (EACCES)',
  EPERM: 'not permitted (EPERM)',
  EROFS: 'it is on a read-only file system (EROFS); mount that for writing, or give another path',
  EIO: 'the disk failed (EIO)',
  EBUSY: 'it is mounted by itself (EBUSY); mount its folder',
  EISDIR: 'it is a folder (EISDIR); give the path of a file',
  ELOOP: 'it is a symbolic link (ELOOP)',
  EMFILE: 'too many open files (EMFILE); raise the limit of the process (ulimit -n) or lower open_files',
}

/** Bytes that a trial writes: a disk that does not take them would be full within moments. */
const trialBytes = 1024 * 1024

/** One sentence on why the path cannot be written, the same for the same trouble however often it is met. */
export function diskProblem(error: unknown): string {
  // Node names the path of the call, which may be another one each time.
  if (isUnmakeable(error)) return 'no folder can be made there (ENOENT); give another path'
  return reasons[codeOf(error)] ?? messageOf(error).replace(/, \w+( '.*')?$/s, '')
}

/** True when it is for want of room, so that whoever makes some cures it. */
export function lacksRoom(error: unknown): boolean {
  return codeOf(error) === 'ENOSPC' || codeOf(error) === 'EDQUOT'
}

/**
 * Makes the folder, and finds out whether files in it can be written and have room: a trial file goes to the disk and
 * is removed. Throws what the file system said.
 */
export async function tryFolder(folder: string, mode?: number): Promise<void> {
  await makeDirectory(folder, mode)
  const path = join(folder, `.xdrelay-check-${randomUUID()}`)
  try {
    const trial = await AppendFile.open(path, { mode: 0o600, exclusive: true })
    try {
      await trial.append([Buffer.alloc(trialBytes, '\n')])
      await trial.sync()
    } finally {
      await trial.close()
    }
  } finally {
    await rm(path, { force: true })
  }
}

/** Why the path, which need not be there, can be no file to append to; undefined when it can. */
export async function inTheWay(path: string): Promise<string | undefined> {
  // What cannot be looked at is told by trying its folder, or by the writes.
  const there = await stat(path).catch(() => undefined)
  if (there?.isDirectory()) return reasons.EISDIR
  return there === undefined || there.isFile() ? undefined : 'not a regular file'
}

/** Folders are made from above, so that what is missing is none of them: a file system such as `/proc` says so. */
function isUnmakeable(error: unknown): boolean {
  return codeOf(error) === 'ENOENT' && (error as NodeJS.ErrnoException).syscall === 'mkdir'
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? ''
}
