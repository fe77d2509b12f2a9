/** Less is not worth it, and often a part of memory that is shared. */
const least = 64 * 1024

/**
 * Gives the memory of bytes that nobody will look at any more back to the system now; they are empty then. V8 would do
 * it when it next collects, and lets 64 MiB of such bytes gather before. Nothing happens to a part of a larger buffer.
 */
export function free({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < least || byteLength < buffer.byteLength || !(buffer instanceof ArrayBuffer)) return
  buffer.transfer(0)
}
