import type { Log } from '../core/log.ts'
import { BlobCursors } from './blob-cursors.ts'
import type { CursorStore } from './cursors.ts'
import { DirectoryCursors } from './directory-cursors.ts'
import type { CheckpointsOptions } from './options.ts'

/** Where `checkpoints` says. `name` tells the source from all others that keep their positions there; safe as a path. */
export function createCursorStore(
  options: CheckpointsOptions,
  name: string,
  { log, pid }: { log: Log; pid: number },
): CursorStore {
  return options.directory === undefined
    ? new BlobCursors(options, name, log)
    : new DirectoryCursors(options.directory, name, pid)
}
