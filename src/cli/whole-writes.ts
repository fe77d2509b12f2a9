import { fstatSync, writeSync } from 'node:fs'
import type { Writable } from 'node:stream'

const lineFeed = 0x0a

/**
 * Where a standard stream is a file, Node.js takes a write of a part for one of the whole, which is what a disk gives
 * that becomes full: the rest would be lost without a word. Here the rest is tried, too, and its error is the write's.
 */
export function writeWhole(stream: Writable, fd: number): void {
  if (!isFile(fd)) return
  let isTorn = false
  stream._write = (bytes: Buffer, _encoding, done) => {
    let at = 0
    try {
      // Whoever writes all of it again, as `run` does, must not go on in the middle of a line.
      if (isTorn && bytes.length > 0) writeSync(fd, '\n')
      isTorn = false
      while (at < bytes.length) at += writeSync(fd, bytes, at)
    } catch (error) {
      isTorn ||= at > 0 && bytes[at - 1] !== lineFeed
      return done(error as Error)
    }
    done()
  }
}

/** A process may have been started without standard streams. */
function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}
