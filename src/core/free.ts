/** Less is not worth it, and often a part of memory that is shared. */
const least = 64 * 1024

/** The memory that bytes lie in, where nothing else can: undefined for little, and for a part of a larger buffer. */
export function memoryOf({ buffer, byteLength }: Uint8Array): ArrayBuffer | undefined {
  if (byteLength < least || byteLength < buffer.byteLength || !(buffer instanceof ArrayBuffer)) return undefined
  return buffer
}

/**
 * Gives memory whose bytes nobody will look at any more back to the system now; they are empty then. V8 would do it when
 * it next collects, and lets 64 MiB of such bytes gather before.
 */
export function free(memory: ArrayBuffer | undefined): void {
  if (memory?.detached === false) memory.transfer(0)
}
