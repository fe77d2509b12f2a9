import { readFile, stat } from 'node:fs/promises'
import { messageOf, XdrelayError } from '../core/errors.ts'
import type { Cursor } from '../core/types.ts'
import { cursorBlob } from './blob-cursors.ts'
import { Blobs } from './blobs.ts'
import { cursorFile } from './directory-cursors.ts'
import { LeasedBlob } from './leased-blob.ts'
import type { CheckpointsOptions } from './options.ts'
import { parsePositions } from './positions-text.ts'

export interface StoredCursor {
  readonly cursor: Cursor
  /** When it was written: milliseconds since the epoch. */
  readonly modified: number
}

/**
 * The cursor of the source that is called so; undefined where none is kept. Changes nothing, and needs no right to poll.
 * Throws `checkpoint_file_failed` for a file that cannot be read.
 */
export async function lookAtCursor(options: CheckpointsOptions, name: string): Promise<StoredCursor | undefined> {
  const { directory } = options
  const found = directory === undefined ? await inBlob(options, name) : await inFile(cursorFile(directory, name))
  const { checkpoint } = parsePositions(found?.text, `the cursor ${name}`)
  return checkpoint && { cursor: checkpoint, modified: found!.modified }
}

async function inBlob(options: CheckpointsOptions, name: string) {
  // A look makes no container.
  const blobs = new Blobs({ ...options, createContainer: false }, { attempts: 2 })
  const entry = await blobs.head(cursorBlob(name))
  if (entry === undefined) return undefined
  return { text: await new LeasedBlob(blobs, cursorBlob(name)).read(), modified: entry.lastModified }
}

async function inFile(path: string) {
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    return { text, modified: mtimeMs }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new XdrelayError('checkpoint_file_failed', `the file ${path} cannot be read: ${messageOf(error)}`)
  }
}
