/**
 * What has to be known before V8 and the C library start. Without it, both keep what they once needed: a young
 * generation of 48 MiB for a main thread that moves bytes and makes few objects, and for each thread an area of
 * malloc's where the bytes of large messages leave holes. From 4 MiB on they get pages of their own instead, which go
 * back to the system at once; smaller blocks are used again, since to get new pages for each takes a tenth of all time.
 * For the same reason free memory stays that messages in flight will need again.
 * `collectEarly` does the rest.
 */
const young = '--max-semi-space-size'
export const flags = [`${young}=4`, '--expose-gc']
export const environment = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: String(4 << 20),
  MALLOC_TRIM_THRESHOLD_: String(32 << 20),
}

/**
 * Starts this process anew with these settings, under the same id, unless it has them or its user chose a young
 * generation. Does nothing where the platform cannot do that (Windows).
 */
export function applyProcessLimits(): void {
  const isChosen = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some(text => text.includes(young))
  if (isChosen || process.platform === 'win32') return
  const args = [process.execPath, ...flags, ...process.execArgv, ...process.argv.slice(1)]
  process.execve?.(process.execPath, args, { ...environment, ...process.env })
}
