import { bound } from '../core/bound.ts'
import { Blobs } from './blobs.ts'
import { storageFailure } from './failure.ts'
import type { CheckpointsOptions } from './options.ts'

const limit = 10_000

/** Throws `storage_*` or `container_not_found`. A missing container that may be made is made now if `make` says so. */
export async function probeCheckpoints(options: CheckpointsOptions, signal: AbortSignal, make = true): Promise<void> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(limit)])
  const blobs = new Blobs(options, { attempts: 1 })
  try {
    await bound(blobs.prove(make, bounded), bounded)
  } catch (error) {
    throw storageFailure(error, options)
  }
}
