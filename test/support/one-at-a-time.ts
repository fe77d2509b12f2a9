import { setTimeout as sleep } from 'node:timers/promises'
import { DirectoryLock } from '../../src/storage/directory-lock.ts'

/** Runs the step when no other process runs one under this path; one that dies leaves its place to the next. */
export async function oneAtATime(path: string, step: () => Promise<void>): Promise<void> {
  let lock = DirectoryLock.take(path, process.pid)
  while (typeof lock === 'string') {
    await sleep(300)
    lock = DirectoryLock.take(path, process.pid)
  }
  try {
    await step()
  } finally {
    lock.free()
  }
}
