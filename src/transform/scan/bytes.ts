export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** The text that is encoded there. */
export function textOf(view: DataView, from: number, to: number): string {
  return Buffer.from(view.buffer, view.byteOffset + from, to - from).toString()
}

/** Whether `length` bytes are the same. */
export function isSame(a: DataView, from: number, b: DataView, other: number, length: number): boolean {
  let at = 0
  for (; at <= length - 4; at += 4) {
    if (a.getInt32(from + at, true) !== b.getInt32(other + at, true)) return false
  }
  for (; at < length; at++) if (a.getUint8(from + at) !== b.getUint8(other + at)) return false
  return true
}

/** A number of 32 bits that different bytes seldom share. There are at least four of them. */
export function hashOf(view: DataView, from: number, to: number): number {
  let sum = view.getInt32(to - 4, true) ^ (to - from)
  for (let at = from; at <= to - 4; at += 4) sum = Math.imul(sum ^ view.getInt32(at, true), 0x9e3779b1)
  return sum ^ (sum >>> 15)
}

/** A copy of some bytes. */
export function copyOf(view: DataView, from: number, to: number): DataView {
  return kept(new Uint8Array(view.buffer, view.byteOffset + from, to - from))
}

/** A copy that may be kept: in memory of its own, as a piece of Buffer's pool would keep all of that. */
export function kept(bytes: Uint8Array): DataView {
  const copy = new Uint8Array(bytes.length)
  copy.set(bytes)
  return new DataView(copy.buffer)
}
